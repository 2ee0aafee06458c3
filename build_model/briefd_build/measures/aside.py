"""Processes in which something is loaded and measured, and their calls summed up."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from briefd_build.bench.child import Process
from briefd_build.bench.contender import AbsentError
from briefd_build.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from briefd_build.bench.child import Loader
    from briefd_build.measures.metered import CallCost

_LOGGER = logging.getLogger(__name__)
# Times the processor time from which on times of calls are not to be trusted; on a quiet machine they are equal on one
# thread, and less on several.
_STARVED = 1.5


@dataclass(frozen=True)
class CallFigures:
    """What calls took; see `Cost`."""

    p50_ms: float
    p95_ms: float
    cpu_seconds: float
    joules: float | None
    is_energy_measured: bool
    energy_source: str


@contextmanager
def loaded(loaders: Sequence[Loader], thread_count: int) -> Iterator[list[Process]]:
    """Load each in a process of its own, which ends with the block.

    Raises:
        BuildError: a process failed, inside the block too.
    """
    with ExitStack() as stack:
        processes = []
        try:
            for loader in loaders:
                processes.append(Process(loader, thread_count))
                stack.callback(processes[-1].close)
                processes[-1].wait_until_loaded()
            yield processes
        except AbsentError as error:
            raise BuildError(
                f"a process that measures failed ({error}); where memory is short, end other programs"
            ) from error


def sum_up(costs: Sequence[CallCost]) -> CallFigures:
    """Sum up calls; their energy only where each one's is known."""
    energies = [cost.energy for cost in costs if cost.energy]
    is_known = len(energies) == len(costs)
    return CallFigures(
        p50_ms=percentile_ms(costs, 50),
        p95_ms=percentile_ms(costs, 95),
        cpu_seconds=fmean(cost.cpu_seconds for cost in costs),
        joules=fmean(energy.joules for energy in energies) if is_known else None,
        is_energy_measured=is_known and all(energy.is_measured for energy in energies),
        energy_source=energies[0].source if is_known else "",
    )


def is_starved(p50_ms: float, cpu_seconds: float) -> bool:
    """Whether calls waited for a processor more than they used one: then their times tell of other programs."""
    return p50_ms > _STARVED * 1e3 * cpu_seconds


def warn_if_starved(figures: CallFigures) -> None:
    """Warn where times tell of other programs."""
    if is_starved(figures.p50_ms, figures.cpu_seconds):
        _LOGGER.warning(
            "calls took %.1f ms for %.1f ms of processor time: other programs keep this machine busy, and times say "
            "little; end them and measure again",
            figures.p50_ms,
            1e3 * figures.cpu_seconds,
        )


def percentile_ms(costs: Sequence[CallCost], percent: float) -> float:
    """Give a percentile of the calls' times, in milliseconds."""
    return 1e3 * float(np.percentile([cost.wall_seconds for cost in costs], percent))
