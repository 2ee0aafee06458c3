"""What every command of this distribution does where its standard output cannot be written."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_CANNOT_WRITE = 74
"""`EX_IOERR` of `sysexits.h`."""

# Of a write to a descriptor: no space, no quota, a size limit, a broken device or terminal, one not open for writing.
_WRITE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


@contextmanager
def guarded_output(program: str) -> Iterator[None]:
    """Exit with 74 and one line on standard error where the command inside cannot write to standard output."""
    try:
        yield
    except OSError as error:
        if error.errno not in _WRITE_ERRORS or error.filename is not None:
            raise
        # What is buffered would fail again when Python flushes it at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.stderr.write(f"{program}: standard output cannot be written: {error.strerror}\n")
        sys.exit(EXIT_CANNOT_WRITE)
