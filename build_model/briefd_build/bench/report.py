"""The outcome of a bench as a table, in Markdown and in JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from briefd_build.machine import installed_versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from briefd_build.bench.measuring import Measurement, Outcome

_MEGABYTE = 1e6
PACKAGES = ("briefd", "onnxruntime", "torch", "transformers", "ctranslate2", "llama-cpp-python")
_REFERENCES = ("llama.cpp Q8_0", "transformers float32")


class TableReport(ABC):
    """A table with notes below it, for terminals and for READMEs."""

    def render(self) -> RenderableType:
        """Lay it out for a terminal."""
        # Narrow enough for a terminal of 80 columns, names whole; all as it is, since rich reads "[bench]" as a style.
        table = Table(title=Text(self._title()), box=box.SIMPLE_HEAD, padding=0)
        name, *others = self._headings()
        table.add_column(name, no_wrap=True)
        for heading in others:
            table.add_column(heading.replace(" ", "\n").replace("/", "/\n"), justify="right", overflow="fold")
        for row in self._rows():
            table.add_row(*map(Text, row))
        return Group(table, *map(Text, self._notes()))

    def to_markdown(self) -> str:
        """Lay it out for a README."""
        headings = self._headings()
        rules = ["---", *["---:"] * (len(headings) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (headings, rules, *self._rows())]
        notes = [f"- {note}" for note in self._notes()]
        return "\n".join([self._title(), "", *lines, "", *notes])

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Give everything, each round's times too."""

    @abstractmethod
    def _title(self) -> str: ...

    @abstractmethod
    def _headings(self) -> list[str]: ...

    @abstractmethod
    def _rows(self) -> Iterator[list[str]]: ...

    @abstractmethod
    def _notes(self) -> list[str]: ...


@dataclass(frozen=True)
class Report(TableReport):
    """What was measured of which model, with how long a prompt.

    Attributes:
        model: the model's name.
        prompt_tokens: length of the prompts.
        agreement_tokens: how many tokens the agreement is a share of.
        processor: the machine's processor and how many of its threads there are.
        outcome: the measurements.
    """

    model: str
    prompt_tokens: int
    agreement_tokens: int
    processor: str
    outcome: Outcome

    def to_json(self) -> dict[str, Any]:
        """See `TableReport`."""
        return {"versions": installed_versions(PACKAGES), **asdict(self)}

    def _title(self) -> str:
        return f"{self.model}: medians of {self._rounds()} interleaved rounds, {self.processor}"

    def _rounds(self) -> int:
        return max((len(each) for one in self.outcome.measurements for each in one.samples_ms.values()), default=0)

    def _counts(self) -> list[int]:
        return list(self.outcome.measurements[0].total_ms)

    def _headings(self) -> list[str]:
        works = [f"{self.prompt_tokens}+{count} ms" for count in self._counts()]
        return ["", "threads", *works, "prompt ms", "ms/token", "peak MB", "agrees"]

    def _rows(self) -> Iterator[list[str]]:
        for one in self.outcome.measurements:
            totals = [f"{one.total_ms[count]:.1f}{self._ratio(one, count)}" for count in self._counts()]
            phases = [f"{one.first_token_ms:.1f}", f"{one.token_ms:.2f}"]
            yield [
                one.name,
                str(one.thread_count),
                *totals,
                *phases,
                megabytes(one.rss_peak_bytes),
                f"{100 * one.agreement:.1f} %",
            ]

    def _reference_name(self) -> str:
        names = {one.name for one in self.outcome.measurements}
        return next(name for name in _REFERENCES if name in names)

    def _ratio(self, measurement: Measurement, count: int) -> str:
        name = self._reference_name()
        same = (one for one in self.outcome.measurements if one.thread_count == measurement.thread_count)
        reference = next(one for one in same if one.name == name)
        return f" ({measurement.total_ms[count] / reference.total_ms[count]:.2f})"

    def _notes(self) -> list[str]:
        return [
            f"In brackets: times as long as {self._reference_name()} on as many threads.",
            f"agrees: of {self.agreement_tokens} tokens that transformers writes in float32, the share that the "
            "contender would write too, given the same tokens before (teacher-forced).",
            "peak MB: the highest resident memory of the contender's process, loading included.",
            *together((one.name, one.note) for one in self.outcome.measurements),
            *together((absence.name, f"absent, {absence.reason}") for absence in self.outcome.absences),
            f"Versions: {name_versions(PACKAGES)}.",
        ]


def megabytes(byte_count: int | None) -> str:
    """Give a number of bytes in megabytes, "?" where it isn't known."""
    return "?" if byte_count is None else f"{byte_count / _MEGABYTE:.0f}"


def name_versions(packages: Iterable[str]) -> str:
    """Tell the versions of those of the packages that are installed, in words."""
    return ", ".join(f"{name} {number}" for name, number in installed_versions(packages).items())


def together(remarks: Iterable[tuple[str, str]]) -> list[str]:
    """Say once what is said of several."""
    names: dict[str, dict[str, None]] = {}
    for name, remark in remarks:
        names.setdefault(remark, {})[name] = None
    return [f"{', '.join(each)}: {remark}." for remark, each in names.items()]
