"""Checking requests."""

from __future__ import annotations

import math
import time
from pathlib import Path

import pytest
from bundle_factory import make_bundle
from google.protobuf.duration_pb2 import Duration
from hypothesis import example, given
from hypothesis import strategies as st

from briefd.v1 import briefd_pb2
from briefd_server.bundle import Bundle, read_bundle
from briefd_server.engines.base import Task
from briefd_server.errors import CallError, NotServedError, RequestError
from briefd_server.forms import Forms
from briefd_server.service.methods import SUMMARIZE_METHOD
from briefd_server.service.requests import Order, has_words, read_order
from briefd_server.text.words import find_words

LIMIT = 100
FORMS = Forms(("int8", "int4"), has_baseline=False)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    directory: Path = tmp_path_factory.mktemp("bundle")
    return read_bundle(make_bundle(directory, with_baseline=False))


def read(bundle: Bundle, **fields: object) -> Order:
    return read_order(briefd_pb2.SummarizeRequest(**fields).SerializeToString(), SUMMARIZE_METHOD, bundle, FORMS, LIMIT)


def test_fills_in_the_defaults(bundle: Bundle) -> None:
    assert read(bundle, text="a b") == Order(Task("a b", 10, 15), "optimized", "int8", None)


@pytest.mark.parametrize(("shortest", "longest"), [(3, 3), (3, 60), (60, 60), (None, 10), (15, None)])
def test_takes_lengths_in_range(bundle: Bundle, shortest: int | None, longest: int | None) -> None:
    task = read(bundle, text="a", min_word_count=shortest, max_word_count=longest).task
    assert (task.min_word_count, task.max_word_count) == (shortest or 10, longest or 15)


@pytest.mark.parametrize(("shortest", "longest"), [(2, 5), (3, 61), (6, 5), (None, 9), (16, None), (-1, 5), (0, 0)])
def test_refuses_lengths_out_of_range(bundle: Bundle, shortest: int | None, longest: int | None) -> None:
    with pytest.raises(RequestError, match="ask for 3 to 60") as refusal:
        read(bundle, text="a", min_word_count=shortest, max_word_count=longest)
    assert refusal.value.reason == "LENGTH_OUT_OF_RANGE"


@pytest.mark.parametrize("bound", [None, 0.0, 0.9, 1.0])
def test_takes_confidences_in_range(bundle: Bundle, bound: float | None) -> None:
    assert read(bundle, text="a", min_confidence=bound).task == Task("a", min_confidence=bound)


@pytest.mark.parametrize("bound", [-0.001, 1.001, 90, math.inf, -math.inf, math.nan])
def test_refuses_confidences_out_of_range(bundle: Bundle, bound: float) -> None:
    with pytest.raises(RequestError, match="ask for 0 to 1, or leave it out") as refusal:
        read(bundle, text="a", min_confidence=bound)
    assert refusal.value.reason == "MIN_CONFIDENCE_OUT_OF_RANGE"


def test_an_explanation_is_asked_for(bundle: Bundle) -> None:
    assert read(bundle, text="a", explain=True).task == Task("a", is_explained=True)


@pytest.mark.parametrize("text", ["a" * LIMIT, "é" * (LIMIT // 2), "🙂" * (LIMIT // 4 - 1) + "abcd"])
def test_the_limit_counts_bytes(bundle: Bundle, text: str) -> None:
    assert len(text.encode()) == LIMIT
    assert read(bundle, text=text).task.text == text
    with pytest.raises(RequestError, match="longer than 100 bytes") as refusal:
        read(bundle, text=text + "x")
    assert refusal.value.reason == "TEXT_TOO_LARGE"


@pytest.mark.parametrize(("interval", "seconds"), [(Duration(nanos=10_000_000), 0.01), (Duration(seconds=60), 60.0)])
def test_takes_sample_intervals_in_range(bundle: Bundle, interval: Duration, seconds: float) -> None:
    assert read(bundle, text="a", sample_interval=interval).sample_seconds == seconds


@pytest.mark.parametrize(
    "interval",
    [
        Duration(),
        Duration(nanos=9_999_999),
        Duration(seconds=60, nanos=1),
        Duration(seconds=-1),
        Duration(seconds=2**62),
    ],
)
def test_refuses_sample_intervals_out_of_range(bundle: Bundle, interval: Duration) -> None:
    with pytest.raises(RequestError, match="10 ms to 60 s"):
        read(bundle, text="a", sample_interval=interval)


def test_a_variant_that_was_left_out_is_not_served(bundle: Bundle) -> None:
    with pytest.raises(NotServedError, match="ask for optimized") as refusal:
        read(bundle, text="a", variant=briefd_pb2.VARIANT_BASELINE)
    assert refusal.value.reason == "VARIANT_NOT_IN_BUNDLE"


@pytest.mark.parametrize(
    ("asked", "variant", "form"),
    [
        (briefd_pb2.VARIANT_UNSPECIFIED, "optimized", "int8"),
        (briefd_pb2.VARIANT_OPTIMIZED, "optimized", "int8"),
        (briefd_pb2.VARIANT_BASELINE, "baseline", "baseline"),
    ],
)
def test_a_variant_stands_for_a_form(
    bundle: Bundle, asked: briefd_pb2.Variant.ValueType, variant: str, form: str
) -> None:
    request = briefd_pb2.SummarizeRequest(text="a", variant=asked)
    order = read_order(
        request.SerializeToString(), SUMMARIZE_METHOD, bundle, Forms(("int8",), has_baseline=True), LIMIT
    )
    assert (order.variant, order.form) == (variant, form)


@given(st.text())
@example("\x1b[31m\x1b[0m")
@example("\x1b[31m…" * 2000)
@example("\x1b[31m…" * 2000 + "word")
@example("_ ＿ ‿")
@example("٣")
@example("²")
@example("\u0301")
@example("。。。")
def test_has_words_agrees_with_the_definition(text: str) -> None:
    assert has_words(text) == bool(find_words(text))


@pytest.mark.parametrize("text", ["-" * 262_144, "- " * 131_072, "\x1b[0m" * 65_536, "a" * 262_144])
def test_looking_for_words_is_quick(text: str) -> None:
    start_seconds = time.process_time()
    has_words(text)
    assert time.process_time() - start_seconds < 0.5


@given(st.binary(max_size=60))
def test_any_bytes_are_an_order_or_a_refusal(bundle: Bundle, data: bytes) -> None:
    try:
        order = read_order(data, SUMMARIZE_METHOD, bundle, FORMS, LIMIT)
    except CallError:
        return
    assert order.task.text
