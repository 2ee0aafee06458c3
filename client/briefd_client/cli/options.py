"""The options of the commands, and what they may not be together."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import click
from click.shell_completion import CompletionItem

from briefd_client.cli.explanation import explanation_table
from briefd_client.cli.formatting import labels_line
from briefd_client.cli.highlight import bracketed, emphasized, highlight
from briefd_client.cli.records import AnswerT
from briefd_client.results import ClassificationResult, SummaryResult, Variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_client.cli.terminal import Terminal
    from briefd_client.client import Client

_Function = TypeVar("_Function", bound="Callable[..., Any]")


@dataclass(frozen=True)
class AskOptions(ABC, Generic[AnswerT]):
    """What the user asked about texts; what is asked about each, a subclass says.

    Attributes:
        verb: what the command does to a text.
        done: what a text is afterwards, for progress.
    """

    verb: ClassVar[str]
    done: ClassVar[str]

    files: tuple[str, ...]
    text: str | None
    address: str | None
    bundle: str
    variant: str | None
    timeout_seconds: float
    as_json: bool
    as_json_lines: bool
    resume_file: str | None
    with_metrics: bool

    @abstractmethod
    def ask(self, client: Client, text: str) -> AnswerT:
        """Ask about one text.

        Raises:
            BriefdError: there is no answer.
        """

    @abstractmethod
    def lines_of(self, text: str, answer: AnswerT, terminal: Terminal) -> list[str]:
        """Write an answer for people: the line that holds it, then what else was asked for about the text."""

    def conflict(self) -> str | None:
        """Tell which options do not go together; `None` if all do."""
        if self.text is not None and self.files:
            return "--text and FILE are two ways to give a text: use one of them"
        if self.as_json_lines and (self.text is not None or self.as_json or self.with_metrics):
            return "--jsonl goes with none of --text, --json and --metrics: its lines hold all of it"
        if self.resume_file is not None and not self.as_json_lines:
            return "--resume goes with --jsonl only"
        if self.as_json and self.with_metrics:
            return "--json does not go with --metrics: it holds them"
        return None

    def _common(self) -> dict[str, Any]:
        """Return what the client is told in every case."""
        return {
            "bundle": self.bundle,
            "variant": None if self.variant is None else Variant(self.variant),
            "timeout_seconds": self.timeout_seconds,
        }


@dataclass(frozen=True)
class SummarizeOptions(AskOptions[SummaryResult]):
    """What the user asked of `brief`."""

    verb: ClassVar[str] = "summarize"
    done: ClassVar[str] = "summarized"

    min_words: int
    max_words: int
    min_confidence: float | None
    with_highlight: bool
    with_explanation: bool

    def ask(self, client: Client, text: str) -> SummaryResult:
        """Summarize one text."""
        return client.summarize(
            text,
            min_words=self.min_words,
            max_words=self.max_words,
            explain=self.with_explanation,
            min_confidence=self.min_confidence,
            **self._common(),
        )

    def conflict(self) -> str | None:
        """Tell which options do not go together; `None` if all do."""
        if self.as_json_lines and (self.text is not None or self.as_json or self.with_metrics or self.with_highlight):
            return "--jsonl goes with none of --text, --json, --metrics and --highlight: its lines hold all of it"
        if self.as_json and (self.with_metrics or self.with_highlight):
            return "--json goes with neither --metrics nor --highlight: it holds both"
        return super().conflict()

    def lines_of(self, text: str, answer: SummaryResult, terminal: Terminal) -> list[str]:
        """Write a summary; where they were asked for, the text with the kept words marked and the explanation."""
        blocks = []
        if self.with_highlight:
            mark = emphasized if terminal.shows_styles else bracketed
            harmless = terminal.harmless
            marked = highlight(text, answer.spans, mark=lambda part: mark(harmless(part)), plain=harmless)
            blocks.append(marked.rstrip("\n"))
        if self.with_explanation:
            blocks.append(explanation_table(text, answer.explanation, terminal))
        summary = terminal.harmless(" ".join(answer.summary.splitlines()))
        return [summary, "\n" + "\n\n".join(blocks) + "\n"] if blocks else [summary]


@dataclass(frozen=True)
class ClassifyOptions(AskOptions[ClassificationResult]):
    """What the user asked of `brief classify`."""

    verb: ClassVar[str] = "classify"
    done: ClassVar[str] = "classified"

    label_count: int | None

    def ask(self, client: Client, text: str) -> ClassificationResult:
        """Classify one text."""
        is_for_programs = self.as_json or self.as_json_lines
        label_count = 1 if self.label_count is None and not is_for_programs else self.label_count
        return client.classify(text, label_count=label_count, **self._common())

    def lines_of(self, text: str, answer: ClassificationResult, terminal: Terminal) -> list[str]:  # noqa: ARG002 - the seam's signature
        """Write the labels in one line."""
        return [terminal.harmless(" ".join(labels_line(answer).splitlines()))]


address_option = click.option(
    "--address",
    envvar="BRIEFD_ADDRESS",
    show_envvar=True,
    metavar="ADDRESS",
    help="Where the daemon listens: unix:PATH or HOST:PORT.  [default: the socket that it makes by default]",
)


class _Number(click.FloatRange):
    """A number in a range with two ends: click takes `nan` to lie in every range."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number."""
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"nan is not in the range from {self.min:g} to {self.max:g}.", param, ctx)
        return number


