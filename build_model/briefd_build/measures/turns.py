"""Models that take turns, text by text, so that whatever else the machine does slows each of them alike."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from briefd_build.bench.child import Process
    from briefd_build.measures.metered import CallCost

# Time that the turns may take: enough for 15 rounds of 40 texts of a bundle of 6 ms a call beside another.
_TIMING_SECONDS = 60.0
# More rounds tell no more.
_MOST_ROUNDS = 15
# Fewer are at the mercy of one that something disturbed: these are taken however slow a model is.
_LEAST_ROUNDS = 5
# Where not all texts can be timed so often, at least these: the p95 needs the spread of lengths.
_LEAST_TEXTS = 5
# The first calls make buffers and threads; they are not counted.
_WARM_UP_CALLS = 3
# The other's turn puts a model's weights out of the processor's caches and its threads to sleep; the first model of a
# run has no other, and would look faster for it. A call that takes longer than this hardly feels it.
_SELF_WARMING_SECONDS = 0.1


@dataclass(frozen=True)
class Plan:
    """How often each of how many texts is timed, and, for each model, whether after a call that doesn't count."""

    text_count: int
    rounds: int
    are_warmed: tuple[bool, ...]


def plan(call_seconds: Sequence[float], text_count: int) -> Plan:
    """Plan turns that take `_TIMING_SECONDS` at most, unless the least that tells anything takes longer.

    Args:
        call_seconds: that a call of each model takes.
        text_count: how many texts there are.
    """
    are_warmed = tuple(seconds < _SELF_WARMING_SECONDS for seconds in call_seconds)
    turn_seconds = sum(
        seconds * (2 if is_warmed else 1) for seconds, is_warmed in zip(call_seconds, are_warmed, strict=True)
    )
    turns = int(_TIMING_SECONDS / turn_seconds)
    timed = min(text_count, max(_LEAST_TEXTS, turns // _LEAST_ROUNDS))
    return Plan(timed, min(_MOST_ROUNDS, max(_LEAST_ROUNDS, turns // timed)), are_warmed)


def spread(texts: Sequence[str], count: int) -> list[str]:
    """Choose texts evenly from the shortest to the longest."""
    ordered = sorted(texts, key=len)
    return [ordered[(2 * number + 1) * len(ordered) // (2 * count)] for number in range(count)]


def take_turns(
    models: Sequence[Process], texts: Sequence[str], report: Callable[[float], None]
) -> list[list[CallCost]]:
    """Time models on texts, in the order A B, then B A; each is loaded.

    Args:
        models: children whose model is a `MeteredModel`.
        texts: as many as there are.
        report: told the share that is done, 0 to 1.

    Returns:
        For each model what its calls took.

    Raises:
        AbsentError: a model failed.
    """
    call_seconds = [
        median(_call(model, text, is_warmed=False).wall_seconds for text in _first(texts)) for model in models
    ]
    planned = plan(call_seconds, len(texts))
    chosen = spread(texts, planned.text_count)
    costs: list[list[CallCost]] = [[] for _ in models]
    order = list(zip(models, planned.are_warmed, costs, strict=True))
    for number in range(planned.rounds):
        for place, text in enumerate(chosen):
            # A text whose place is even begins with A in even rounds and with B in odd ones.
            for model, is_warmed, taken in order if (number + place) % 2 == 0 else reversed(order):
                taken.append(_call(model, text, is_warmed=is_warmed))
            report((number * len(chosen) + place + 1) / (planned.rounds * len(chosen)))
    return costs


def _first(texts: Sequence[str]) -> list[str]:
    """Give the texts that warm a model up and tell how long a call takes: of middling length."""
    return spread(texts, min(_WARM_UP_CALLS, len(texts)))


def _call(model: Process, text: str, *, is_warmed: bool) -> CallCost:
    return cast("CallCost", model.ask("call", text, is_warmed))
