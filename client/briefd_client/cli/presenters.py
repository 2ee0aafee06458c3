"""How answers and failures are shown: for people, or with `--json` for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import click

from briefd_client.cli.formatting import metrics_lines
from briefd_client.cli.highlight import bracketed, emphasized, highlight
from briefd_client.cli.records import error_record_of, json_line_of, record_of
from briefd_client.cli.terminal import complain, printable, write_answer

if TYPE_CHECKING:
    from briefd_client.cli.inputs import Source
    from briefd_client.cli.options import SummarizeOptions
    from briefd_client.cli.terminal import Terminal
    from briefd_client.errors import BriefdError
    from briefd_client.results import SummaryResult


class Presenter(Protocol):
    """Shows what became of one text after another."""

    def show_result(self, source: Source, text: str, result: SummaryResult) -> None:
        """Show a summary of `text`, which is what `source` held."""

    def show_failure(self, source: Source, failure: BriefdError) -> None:
        """Show why there is none."""


class JsonPresenter:
    """One object a text on standard output; failures are told on standard error as well."""

    def show_result(self, source: Source, text: str, result: SummaryResult) -> None:  # noqa: ARG002 - JSON holds spans
        """Write the object of a summary."""
        write_answer(json_line_of({"file": source.file, **record_of(result)}))

    def show_failure(self, source: Source, failure: BriefdError) -> None:
        """Write an object with `error` in the summary's place."""
        write_answer(json_line_of({"file": source.file, **error_record_of(failure)}))
        complain(str(failure), about=source.shown_name)


@dataclass(frozen=True, slots=True)
class TextPresenter:
    """One line a text, led by its file's name where there are several."""

    terminal: Terminal
    with_names: bool
    with_highlight: bool
    with_metrics: bool

    def show_result(self, source: Source, text: str, result: SummaryResult) -> None:
        """Write the summary, and what else was asked for."""
        lead = f"{source.shown_name}: " if self.with_names else ""
        write_answer(f"{lead}{self.terminal.harmless(result.summary)}")
        if self.with_highlight:
            write_answer(f"\n{self._highlighted(text, result)}\n")
        if self.with_metrics:
            for line in metrics_lines(result):
                click.echo(f"{lead}{printable(line)}", err=True)

    def show_failure(self, source: Source, failure: BriefdError) -> None:
        """Tell it on standard error."""
        complain(str(failure), about=source.shown_name)

    def _highlighted(self, text: str, result: SummaryResult) -> str:
        mark = emphasized if self.terminal.shows_styles else bracketed
        harmless = self.terminal.harmless
        return highlight(text, result.spans, mark=lambda part: mark(harmless(part)), plain=harmless).rstrip("\n")


def presenter_for(options: SummarizeOptions, terminal: Terminal) -> Presenter:
    """Choose what the options ask for."""
    if options.as_json:
        return JsonPresenter()
    return TextPresenter(
        terminal,
        with_names=len(options.files) > 1,
        with_highlight=options.with_highlight,
        with_metrics=options.with_metrics,
    )
