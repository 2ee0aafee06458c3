"""The outcome of a bench of engines as a table, in Markdown and in JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.bench.report import TableReport, megabytes, name_versions, together
from briefd_build.machine import installed_versions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_build.bench.engines_measuring import EngineMeasurement, EnginesOutcome

_PACKAGES = ("briefd", "onnxruntime", "onnxruntime-gpu", "torch", "openvino")


@dataclass(frozen=True)
class EnginesReport(TableReport):
    """What was measured of which bundle.

    Attributes:
        bundle: its name.
        digest: its digest.
        processor: the machine's processor and how many of its threads there are.
        reference: the engine whose outputs the others' are compared with.
        outcome: the measurements.
    """

    bundle: str
    digest: str
    processor: str
    reference: str
    outcome: EnginesOutcome

    def to_json(self) -> dict[str, Any]:
        """See `TableReport`."""
        return {"versions": installed_versions(_PACKAGES), **asdict(self)}

    def _title(self) -> str:
        return f"{self.bundle}: medians of interleaved rounds, {self.processor}"

    def _steps(self) -> list[str]:
        return list(self.outcome.measurements[0].samples_ms) if self.outcome.measurements else []

    def _headings(self) -> list[str]:
        times = [heading for step in self._steps() for heading in (f"{step} ms", f"{step} p95 ms")]
        return ["", "threads", *times, "load s", "MB", "peak MB", "differs"]

    def _rows(self) -> Iterator[list[str]]:
        for one in self.outcome.measurements:
            times = [cell for step in self._steps() for cell in self._times(one, step)]
            memory = [megabytes(one.rss_bytes), megabytes(one.rss_peak_bytes)]
            differs = "?" if one.difference is None else f"{one.difference:.1g}"
            yield [one.name, str(one.thread_count), *times, f"{one.load_seconds:.2f}", *memory, differs]

    def _times(self, one: EngineMeasurement, step: str) -> list[str]:
        first = next(each for each in self.outcome.measurements if each.thread_count == one.thread_count)
        median = one.percentile_ms(step, 50)
        ratio = median / first.percentile_ms(step, 50)
        return [f"{median:.2f} ({ratio:.2f})", f"{one.percentile_ms(step, 95):.2f}"]

    def _notes(self) -> list[str]:
        return [
            "In brackets: times as long as the first row on as many threads.",
            "load s: from the file to the first outputs, compiling included, libraries imported already.",
            "MB: resident memory of the engine's process after the last run, and its highest.",
            f"differs: the largest difference of an output from {self.reference}'s for the same graph; what a form "
            "costs in quality is in the bundle's evaluation.",
            *together((one.name, one.note) for one in self.outcome.measurements),
            *together((absence.name, f"absent, {absence.reason}") for absence in self.outcome.absences),
            f"Versions: {name_versions(_PACKAGES)}.",
        ]
