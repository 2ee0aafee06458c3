"""Which cases of a test are for every run, and which for `make test-long`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable


def cases(fast: Iterable[Any], long: Iterable[Any]) -> list[Any]:
    """Mark those cases long that ask the same of another family or form, each with an export of seconds."""
    marked = ((case if isinstance(case, tuple) else (case,)) for case in long)
    return [*fast, *(pytest.param(*values, marks=pytest.mark.long) for values in marked)]
