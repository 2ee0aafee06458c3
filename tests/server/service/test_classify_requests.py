"""Checking requests to classify."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from bundle_factory import make_bundle
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from briefd.v1 import briefd_pb2
from briefd_server.bundle import Bundle, read_bundle
from briefd_server.engines.base import Classification, ClassifyTask, LabelScore, UnwatchedCall
from briefd_server.errors import CallError, NotServedError, RequestError, WrongTaskError
from briefd_server.forms import Forms
from briefd_server.service.methods import CLASSIFY_METHOD, SUMMARIZE_METHOD
from briefd_server.service.requests import Order, read_order
from briefd_server.service.status import rich_status

LIMIT = 100
FORMS = Forms(("int8",), has_baseline=False)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    directory: Path = tmp_path_factory.mktemp("bundle")
    return read_bundle(make_bundle(directory, with_baseline=False, engine="classifier", task="classify"))


def read(bundle: Bundle, /, **fields: object) -> Order[Classification]:
    data = briefd_pb2.ClassifyRequest(**fields).SerializeToString()
    return read_order(data, CLASSIFY_METHOD, bundle, FORMS, LIMIT)


def test_fills_in_the_defaults(bundle: Bundle) -> None:
    assert read(bundle, text="a b") == Order(ClassifyTask("a b", 1024), "optimized", "int8", None)


def test_takes_what_is_in_range(bundle: Bundle) -> None:
    order = read(
        bundle,
        text="a",
        label_count=1,
        bundle="tiny-en",
        variant=briefd_pb2.VARIANT_OPTIMIZED,
        sample_interval=Duration(seconds=60),
    )
    assert order == Order(ClassifyTask("a", 1), "optimized", "int8", 60)


@pytest.mark.parametrize(
    ("fields", "kind", "reason"),
    [
        ({"text": ""}, RequestError, "EMPTY_TEXT"),
        ({"text": "!"}, RequestError, "TEXT_WITHOUT_WORDS"),
        ({"text": "a" * 101}, RequestError, "TEXT_TOO_LARGE"),
        ({"text": "a\0"}, RequestError, "TEXT_HAS_NUL"),
        ({"text": "a", "label_count": 0}, RequestError, "LABEL_COUNT_OUT_OF_RANGE"),
        ({"text": "a", "label_count": -1}, RequestError, "LABEL_COUNT_OUT_OF_RANGE"),
        ({"text": "a", "label_count": 1025}, RequestError, "LABEL_COUNT_OUT_OF_RANGE"),
        ({"text": "a", "variant": 9}, RequestError, "UNKNOWN_VARIANT"),
        ({"text": "a", "variant": briefd_pb2.VARIANT_BASELINE}, NotServedError, "VARIANT_NOT_IN_BUNDLE"),
        ({"text": "a", "sample_interval": Duration()}, RequestError, "SAMPLE_INTERVAL_OUT_OF_RANGE"),
        ({"text": "a", "bundle": "other"}, NotServedError, "UNKNOWN_BUNDLE"),
    ],
)
def test_refuses_the_rest(bundle: Bundle, fields: dict[str, object], kind: type[CallError], reason: str) -> None:
    with pytest.raises(kind) as refusal:
        read(bundle, **fields)
    assert refusal.value.reason == reason


def test_says_which_message_is_malformed(bundle: Bundle) -> None:
    with pytest.raises(RequestError, match="no ClassifyRequest") as refusal:
        read_order(b"\x0a\x02\xff\xfe", CLASSIFY_METHOD, bundle, FORMS, LIMIT)
    assert refusal.value.reason == "MALFORMED_REQUEST"


def test_another_task_is_refused_before_all_else(bundle: Bundle) -> None:
    request = briefd_pb2.SummarizeRequest(bundle="other")
    with pytest.raises(WrongTaskError, match="ask it to classify, or start a daemon with another") as refusal:
        read_order(request.SerializeToString(), SUMMARIZE_METHOD, bundle, FORMS, LIMIT)
    assert rich_status(refusal.value).code == grpc.StatusCode.FAILED_PRECONDITION.value[0]


@given(st.binary(max_size=60))
def test_any_bytes_are_an_order_or_a_refusal(bundle: Bundle, data: bytes) -> None:
    try:
        order = read_order(data, CLASSIFY_METHOD, bundle, FORMS, LIMIT)
    except CallError:
        return
    assert order.task.text


@given(st.integers(1, 12), st.integers(1, 12))
def test_the_most_probable_labels_are_given(known_count: int, wanted_count: int) -> None:
    known = tuple(LabelScore(f"label {number}", 1 / known_count) for number in range(known_count))

    class Knowing:
        thread_count = 1

        def classify(self, text: str, call: UnwatchedCall) -> Classification:
            return Classification(known, len(text.split()), "en")

    answer = ClassifyTask("a text", wanted_count).run_on(Knowing(), UnwatchedCall())
    assert answer == Classification(known[:wanted_count], 2, "en")
