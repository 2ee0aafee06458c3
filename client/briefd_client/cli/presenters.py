"""How answers and failures are shown: for people, or with `--json` for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import click

from briefd_client.cli.formatting import metrics_lines
from briefd_client.cli.records import AnswerT, error_record_of, json_line_of, record_of
from briefd_client.cli.terminal import complain, printable, write_answer
from briefd_client.results import ClassificationResult, SummaryResult

if TYPE_CHECKING:
    from briefd_client.cli.inputs import Source
    from briefd_client.cli.options import AskOptions
    from briefd_client.cli.terminal import Terminal
    from briefd_client.errors import BriefdError

_ShownT_contra = TypeVar("_ShownT_contra", contravariant=True)


class Presenter(Protocol[_ShownT_contra]):
    """Shows what became of one text after another."""

    def show_answer(self, source: Source, text: str, answer: _ShownT_contra) -> None:
        """Show the answer about `text`, which is what `source` held."""

    def show_failure(self, source: Source, failure: BriefdError) -> None:
        """Show why there is none."""


class JsonPresenter:
    """One object a text on standard output; failures are told on standard error as well."""

    def show_answer(self, source: Source, text: str, answer: SummaryResult | ClassificationResult) -> None:  # noqa: ARG002 - JSON holds spans
        """Write the object of an answer."""
        write_answer(json_line_of({"file": source.file, **record_of(answer)}))

    def show_failure(self, source: Source, failure: BriefdError) -> None:
        """Write an object with `error` in the answer's place."""
        write_answer(json_line_of({"file": source.file, **error_record_of(failure)}))
        complain(str(failure), about=source.shown_name)


@dataclass(frozen=True)
class TextPresenter(Generic[AnswerT]):
    """One line a text, led by its file's name where there are several, and what else the options ask for."""

    options: AskOptions[AnswerT]
    terminal: Terminal

    def show_answer(self, source: Source, text: str, answer: AnswerT) -> None:
        """Write the answer, and what else was asked for."""
        lead = f"{source.shown_name}: " if len(self.options.files) > 1 else ""
        line, *others = self.options.lines_of(text, answer, self.terminal)
        write_answer(f"{lead}{line}")
        for other in others:
            write_answer(other)
        if self.options.with_metrics:
            for line in metrics_lines(answer):
                click.echo(f"{lead}{printable(line)}", err=True)

    def show_failure(self, source: Source, failure: BriefdError) -> None:
        """Tell it on standard error."""
        complain(str(failure), about=source.shown_name)


def presenter_for(options: AskOptions[AnswerT], terminal: Terminal) -> Presenter[AnswerT]:
    """Choose what the options ask for."""
    return JsonPresenter() if options.as_json else TextPresenter(options, terminal)
