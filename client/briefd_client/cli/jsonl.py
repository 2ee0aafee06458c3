"""`--jsonl`: many texts in, one JSON object a line, and as many answers out, in the same order."""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import ExitStack, closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import click

from briefd_client.cli.exits import ExitStatus, would_recur
from briefd_client.cli.inputs import MAX_INPUT_BYTES, InputError, decoded, read_lines
from briefd_client.cli.pipeline import map_in_order
from briefd_client.cli.records import AnswerT, Record, error_record_of, json_line_of, record_of
from briefd_client.cli.resuming import AnswersFile
from briefd_client.cli.terminal import complain, write_answer
from briefd_client.errors import BriefdError, RequestError
from briefd_client.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from briefd_client.cli.inputs import Source
    from briefd_client.cli.options import AskOptions
    from briefd_client.cli.resuming import Identifier
    from briefd_client.cli.terminal import Terminal
    from briefd_client.results import HealthReport

# A daemon that is restarted meanwhile is waited for as long as the timeout says. A text that was being worked on when
# the connection was lost is asked about again, but not for ever: it may be what ended the daemon.
_RETRY = RetryPolicy(unavailable_retry_count=sys.maxsize, lost_retry_count=2)
_MOST_CONCURRENT_CALLS = 32


class MalformedLineError(RequestError):
    """A line is not what `--jsonl` reads."""

    reason = "MALFORMED_LINE"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the input; `number` counts from 1 over all files, blank lines included."""

    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What is written for a line, and why it holds no answer of the daemon's."""

    record: Record
    failure: BriefdError | None


def answer_lines(sources: Sequence[Source], options: AskOptions[AnswerT], terminal: Terminal) -> ExitStatus:
    """Answer every line of every source.

    Raises:
        BriefdError: what would fail every further line as well; lines up to there are answered.
    """
    from briefd_client.client import Client  # noqa: PLC0415 - gRPC is imported only once it is needed

    with ExitStack() as files:
        streams, status = _open_all(sources, files)
        if not streams:
            return status
        out = files.enter_context(AnswersFile(options.resume_file)) if options.resume_file is not None else None
        answered = Counter() if out is None else out.answered
        line_count = _count_lines(streams, answered) if terminal.takes_progress else None
        with Client(options.address) as client:
            concurrency = concurrency_for(client.health(timeout_seconds=options.timeout_seconds))
        with Client(options.address, retry=_RETRY) as client:
            answers = map_in_order(
                lambda line: answer_line(line, lambda text: options.ask(client, text)),
                unanswered_lines(streams, answered),
                concurrency=concurrency,
            )
            with closing(answers), _progress_bar(answers, line_count, options, terminal) as shown:
                failed_count = _write(shown, write_answer if out is None else out.write)
    return ExitStatus.SOME_LINES_FAILED if failed_count else status


def concurrency_for(report: HealthReport) -> int:
    """Tell how many calls keep a daemon busy and leave its queue to others: one running and one waiting a worker."""
    worker_count = 1 if report.limits is None else report.limits.worker_count
    return min(max(2 * worker_count, 1), _MOST_CONCURRENT_CALLS)


def numbered_lines(streams: Iterable[BinaryIO]) -> Iterator[Line]:
    """Yield the lines of all streams that hold more than blanks."""
    number = 0
    for stream in streams:
        for content in read_lines(stream):
            number += 1
            if content.strip():
                yield Line(number, content)


def unanswered_lines(streams: Iterable[BinaryIO], answered: Counter[Identifier]) -> Iterator[Line]:
    """Yield the lines that ask for more answers under their id, or else their number, than are there."""
    left = answered.copy()
    for line in numbered_lines(streams):
        identifier = _identifier_in(line) if left else None
        if identifier is not None and left[identifier]:
            left[identifier] -= 1
        else:
            yield line


def answer_line(line: Line, ask: Callable[[str], AnswerT]) -> Answer:
    """Read one line, ask about its text, and put the answer or the failure under the line's id or else its number."""
    identifier: Identifier | None = line.number
    try:
        fields = parse_line(line.content)
        identifier = _identifier_of(fields, line.number)
        record = record_of(ask(_text_of(fields)))
    except BriefdError as failure:
        return Answer({"id": identifier, **error_record_of(failure)}, failure)
    return Answer({"id": identifier, **record}, None)


def parse_line(content: bytes) -> dict[str, object]:
    """Read a line as a JSON object; a byte-order mark before it is passed over.

    Raises:
        InputError: it is too long or not UTF-8.
        MalformedLineError: it is not a JSON object.
    """
    if len(content) > MAX_INPUT_BYTES:
        raise InputError("the line is larger than any daemon accepts; give a shorter text", reason="TEXT_TOO_LARGE")
    try:
        fields = json.loads(decoded(content).removeprefix("\ufeff"))
    except (ValueError, RecursionError):  # not JSON, a number of thousands of digits, or thousands of brackets
        fields = None
    if not isinstance(fields, dict):
        raise MalformedLineError('the line is not a JSON object; write {"id": "...", "text": "..."}')
    return fields


def _identifier_in(line: Line) -> Identifier | None:
    try:
        return _identifier_of(parse_line(line.content), line.number)
    except BriefdError:  # it has none, which is said when it is answered
        return None


def _identifier_of(fields: dict[str, object], line_number: int) -> Identifier | None:
    identifier = fields.get("id", line_number)
    if identifier is None or (isinstance(identifier, str | int) and not isinstance(identifier, bool)):
        return identifier
    raise MalformedLineError('the "id" is neither a string nor a whole number; write it as one, or leave it out')


def _text_of(fields: dict[str, object]) -> str:
    text = fields.get("text")
    if not isinstance(text, str):
        raise MalformedLineError('the line has no "text" that is a string; write {"id": "...", "text": "..."}')
    return text


def _open_all(sources: Sequence[Source], files: ExitStack) -> tuple[list[BinaryIO], ExitStatus]:
    streams = [stream for stream in (_open_or_complain(source, files) for source in sources) if stream is not None]
    return streams, ExitStatus.OK if len(streams) == len(sources) else ExitStatus.BAD_INPUT


def _open_or_complain(source: Source, files: ExitStack) -> BinaryIO | None:
    try:
        return files.enter_context(source.open())
    except InputError as failure:
        complain(str(failure), about=source.shown_name)
        return None


def _count_lines(streams: Iterable[BinaryIO], answered: Counter[Identifier]) -> int | None:
    """Count the lines that will be answered; `None` where a stream can be read only once."""
    streams = list(streams)
    if not all(stream.seekable() for stream in streams):
        return None
    starts = [stream.tell() for stream in streams]
    count = sum(1 for _ in unanswered_lines(streams, answered))
    for stream, start in zip(streams, starts, strict=True):
        stream.seek(start)
    return count


def _progress_bar(
    answers: Iterable[Answer], line_count: int | None, options: AskOptions[AnswerT], terminal: Terminal
) -> AbstractContextManager[Iterable[Answer]]:
    if not terminal.takes_progress:
        return nullcontext(answers)
    return click.progressbar(answers, length=line_count, label=options.done, show_pos=True, file=sys.stderr)


def _write(answers: Iterable[Answer], write: Callable[[str], None]) -> int:
    """Write the answers as they come, and return how many lines failed."""
    answered_count = failed_count = 0
    for answer in answers:
        write(json_line_of(answer.record))
        answered_count += 1
        failed_count += answer.failure is not None
        if answer.failure is not None and would_recur(answer.failure):
            raise answer.failure
    if failed_count:
        complain(f'{failed_count} of {answered_count} lines failed; see their "error"')
    return failed_count
