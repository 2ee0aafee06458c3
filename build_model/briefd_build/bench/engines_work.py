"""What engines run of a bundle: its graphs, and steps of real text in each form's own pieces."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from briefd_build.bench.engines import Case, Step
from briefd_build.bench.prompts import make_prompts
from briefd_build.errors import BuildError
from briefd_server.bundle import BASELINE
from briefd_server.cpu_features import read_cpu_features
from briefd_server.engines.classifier.windows import WindowEncoder
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.engines.generative import graph as names
from briefd_server.engines.generative.parameters import read_parameters
from briefd_server.engines.tokenizer_files import load_tokenizer
from briefd_server.forms import choose_forms
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from briefd_server.bundle import Bundle

FLOAT32 = "float32"
_PIECES = 128
_WINDOW_PIECES = "window_pieces"


def read_text() -> str:
    """Read the text that stands in where none is given: news, messages and logs of the builder's own."""
    return resources.files("briefd_build.generative").joinpath("prompts.txt").read_text(encoding="utf-8")


def list_cases(bundle: Bundle, text: str, work: Path) -> list[Case]:
    """List what is run of a bundle: its float32 graph where it is there, and the form that is served here.

    Raises:
        BuildError: the text is too short, or no engine but the bundle's own can run it.
        EngineLoadError: this processor runs none of the bundle's forms.

    """
    make_steps = _STEPS.get(bundle.manifest.engine)
    if make_steps is None:
        raise BuildError(f"bundle {bundle.manifest.name} is of the engine {bundle.manifest.engine!r}, unknown here")
    choices = choose_forms(bundle, read_cpu_features()).choices
    served = next((name for name in choices if not _needs_rows(bundle, name)), None)
    if served is None:
        raise BuildError(
            f"all forms of {bundle.manifest.name} look output rows up per text, which only its own engine does; "
            "build it with one that doesn't, such as int8"
        )
    forms = {FLOAT32: BASELINE, served: served} if BASELINE in bundle.variants else {served: served}
    return [
        Case(form, _graph(bundle, variant), make_steps(bundle, variant, text), work) for form, variant in forms.items()
    ]


def _needs_rows(bundle: Bundle, variant: str) -> bool:
    return bundle.manifest.engine == "generative" and bool(read_parameters(bundle.manifest).graphs[variant].rows)


def _graph(bundle: Bundle, variant: str) -> Path:
    if bundle.manifest.engine == "generative":
        return bundle.directory / read_parameters(bundle.manifest).graphs[variant].decode
    return bundle.directory / bundle.manifest.variants[variant].file


def _extractive_steps(bundle: Bundle, variant: str, text: str) -> tuple[Step, ...]:
    encoder = PieceEncoder(load_tokenizer(bundle, variant))
    pieces = encoder.encode([text], [find_words(text, 0, len(text))])
    window = next(encoder.pack(pieces, _window_pieces(bundle)), None)
    if window is None:
        raise BuildError("the text has no words; give another --text")
    feeds = {"piece_ids": window.piece_ids[None], "word_starts": window.word_starts[None]}
    return (Step(_window_name(bundle), feeds, {}),)


def _classifier_steps(bundle: Bundle, variant: str, text: str) -> tuple[Step, ...]:
    windows = WindowEncoder(load_tokenizer(bundle, variant), _window_pieces(bundle)).encode(text)
    return (Step(_window_name(bundle), {"piece_ids": windows[0][None]}, {}),)


def _window_name(bundle: Bundle) -> str:
    return f"{_window_pieces(bundle)} pieces"


def _window_pieces(bundle: Bundle) -> int:
    return min(_PIECES, bundle.manifest.limits[_WINDOW_PIECES])


def _generative_steps(bundle: Bundle, variant: str, text: str) -> tuple[Step, ...]:
    """Read a prompt with an empty cache, then one token more with the cache that this left."""
    parameters = read_parameters(bundle.manifest)
    if parameters.graphs[variant].encode:
        raise BuildError(f"{bundle.manifest.name} has an encoder; brief-build bench --engines runs causal models only")
    count = min(_PIECES, parameters.context_tokens - 1)
    (prompt,) = make_prompts(load_tokenizer(bundle, variant), text, 1, count)
    inputs = _read_inputs(_graph(bundle, variant))
    cached = _cache_names(inputs)
    empty = {name: np.zeros((1, inputs[name][1], 0, inputs[name][3]), np.float32) for name in cached}
    reading = _feeds(inputs, prompt, 0)
    writing = _feeds(inputs, prompt[-1:], count)
    return (
        Step(f"prompt of {count}", {**reading, **empty}, {}),
        Step("one token", writing, cached),
    )


def _feeds(inputs: Mapping[str, tuple[int, ...]], token_ids: list[int], position: int) -> dict[str, NDArray[Any]]:
    count = len(token_ids)
    feeds: dict[str, NDArray[Any]] = {
        names.TOKEN_IDS: np.array([token_ids], np.int64),
        names.LAST_POSITION: np.array([position + count - 1], np.int32),
        names.TOTAL_LENGTH: np.array([position + count], np.int32),
        names.READ_POSITIONS: np.array([count - 1], np.int64),
        names.ALLOWED: np.zeros(inputs[names.ALLOWED], np.float32),
        names.KEY_POSITIONS: np.arange(position + count, dtype=np.int64),
    }
    return {name: array for name, array in feeds.items() if name in inputs}


def _cache_names(inputs: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """Give the inputs that hold the cache, with the outputs that hold it afterwards."""
    cached: dict[str, str] = {}
    layer = 0
    while (pair := names.cache_names(layer, written=False))[0] in inputs:
        cached.update(zip(pair, names.cache_names(layer, written=True), strict=True))
        layer += 1
    return cached


def _read_inputs(graph: Path) -> dict[str, tuple[int, ...]]:
    """Read the shapes of a graph's inputs, 0 where a size may change."""
    model = onnx.load(graph, load_external_data=False)
    return {each.name: tuple(size.dim_value for size in each.type.tensor_type.shape.dim) for each in model.graph.input}


_STEPS = {"extractive": _extractive_steps, "classifier": _classifier_steps, "generative": _generative_steps}
