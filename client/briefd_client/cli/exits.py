"""What the command's exit status tells a script."""

from __future__ import annotations

from enum import IntEnum

from briefd.output import EXIT_CANNOT_WRITE
from briefd_client.cli.resuming import OutputError
from briefd_client.errors import (
    BriefdError,
    DeadlineError,
    LowConfidenceError,
    NotServedError,
    OptionError,
    QueueFullError,
    RequestError,
    UnavailableError,
)


class ExitStatus(IntEnum):
    """Numbers of `sysexits.h` where it has one, of `timeout` and of shells otherwise; 1 and 3 are this command's."""

    OK = 0
    SOME_LINES_FAILED = 1
    USAGE = 2
    LOW_CONFIDENCE = 3
    BAD_INPUT = 65
    UNAVAILABLE = 69
    CANNOT_WRITE = EXIT_CANNOT_WRITE
    TRY_LATER = 75
    DEADLINE = 124
    INTERRUPTED = 130


_HELP = """\b
Exit status:
  0    all is answered
  1    with --jsonl: some lines failed
  2    usage: an option, an address or a length is wrong, a bundle or variant unknown, or the
       daemon's bundle is there for another task{confidence}
  65   bad input: a file cannot be read, is not UTF-8, or holds no text with a word
  69   unavailable: no daemon answers, or it failed
  74   the output cannot be written: its disk is full, for example
  75   try later: the queue is full
  124  the answer was not there in time
  130  interrupted
"""
SUMMARIZE_EXIT_STATUS_HELP = _HELP.format(
    confidence=""" or gives no confidence
  3    low confidence: the summary is not as certain as --min-confidence asks"""
)
CLASSIFY_EXIT_STATUS_HELP = _HELP.format(confidence="")

# The first class that fits decides; all other failures are the daemon's.
_STATUS_BY_CLASS: tuple[tuple[type[BriefdError], ExitStatus], ...] = (
    (OptionError, ExitStatus.USAGE),
    (NotServedError, ExitStatus.USAGE),
    (RequestError, ExitStatus.BAD_INPUT),
    (OutputError, ExitStatus.CANNOT_WRITE),
    (LowConfidenceError, ExitStatus.LOW_CONFIDENCE),
    (QueueFullError, ExitStatus.TRY_LATER),
    (DeadlineError, ExitStatus.DEADLINE),
)


def would_recur(failure: BriefdError) -> bool:
    """Tell whether the next text would fail in the same way, since it was not for the text that this one failed."""
    return isinstance(failure, (UnavailableError, OptionError, NotServedError))


def exit_status_of(failure: BriefdError) -> ExitStatus:
    """Tell which exit status a failure has."""
    for kind, status in _STATUS_BY_CLASS:
        if isinstance(failure, kind):
            return status
    return ExitStatus.UNAVAILABLE
