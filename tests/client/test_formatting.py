from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_daemon import HEALTH, USAGE

from briefd.v1 import briefd_pb2 as pb
from briefd_client import Energy, EnergyMethod
from briefd_client.cli.formatting import health_lines, metrics_lines, quantity
from briefd_client.messages import event_of, health_report_of


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (None, "J", "not measured"),
        (0, "J", "0 J"),
        (0.0123, "s", "12.3 ms"),
        (0.9996, "s", "1 s"),
        (0.0009996, "s", "1 ms"),
        (0.99949, "s", "999 ms"),
        (12.345, "s", "12.3 s"),
        (123_456, "s", "123,456 s"),
        (999.7, "s", "1,000 s"),
        (8.6e-6, "g", "8.6 µg"),
        (3e-9, "g", "3 ng"),
        (3e-12, "g", "0.003 ng"),
        (118_000_000, "B", "118 MB"),
        (999_999, "B", "1 MB"),
        (512, "B", "512 B"),
        (-4096, "B", "-4.1 kB"),
        (2_500_000_000_000, "B", "2,500 GB"),
    ],
)
def test_quantity(value, unit, shown):
    assert quantity(value, unit) == shown


readings = st.tuples(st.floats(1e-9, 1e15), st.sampled_from(["s", "J", "g"]))
sizes = st.tuples(st.integers(1, 10**15), st.just("B"))


@given(readings | sizes)
def test_a_quantity_says_what_it_was_within_its_three_digits(reading):
    value, unit = reading
    digits, shown_unit = quantity(value, unit).split(" ")
    scale = {"": 1, "m": 1e-3, "µ": 1e-6, "n": 1e-9, "k": 1e3, "M": 1e6, "G": 1e9}[shown_unit.removesuffix(unit)]
    rounding = 0.5 * scale if "," in digits else 0.0
    assert math.isclose(float(digits.replace(",", "")) * scale, value, rel_tol=0.00501, abs_tol=rounding)
    assert "e" not in digits


def result(usage: pb.Usage, **fields: object):
    message = pb.SummarizeResult(word_count=12, length_met=True, usage=usage, **fields)
    return event_of(pb.SummarizeResponse(result=message)).result


def test_metrics_are_told_with_units_and_estimates_marked():
    assert metrics_lines(result(USAGE)) == [
        "words    12",
        "latency  12.3 ms (queue 500 µs, tokenize 1 ms, inference 10.1 ms)",
        "memory   118 MB resident (peak 121 MB, change +1 MB)",
        "CPU      22.1 ms (threads for the model: 2)",
        "energy   ~65 mJ estimated (cpu-time-model)",
        "CO2e     ~8.6 µg estimated (475 g/kWh, world average 2023)",
    ]


def test_a_confidence_is_told_beside_the_words():
    assert metrics_lines(result(USAGE, confidence=0.5))[:3] == [
        "words       12",
        "confidence  0.500 that no needed word was cut",
        "latency     12.3 ms (queue 500 µs, tokenize 1 ms, inference 10.1 ms)",
    ]


def test_what_was_not_measured_is_never_zero():
    assert metrics_lines(result(pb.Usage(rss_delta_bytes=0))) == [
        "words    12",
        "latency  not measured (queue not measured, tokenize not measured, inference not measured)",
        "memory   not measured resident (peak not measured, change 0 B)",
        "CPU      not measured (threads for the model: not measured)",
        "energy   not measured",
        "CO2e     not measured",
    ]


def test_a_measured_energy_is_no_estimate():
    metered = dataclasses.replace(
        result(USAGE),
        usage=dataclasses.replace(result(USAGE).usage, energy=Energy(0.5, EnergyMethod.MEASURED, "rapl", 1)),
    )
    assert "energy   500 mJ measured (rapl)" in metrics_lines(metered)


def test_a_summary_shorter_than_asked_says_why():
    short = dataclasses.replace(result(USAGE), length_met=False)
    assert metrics_lines(short)[0] == "words    12, not the length asked"
    too_short = result(USAGE, length_shortfall=pb.LENGTH_SHORTFALL_TEXT_TOO_SHORT)
    assert metrics_lines(dataclasses.replace(too_short, length_met=False))[0] == (
        "words    12, fewer than asked: the text has no more"
    )


@pytest.mark.parametrize(("form", "lines"), [("int8", ["form     int8"]), ("optimized", []), ("", [])])
def test_the_form_that_answered_is_told_where_there_are_several(form, lines):
    told = metrics_lines(dataclasses.replace(result(USAGE), form=form))
    assert [line for line in told if line.startswith("form")] == lines
    assert len(told) == 6 + len(lines)


@pytest.mark.parametrize(
    ("forms", "told"),
    [
        ([], "optimized, baseline"),
        (["optimized"], "optimized, baseline"),
        (["int8"], "optimized as int8, baseline"),
        (["int8", "int4", "plain"], "optimized as int8, else int4 or plain, baseline"),
    ],
)
def test_the_forms_of_a_bundle_are_told_where_there_are_several(forms, told):
    bundle = pb.Bundle(
        name="small", language="en", variants=[pb.VARIANT_OPTIMIZED, pb.VARIANT_BASELINE], forms=forms, digest="d"
    )
    assert f"bundle   small (en; {told}), 0 B, d" in health_lines(health_report_of(pb.HealthResponse(bundle=bundle)))


def test_health_is_told_by_topic():
    assert health_lines(health_report_of(HEALTH)) == [
        "status   serving, up 1 h 2 min",
        "version  briefd 0.1.0",
        "bundle   default-en (en; optimized), 15.9 MB, sha256:abababababab",
        "calls    1 running, 2 queued (at most 1 and 8)",
        "totals   3 INVALID_ARGUMENT, 120 OK; 12,345 words in, 1,450 out; "
        "CPU 2.5 s; energy not measured; CO2e not measured",
        "latency  p50 10.2 ms, p95 18 ms (32 calls in the last 5 min)",
        "memory   118 MB resident",
        "threads  12 (for the model: 2)",
        "device   load 0.52, temperature not measured",
    ]


def test_a_daemon_that_tells_nothing_is_not_made_up():
    assert health_lines(health_report_of(pb.HealthResponse(totals=pb.Totals(), load_1m=0.0))) == [
        "status   not serving, up unknown",
        "version  briefd ",
        "bundle   unknown",
        "calls    0 running, 0 queued",
        "totals   no calls yet; 0 words in, 0 out; CPU not measured; energy not measured; CO2e not measured",
        "latency  no calls yet",
        "memory   not measured resident",
        "threads  not measured (for the model: not measured)",
        "device   load 0.00, temperature not measured",
    ]
