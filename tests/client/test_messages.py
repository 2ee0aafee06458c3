from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timezone

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from scripted_daemon import DIGEST, HEALTH, USAGE, accepted

from briefd.v1 import briefd_pb2 as pb
from briefd_client import (
    Accepted,
    Bundle,
    Carbon,
    Energy,
    EnergyMethod,
    HealthReport,
    Latency,
    LengthShortfall,
    Limits,
    OptionError,
    Polarity,
    Result,
    Sample,
    ServingStatus,
    Span,
    SummaryResult,
    TextError,
    Totals,
    UnexpectedAnswerError,
    Usage,
    Variant,
    WordChoice,
)
from briefd_client.messages import event_of, health_report_of, summarize_request

ARGUMENTS = {
    "min_words": 10,
    "max_words": 15,
    "explain": False,
    "min_confidence": None,
    "bundle": "",
    "variant": None,
    "sample_interval_seconds": None,
}


def request(text: str = "a text", **arguments: object) -> pb.SummarizeRequest:
    return summarize_request(text, **{**ARGUMENTS, **arguments})


def test_a_request_says_what_was_asked():
    built = request("héllo 🙂", min_words=5, max_words=8, bundle="b", variant=Variant.BASELINE)
    assert built == pb.SummarizeRequest(
        text="héllo 🙂", min_word_count=5, max_word_count=8, bundle="b", variant=pb.VARIANT_BASELINE
    )


def test_an_explanation_and_a_confidence_are_asked_for():
    assert request(explain=True, min_confidence=0.0) == pb.SummarizeRequest(
        text="a text", min_word_count=10, max_word_count=15, explain=True, min_confidence=0.0
    )
    assert not request().HasField("min_confidence")


@pytest.mark.parametrize(("asked", "nanoseconds"), [(0.01, 10_000_000), (60, 60_000_000_000), (-1, -1_000_000_000)])
def test_a_sample_interval_is_left_to_the_daemon_to_judge(asked, nanoseconds):
    assert request(sample_interval_seconds=asked).sample_interval.ToNanoseconds() == nanoseconds


@pytest.mark.parametrize("asked", [math.nan, math.inf, -math.inf, 1e30])
def test_an_interval_that_no_message_can_carry_is_refused(asked):
    with pytest.raises(OptionError) as caught:
        request(sample_interval_seconds=asked)
    assert caught.value.reason == "SAMPLE_INTERVAL_OUT_OF_RANGE"


@pytest.mark.parametrize("lengths", [{"min_words": 2**31}, {"max_words": -(2**40)}])
def test_a_length_that_no_message_can_carry_is_refused(lengths):
    with pytest.raises(OptionError) as caught:
        request(**lengths)
    assert caught.value.reason == "LENGTH_OUT_OF_RANGE"


def test_half_a_surrogate_pair_is_refused_without_quoting_the_text():
    with pytest.raises(TextError) as caught:
        request("secret \udcff")
    assert caught.value.reason == "MALFORMED_REQUEST"
    assert "secret" not in str(caught.value)


def test_readings_that_were_not_taken_are_none_and_zero_is_zero():
    sample = event_of(pb.SummarizeResponse(sequence_number=4, sample=pb.Usage(rss_delta_bytes=0)))
    absent = dict.fromkeys([field.name for field in dataclasses.fields(Usage)])
    assert sample == Sample(4, Usage(**{**absent, "rss_delta_bytes": 0}))


def test_readings_are_read():
    assert event_of(pb.SummarizeResponse(sample=USAGE)).usage == Usage(
        queue_seconds=0.0005,
        tokenize_seconds=0.001,
        inference_seconds=0.0101,
        total_seconds=0.0123,
        cpu_seconds=0.0221,
        rss_start_bytes=117_000_000,
        rss_end_bytes=118_000_000,
        rss_peak_bytes=121_000_000,
        rss_delta_bytes=1_000_000,
        energy=Energy(0.065, EnergyMethod.ESTIMATED, "cpu-time-model", 0.0123),
        carbon=Carbon(0.0000086, 475.0, "world average 2023"),
        model_threads=2,
    )


def test_acceptance_is_read():
    assert event_of(accepted(3, "int8")) == Accepted(0, "r1", DIGEST, Variant.OPTIMIZED, 3, "int8")


def test_a_result_is_read():
    message = pb.SummarizeResult(
        summary="It rains.",
        word_count=2,
        length_shortfall=pb.LENGTH_SHORTFALL_TEXT_TOO_SHORT,
        spans=[pb.Span(start=0, end=2), pb.Span(start=5, end=10)],
        language="en",
        sentence_count=1,
        form="int8",
    )
    event = event_of(pb.SummarizeResponse(sequence_number=2, result=message))
    assert isinstance(event, Result)
    assert event.result.spans == (Span(0, 2), Span(5, 10))
    assert event.result.length_shortfall is LengthShortfall.TEXT_TOO_SHORT
    assert event.result.form == "int8"
    assert (event.result.length_met, event.result.summary, event.result.sentence_count) == (False, "It rains.", 1)


