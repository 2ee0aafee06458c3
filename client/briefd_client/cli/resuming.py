"""`--resume`: the file that holds a run's answers, so that a later run asks only for those that are missing."""

from __future__ import annotations

import json
import os
import stat
from collections import Counter
from typing import TYPE_CHECKING, BinaryIO

from briefd_client.cli.inputs import InputError
from briefd_client.cli.terminal import one_line
from briefd_client.errors import BriefdError

if TYPE_CHECKING:
    from types import TracebackType

    Identifier = str | int

# Of every line that `json_line_of` writes for an answer.
_BEGINNING = b'{"id": '


class OutputError(BriefdError):
    """A file of answers cannot be written."""

    reason = "UNWRITABLE_OUTPUT"


class AnswersFile:
    """A file of answers, one JSON object a line, that is read and then appended to.

    Attributes:
        answered: How often each id has an answer; an error is none. Ids that are `null` say nothing.
    """

    def __init__(self, path: str) -> None:
        """Open the file, or make it, and read the ids; a last line that an interrupted run left is cut off.

        Raises:
            InputError: it cannot be opened, or holds something else.
        """
        self._name = one_line(path)
        try:
            self._file: BinaryIO = open(path, "a+b", buffering=0)  # noqa: SIM115 - closed by `__exit__`
            if not stat.S_ISREG(os.fstat(self._file.fileno()).st_mode):
                raise InputError(f"{self._name}: is no regular file; give a file that can be read and appended to")
            self.answered, whole_bytes = self._read()
            if whole_bytes < self._file.seek(0, os.SEEK_END):
                self._file.truncate(whole_bytes)
        except OSError as error:
            raise InputError(f"{self._name}: cannot be opened ({error.strerror})") from error

    def __enter__(self) -> AnswersFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, line: str) -> None:
        """Append a line.

        Raises:
            OutputError: it cannot be written.
        """
        data = memoryview(f"{line}\n".encode())
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise OutputError(f"{self._name} cannot be written ({error.strerror}); resume it once it can be") from error

    def _read(self) -> tuple[Counter[Identifier], int]:
        """Return the ids that are answered, and how many bytes the whole lines take."""
        answered: Counter[Identifier] = Counter()
        whole_bytes = 0
        self._file.seek(0)
        with open(self._file.fileno(), "rb", closefd=False) as lines:
            for line in lines:
                is_whole = line.endswith(b"\n")
                if not (_is_answer(line) if is_whole else _begins_answer(line)):
                    raise InputError(f"{self._name}: is not what --jsonl writes; give the file of its answers")
                if is_whole:
                    whole_bytes += len(line)
                    answered.update(_answered_id(line))
        return answered, whole_bytes


def _is_answer(line: bytes) -> bool:
    try:
        return isinstance(record := json.loads(line), dict) and "id" in record
    except ValueError:
        return False


def _begins_answer(line: bytes) -> bool:
    return line.startswith(_BEGINNING[: len(line)])


def _answered_id(line: bytes) -> tuple[Identifier, ...]:
    record = json.loads(line)
    return () if "error" in record or record["id"] is None else (record["id"],)
