"""The builder's own error: something the user can mend, said in one line."""

from __future__ import annotations


class BuildError(Exception):
    """The build can't go on; the message states the fix."""
