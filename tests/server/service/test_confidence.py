"""The caller's bound on a summary's confidence."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from briefd_server.engines.base import Summary, Task
from briefd_server.errors import LowConfidenceError, NoConfidenceError
from briefd_server.service.confidence import check_confidence

probabilities = st.floats(0, 1)


def check(confidence: float | None, bound: float | None) -> None:
    summary = Summary("It rains.", 2, None, (), "en", 1, 2, confidence=confidence)
    check_confidence(Task("It rains.", min_confidence=bound), summary)


@given(st.none() | probabilities)
def test_without_a_bound_every_summary_passes(confidence: float | None) -> None:
    check(confidence, None)


@given(probabilities, probabilities)
@example(0.9, 0.9)
@example(0.0, 0.0)
def test_a_bound_divides_the_summaries(confidence: float, bound: float) -> None:
    if confidence >= bound:
        check(confidence, bound)
    else:
        with pytest.raises(LowConfidenceError) as refusal:
            check(confidence, bound)
        told = {name: float(number) for name, number in refusal.value.metadata.items()}
        assert told == {"confidence": confidence, "minConfidence": bound}


@given(probabilities)
def test_no_confidence_and_one_that_is_no_number_pass_no_bound(bound: float) -> None:
    with pytest.raises(NoConfidenceError):
        check(None, bound)
    with pytest.raises(LowConfidenceError):
        check(math.nan, bound)


@given(st.integers(1, 9).map(lambda tenths: tenths / 10), st.floats(1e-9, 0.1))
@example(0.9, 1e-16)
def test_a_message_never_shows_the_confidence_as_high_as_the_bound(bound: float, gap: float) -> None:
    confidence = bound - gap
    assume(0 <= confidence < bound)
    with pytest.raises(LowConfidenceError) as refusal:
        check(confidence, bound)
    shown = str(refusal.value).removeprefix("the summary's confidence is ").split(",")[0]
    assert float(shown) < bound
