"""What the default bundle may not leave out: denials, what they reach, and figures that say how much."""

from __future__ import annotations

import pytest

from briefd_server.bundle import OPTIMIZED, read_bundle
from briefd_server.bundle.finding import PACKAGED_DIRECTORY
from briefd_server.engines import load_summarizer
from briefd_server.engines.base import Task, UnwatchedCall

ENGINE = load_summarizer(read_bundle(PACKAGED_DIRECTORY / "default-en"), OPTIMIZED, 1)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "The engineer of the heating company cannot come before Thursday morning, he said on the phone to the "
            "gardeners.",
            "cannot come before Thursday morning",
        ),
        (
            "The vaccine did not reduce deaths among people over 80, although it cut infections by a third in younger "
            "groups.",
            "did not reduce deaths among people over 80",
        ),
        (
            "No one was allowed to enter the building until the fire brigade had checked the air on all of the seven "
            "floors.",
            "No one was allowed",
        ),
        (
            "Do not open the valve while the pump is running, and never remove the cover before the gauge reads zero.",
            "Do not open the valve while the pump is running",
        ),
        (
            "Warning: disk /dev/sda1 on node-7 is 93% full; log rotation has failed three times since midnight.",
            "is 93% full",
        ),
        (
            "I found metal dust, so the bearing of the pump needs replacing before pump B is started again.",
            "needs replacing before pump B is started again",
        ),
        (
            "Britain's economy grew more slowly than expected in the third quarter, data showed on Friday, adding to "
            "pressure on the government.",
            "economy grew more slowly than expected",
        ),
    ],
)
def test_it_is_kept(text: str, kept: str) -> None:
    assert kept in ENGINE.summarize(Task(text), UnwatchedCall()).text


def test_a_figure_on_which_its_noun_hangs_holds_no_call_up() -> None:
    text = (
        "The clinic treated many patients ages above 65 before the new vaccine was approved by the agency in the "
        "spring."
    )
    assert ENGINE.summarize(Task(text), UnwatchedCall()).shortfall is None