def timeout_option(default_seconds: float) -> Callable[[_Function], _Function]:
    """Make the option for the longest time that a call may take."""
    return click.option(
        "--timeout",
        "timeout_seconds",
        type=_Number(min=0, min_open=True, max=86_400),
        default=default_seconds,
        show_default=True,
        metavar="SECONDS",
        help="Longest time to wait for an answer, a full queue included.",
    )


def summarize_options(command: _Function) -> _Function:
    """Give a command the arguments and options that `SummarizeOptions` holds."""
    return _with_parameters(
        command,
        click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=_complete_file_or_subcommand),
        click.option("--text", metavar="TEXT", help="Summarize this text."),
        click.option(
            "--min", "min_words", default=10, show_default=True, metavar="N", help="Fewest words of the summary."
        ),
        click.option(
            "--max",
            "max_words",
            default=15,
            show_default=True,
            metavar="N",
            help="Most words of the summary; above 20 it may be two whole sentences.",
        ),
        click.option(
            "--min-confidence",
            type=_Number(min=0, max=1),
            metavar="X",
            help="Give no summary unless the probability that no needed word was cut is at least this.",
        ),
        click.option(
            "--highlight", "with_highlight", is_flag=True, help="Show the text too, with the kept words marked."
        ),
        click.option(
            "--explain",
            "with_explanation",
            is_flag=True,
            help="Tell too by which rule each word of the sentence was kept or dropped.",
        ),
        *_output_options("summary"),
        *_MODEL_OPTIONS,
    )


def classify_options(command: _Function) -> _Function:
    """Give a command the arguments and options that `ClassifyOptions` holds."""
    return _with_parameters(
        command,
        click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=_complete_file),
        click.option("--text", metavar="TEXT", help="Classify this text."),
        click.option(
            "--labels",
            "label_count",
            type=int,
            metavar="N",
            help="How many labels to tell, the most probable first.  [default: 1; with --json and --jsonl all]",
        ),
        *_output_options("answer"),
        *_MODEL_OPTIONS,
    )


def _with_parameters(command: _Function, *parameters: Callable[[_Function], _Function]) -> _Function:
    for parameter in reversed(parameters):
        command = parameter(command)
    return command


def _complete_file(_context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


def _complete_file_or_subcommand(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer files, and in the first place the subcommands too."""
    group = context.find_root().command
    names = list(group.commands) if isinstance(group, click.Group) and not context.params.get("files") else []
    subcommands = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return [*subcommands, *_complete_file(context, parameter, incomplete)]


def _output_options(answer: str) -> tuple[Callable[[_Function], _Function], ...]:
    return (
        click.option(
            "--metrics", "with_metrics", is_flag=True, help=f"Tell on standard error what each {answer} cost."
        ),
        click.option(
            "--json", "as_json", is_flag=True, help=f"Write all that is known of each {answer}, one object a line."
        ),
        click.option(
            "--jsonl",
            "as_json_lines",
            is_flag=True,
            help='Read JSON lines with a "text" and, if you like, an "id"; write as many answers, in the same order.',
        ),
        click.option(
            "--resume",
            "resume_file",
            metavar="OUT",
            help="With --jsonl: append the answers to the file OUT, and ask for those only that it does not hold yet.",
        ),
    )


_MODEL_OPTIONS = (
    click.option(
        "--variant",
        type=click.Choice([variant.value for variant in Variant]),
        help="Form of the model.  [default: optimized]",
    ),
    click.option(
        "--bundle", default="", metavar="NAME", help="Name or digest of the model.  [default: the active one]"
    ),
    address_option,
    timeout_option(120.0),
)
