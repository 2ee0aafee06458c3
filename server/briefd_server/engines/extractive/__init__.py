"""The extractive engine: chooses the summary from the text's own words (see `engine`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.engine import ExtractiveEngine, Parameters
from briefd_server.engines.extractive.parsing import Labels
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.engines.extractive.proofreading import NoProofReader
from briefd_server.engines.extractive.proofreading.trained import Network, TrainedProofReader
from briefd_server.engines.extractive.session import EncoderSession
from briefd_server.engines.extractive.standing import Standing
from briefd_server.engines.tokenizer_files import load_tokenizer
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from briefd_server.bundle import Bundle, Manifest
    from briefd_server.engines.extractive.proofreading import ProofReader

ENGINE = "extractive"
WINDOW_PIECES = "window_pieces"
STANDING = "standing"
"""The weights of the choice of the sentence among a manifest's engine parameters; a bundle may lack them."""
PROOF_READER = "proof_reader"
"""Weights of the proof-reader, likewise."""


def load(bundle: Bundle, variant: str, thread_count: int) -> ExtractiveEngine:
    """Load a variant of a bundle.

    Raises:
        BundleError: the bundle's files or parameters are not what this engine needs.

    """
    parameters = read_parameters(bundle.manifest)
    try:
        encoder = PieceEncoder(load_tokenizer(bundle, variant))
        session = EncoderSession(bundle.directory / bundle.manifest.variants[variant].file, thread_count)
        channel_counts = session.channel_counts()
    except Exception as error:  # tokenizers and onnxruntime raise bare exceptions for a file they can't read
        raise BundleError(f"bundle {bundle.manifest.name}: its {variant} model can't be loaded; rebuild it") from error
    if channel_counts != (len(parameters.labels.relations) + 1, len(parameters.labels.tags)):
        raise BundleError(f"bundle {bundle.manifest.name}: its {variant} model has other labels; rebuild it")
    return ExtractiveEngine(encoder, session, parameters, thread_count)


def read_parameters(manifest: Manifest) -> Parameters:
    """Read this engine's parameters off a manifest; raises `BundleError` where they are missing or wrong."""
    if manifest.engine != ENGINE:
        raise BundleError(f"bundle {manifest.name} is one of the {manifest.engine} engine; name an {ENGINE} one")
    try:
        given = manifest.engine_parameters
        labels = Labels(_names(given["relations"]), _names(given["tags"]))
        labels.relations.index("root")
        window_pieces = _window_pieces(manifest.limits[WINDOW_PIECES])
        costs = Costs.from_json(given["costs"])
        standing = Standing.from_json(given[STANDING], manifest.language) if STANDING in given else None
        proof_reader = _proof_reader(given.get(PROOF_READER))
        return Parameters(labels, costs, manifest.language, window_pieces, standing, proof_reader)
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"bundle {manifest.name}: bad engine parameters ({error}); rebuild it") from None


def _proof_reader(table: object) -> ProofReader:
    return NoProofReader() if table is None else TrainedProofReader(Network.from_json(table))


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise ValueError("channel names must be a list of texts")
    return tuple(value)


def _window_pieces(value: int) -> int:
    if not 32 <= value <= 512:
        raise ValueError(f"{WINDOW_PIECES} must be from 32 to 512")
    return value
