"""The generative engine's part of a manifest: read as written, refused when wrong."""

from __future__ import annotations

import pytest
from bundle_factory import make_manifest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.bundle import BundleError, FileEntry
from briefd_server.engines.generative.parameters import GraphNames, Parameters, read_parameters
from briefd_server.engines.generative.prompt import Template

FILES = {"optimized.onnx": FileEntry("0" * 64, 1), "prefill.onnx": FileEntry("0" * 64, 1)}
NAMES = st.sampled_from(sorted(FILES))
GOOD = Parameters(
    Template("Text: ", "\n\nSummary:"), 512, 600, (0,), (), 4, 1, {"optimized": GraphNames("optimized.onnx")}
)


def read(given_parameters: object, context_tokens: int = 512) -> Parameters:
    return read_parameters(
        make_manifest(
            FILES, engine="generative", engine_parameters=given_parameters, limits={"context_tokens": context_tokens}
        )
    )


@given(
    prefix=st.text(),
    suffix=st.text(),
    end_ids=st.lists(st.integers(0, 599)),
    start_ids=st.lists(st.integers(0, 599), min_size=1),
    draft_tokens=st.integers(0, 16),
    decode_threads=st.integers(1, 256),
    graphs=st.dictionaries(st.text(), st.builds(GraphNames, NAMES, *[st.none() | NAMES] * 3)),
)
def test_what_was_written_is_read(prefix, suffix, end_ids, start_ids, draft_tokens, decode_threads, graphs):
    parameters = Parameters(
        Template(prefix, suffix), 512, 600, tuple(end_ids), tuple(start_ids), draft_tokens, decode_threads, graphs
    )

    assert read(parameters.to_json()) == parameters


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": {"prefix": "a"}},
        {"prompt": "a"},
        {"vocabulary_size": 0},
        {"vocabulary_size": True},
        {"end_ids": [600]},
        {"end_ids": 0},
        {"end_ids": ["0"]},
        {"start_ids": [-1]},
        {"graphs": {"optimized": {"decode": "optimized.onnx", "encode": "prefill.onnx"}}},
        {"draft_tokens": 17},
        {"draft_tokens": "4"},
        {"decode_threads": 0},
        {"graphs": []},
        {"graphs": {"optimized": "optimized.onnx"}},
        {"graphs": {"optimized": {"decode": "optimized.onnx", "other": "prefill.onnx"}}},
        {"graphs": {"optimized": {"decode": "../optimized.onnx"}}},
    ],
)
def test_what_is_wrong_is_refused(change):
    with pytest.raises(BundleError, match=r"tiny-en: bad engine parameters .*rebuild"):
        read(GOOD.to_json() | change)


@pytest.mark.parametrize("name", ["prompt", "vocabulary_size", "end_ids", "start_ids", "draft_tokens", "graphs"])
def test_what_is_missing_is_refused(name):
    with pytest.raises(BundleError, match=r"tiny-en: bad engine parameters .*rebuild"):
        read({key: value for key, value in GOOD.to_json().items() if key != name})


@pytest.mark.parametrize("context_tokens", [0, 1 << 40])
def test_a_context_that_cannot_be_is_refused(context_tokens):
    with pytest.raises(BundleError, match="context_tokens must be a whole number from 1"):
        read(GOOD.to_json(), context_tokens)
