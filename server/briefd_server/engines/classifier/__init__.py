"""The classifier engine: an encoder tells which label a text belongs under (see `engine`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from briefd_server.engines.base import UnwatchedCall
from briefd_server.engines.classifier.engine import ClassifierEngine
from briefd_server.engines.classifier.parameters import ENGINE, LABELS, WINDOW_PIECES, Parameters, read_parameters
from briefd_server.engines.classifier.session import ClassifierSession
from briefd_server.engines.classifier.windows import WindowEncoder
from briefd_server.engines.tokenizer_files import load_tokenizer
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle

__all__ = ["ENGINE", "LABELS", "WINDOW_PIECES", "ClassifierEngine", "Parameters", "load", "read_parameters"]


def load(bundle: Bundle, variant: str, thread_count: int) -> ClassifierEngine:
    """Load a variant of a bundle, and try it on the longest window that it will have to read.

    Raises:
        BundleError: the bundle's files or parameters are not what this engine needs, or don't fit together.

    """
    manifest = bundle.manifest
    parameters = read_parameters(manifest)
    try:
        encoder = WindowEncoder(load_tokenizer(bundle, variant), parameters.window_pieces)
        session = ClassifierSession(bundle.directory / manifest.variants[variant].file, thread_count)
        logits = session.read(encoder.longest_window(), UnwatchedCall(), is_last_of_many=True)
    except Exception as error:  # tokenizers and onnxruntime raise bare exceptions for a file that is not theirs
        raise BundleError(f"bundle {manifest.name}: its {variant} model can't be loaded; rebuild it") from error
    if logits.shape != (len(parameters.labels),):
        raise BundleError(f"bundle {manifest.name}: its {variant} model has other labels; rebuild it")
    if not np.isfinite(logits).all():
        raise BundleError(f"bundle {manifest.name}: its {variant} model gives logits that are no numbers; rebuild it")
    return ClassifierEngine(encoder, session, parameters, thread_count)
