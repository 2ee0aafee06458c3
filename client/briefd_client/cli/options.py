"""The options of the commands, and what they may not be together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from briefd_client.results import Variant

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_client.client import Client
    from briefd_client.results import SummaryResult

_Function = TypeVar("_Function", bound="Callable[..., Any]")


@dataclass(frozen=True, slots=True)
class SummarizeOptions:
    """What the user asked of `brief`."""

    files: tuple[str, ...]
    text: str | None
    address: str | None
    min_words: int
    max_words: int
    bundle: str
    variant: str | None
    timeout_seconds: float
    as_json: bool
    as_json_lines: bool
    with_metrics: bool
    with_highlight: bool

    def summarize(self, client: Client, text: str) -> SummaryResult:
        """Summarize one text as asked.

        Raises:
            BriefdError: there is no answer.
        """
        return client.summarize(
            text,
            min_words=self.min_words,
            max_words=self.max_words,
            bundle=self.bundle,
            variant=None if self.variant is None else Variant(self.variant),
            timeout_seconds=self.timeout_seconds,
        )

    def conflict(self) -> str | None:
        """Tell which options do not go together; `None` if all do."""
        if self.text is not None and self.files:
            return "--text and FILE are two ways to give a text: use one of them"
        if self.as_json_lines and (self.text is not None or self.as_json or self.with_metrics or self.with_highlight):
            return "--jsonl goes with none of --text, --json, --metrics and --highlight: its lines hold all of it"
        if self.as_json and (self.with_metrics or self.with_highlight):
            return "--json goes with neither --metrics nor --highlight: it holds both"
        return None


address_option = click.option(
    "--address",
    envvar="BRIEFD_ADDRESS",
    show_envvar=True,
    metavar="ADDRESS",
    help="Where the daemon listens: unix:PATH or HOST:PORT.  [default: the socket that it makes by default]",
)


class _Seconds(click.FloatRange):
    """A number of seconds: click takes `nan` to lie in every range."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number."""
        seconds = float(super().convert(value, param, ctx))
        if math.isnan(seconds):
            self.fail("nan is not in the range; give a number of seconds.", param, ctx)
        return seconds


def timeout_option(default_seconds: float) -> Callable[[_Function], _Function]:
    """Make the option for the longest time that a call may take."""
    return click.option(
        "--timeout",
        "timeout_seconds",
        type=_Seconds(min=0, min_open=True, max=86_400),
        default=default_seconds,
        show_default=True,
        metavar="SECONDS",
        help="Longest time to wait for an answer, a full queue included.",
    )


def summarize_options(command: _Function) -> _Function:
    """Give a command the arguments and options that `SummarizeOptions` holds."""
    for parameter in reversed(_SUMMARIZE_PARAMETERS):
        command = parameter(command)
    return command


def _complete_file(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer files, and in the first place the subcommands too."""
    group = context.find_root().command
    names = list(group.commands) if isinstance(group, click.Group) and not context.params.get("files") else []
    subcommands = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return [*subcommands, CompletionItem(incomplete, type="file")]


_SUMMARIZE_PARAMETERS = (
    click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=_complete_file),
    click.option("--text", metavar="TEXT", help="Summarize this text."),
    click.option("--min", "min_words", default=10, show_default=True, metavar="N", help="Fewest words of the summary."),
    click.option("--max", "max_words", default=15, show_default=True, metavar="N", help="Most words of the summary."),
    click.option("--highlight", "with_highlight", is_flag=True, help="Show the text too, with the kept words marked."),
    click.option("--metrics", "with_metrics", is_flag=True, help="Tell on standard error what each summary cost."),
    click.option("--json", "as_json", is_flag=True, help="Write all that is known of each summary, one object a line."),
    click.option(
        "--jsonl",
        "as_json_lines",
        is_flag=True,
        help='Read JSON lines with a "text" and, if you like, an "id"; write as many answers, in the same order.',
    ),
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