def test_a_confidence_and_an_explanation_are_read():
    choices = [
        pb.WordChoice(
            span=pb.Span(start=3, end=5),
            kept=True,
            rule="negation",
            polarity=pb.POLARITY_DOWN,
            serves=pb.Span(start=6, end=9),
        ),
        pb.WordChoice(span=pb.Span(start=6, end=9), rule="price:amod", polarity=77),
    ]
    result = event_of(pb.SummarizeResponse(result=pb.SummarizeResult(confidence=0.0, explanation=choices))).result
    assert result.confidence == 0.0
    assert result.explanation == (
        WordChoice(Span(3, 5), kept=True, rule="negation", polarity=Polarity.DOWN, serves=Span(6, 9)),
        WordChoice(Span(6, 9), kept=False, rule="price:amod", polarity=None, serves=None),
    )


def test_without_them_there_is_neither_confidence_nor_explanation():
    result = event_of(pb.SummarizeResponse(result=pb.SummarizeResult())).result
    assert (result.confidence, result.explanation) == (None, ())


@pytest.mark.parametrize("confidence", [math.nan, math.inf])
def test_a_confidence_that_is_no_number_is_no_answer(confidence):
    with pytest.raises(UnexpectedAnswerError, match="no number"):
        event_of(pb.SummarizeResponse(result=pb.SummarizeResult(confidence=confidence)))


def test_what_only_newer_daemons_send_is_passed_over():
    assert event_of(pb.SummarizeResponse(sequence_number=1)) is None
    assert event_of(pb.ClassifyResponse(sequence_number=1)) is None
    assert event_of(pb.SummarizeResponse(accepted=pb.Accepted(variant=77))).variant is None
    shortfall = event_of(pb.SummarizeResponse(result=pb.SummarizeResult(length_shortfall=77))).result
    assert (shortfall.length_met, shortfall.length_shortfall) == (False, None)
    assert health_report_of(pb.HealthResponse(bundle=pb.Bundle(variants=[77, 1]))).bundle.variants == (
        Variant.OPTIMIZED,
    )
    assert health_report_of(pb.HealthResponse(bundle=pb.Bundle(task=77))).bundle.task is None


def test_health_is_read():
    report = health_report_of(HEALTH)
    assert (report.status, report.version, report.uptime_seconds) == (ServingStatus.SERVING, "0.1.0", 3723.0)
    assert (report.bundle.name, report.bundle.variants) == ("default-en", (Variant.OPTIMIZED,))
    assert report.bundle.forms == ("optimized",)
    assert (report.limits.max_text_bytes, report.limits.worker_count) == (262_144, 1)
    assert report.totals.call_count_by_outcome == {"OK": 120, "INVALID_ARGUMENT": 3}
    assert (report.totals.cpu_seconds, report.totals.energy_joules) == (2.5, None)
    assert (report.latency.p50_seconds, report.latency.p95_seconds) == (0.0102, 0.018)
    assert (report.load_1m, report.temperature_celsius) == (0.52, None)


def test_when_the_daemon_became_ready_is_in_utc():
    ready_at = Timestamp(seconds=1_767_225_600)
    assert health_report_of(pb.HealthResponse(ready_at=ready_at)).ready_at == datetime(2026, 1, 1, tzinfo=timezone.utc)


def test_an_empty_health_is_not_serving_and_knows_nothing():
    report = health_report_of(pb.HealthResponse())
    assert report.status is ServingStatus.NOT_SERVING
    unknown = {"ready_at", "uptime_seconds", "bundle", "limits", "totals", "latency", "thread_count", "model_threads"}
    unknown |= {"rss_bytes", "load_1m", "temperature_celsius"}
    assert {name for name in unknown if getattr(report, name) is not None} == set()


@pytest.mark.parametrize(
    ("message", "result"),
    [
        (pb.Usage, Usage),
        (pb.Energy, Energy),
        (pb.Carbon, Carbon),
        (pb.SummarizeResult, SummaryResult),
        (pb.HealthResponse, HealthReport),
        (pb.Bundle, Bundle),
        (pb.Limits, Limits),
        (pb.Totals, Totals),
        (pb.Latency, Latency),
    ],
)
def test_results_hold_every_field_of_the_contract(message, result):
    assert {field.name for field in dataclasses.fields(result)} == {
        _in_our_words(field) for field in message.DESCRIPTOR.fields
    }


def _in_our_words(field) -> str:
    is_duration = field.message_type is not None and field.message_type.name == "Duration"
    return field.name.removesuffix("_time") + "_seconds" if is_duration else field.name
