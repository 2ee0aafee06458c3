"""A bundle's measures in one report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from briefd_build.errors import BuildError
from briefd_build.evaluation.against import compare
from briefd_build.evaluation.measures import MEASURES, OWN_TEXTS, TITLES, Subject
from briefd_build.evaluation.reversals import REVERSED
from briefd_build.evaluation.wilson import Share
from briefd_server.engines.extractive import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from briefd_build.evaluation.against import Change, Earlier
    from briefd_build.evaluation.outcome import Example, Figure, Outcome
    from briefd_server.bundle import Bundle


@dataclass(frozen=True)
class Evaluation:
    """What was measured of one variant of a bundle; a measure whose data are not at hand has no figures."""

    variant: str
    model_bytes: int
    outcomes: dict[str, Outcome]

    def to_json(self) -> dict[str, Any]:
        """Give all figures, without the texts behind them."""
        measures = {name: outcome.to_json() for name, outcome in self.outcomes.items()}
        return {"variant": self.variant, "model_bytes": self.model_bytes, "measures": measures}

    def examples(self) -> Iterator[dict[str, Any]]:
        """Give every text that may be shown, with its answer and faults."""
        for name, outcome in self.outcomes.items():
            for example in outcome.examples:
                yield {
                    "measure": name,
                    "id": example.id,
                    "text": example.text,
                    "given": example.given,
                    "faults": list(example.faults),
                    "notes": example.notes,
                }

    def check_reversals(self) -> None:
        """Refuse a bundle whose answers reverse what a text says; raises `BuildError`."""
        reversals = self.outcomes.get("reversals")
        share = reversals.figures.get(REVERSED) if reversals else None
        if isinstance(share, Share) and share.count:
            raise BuildError(
                f"{share.count:,} of {share.total:,} answers reverse a statement or strip it of its condition, and "
                "none may; --only reversals --show 9 shows some"
            )

    def layout(self, shown: int) -> Group:
        """Lay the figures out for people, where `shown` is not 0 with parts and so many examples of every fault."""
        table = Table(
            "measure", Column("value", no_wrap=True), title=f"variant {self.variant}, {self.model_bytes:,} bytes"
        )
        for name, outcome in self.outcomes.items():
            rows: dict[str, Figure] = {**outcome.figures, **(outcome.parts if shown else {})}
            table.add_row(Text(TITLES[name], style="bold"))
            for figure, value in rows.items():
                table.add_row(f"  {figure}", _spell(value))
            table.add_section()
        return Group(table, *(self._shown(shown) if shown else ()))

    def layout_changes(self, earlier: Earlier, shown: int) -> Group:
        """Lay out what changed since an earlier evaluation, with up to `shown` texts of each kind of change."""
        table = Table("measure", "mended", "broken", "else answered otherwise", title="since the earlier evaluation")
        parts: list[RenderableType] = [table]
        for name, changes in compare(self.outcomes, earlier).items():
            kinds = {"mended": changes.mended, "broken": changes.broken, "other": changes.other}
            table.add_row(TITLES[name], *(f"{len(each):,}" for each in kinds.values()))
            for kind, each in kinds.items():
                if shown and each:
                    parts.append(Text(f"\n{TITLES[name]}: {kind}", style="bold"))
                    parts += [Text(_describe_change(change)) for change in each[:shown]]
        return Group(*parts)

    def _shown(self, count: int) -> Iterator[RenderableType]:
        for name, outcome in self.outcomes.items():
            for fault, examples in outcome.with_faults(count).items():
                yield Text(f"\n{TITLES[name]}: {fault}", style="bold")
                yield from (Text(_describe(example)) for example in examples)


def evaluate(
    bundle: Bundle,
    variant: str,
    find_data: Callable[[], Path],
    thread_count: int,
    report: Callable[[str, float], None],
    names: Sequence[str] = tuple(MEASURES),
) -> Evaluation:
    """Take these measures of a variant of a bundle.

    Args:
        bundle: an extractive one.
        variant: of the bundle, as the manifest names it.
        find_data: finds the corpora' directory; called where a measure needs them.
        thread_count: threads that run the model.
        report: called with the name of what is measured and the share of the measures that is done.
        names: keys of `MEASURES`.
    """
    data = None if OWN_TEXTS.issuperset(names) else find_data()
    subject = Subject(load(bundle, variant, thread_count), bundle.manifest.language, data)
    outcomes = {}
    for number, name in enumerate(names):
        report(name, number / len(names))
        outcomes[name] = MEASURES[name](subject)
    size = (bundle.directory / bundle.manifest.variants[variant].file).stat().st_size
    return Evaluation(variant, size, outcomes)


def _spell(value: Figure) -> str:
    if isinstance(value, Share):
        return str(value)
    return f"{value:.4g}" if isinstance(value, float) else f"{value:,}"


def _describe_change(change: Change) -> str:
    return f"{_describe(change.example)}\n  before: {change.given_before}"


def _describe(example: Example) -> str:
    notes = "\n".join(f"  {name}: {note}" for name, note in example.notes.items() if note)
    return f"{example.id}: {example.text}\n  answer: {example.given}\n{notes}"
