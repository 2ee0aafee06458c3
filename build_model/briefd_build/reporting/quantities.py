"""Numbers as people read them: three digits that count, a unit, and a dash for what was not measured."""

from __future__ import annotations

import math
import unicodedata
from typing import TypeGuard

MISSING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
_TIMES = "\N{MULTIPLICATION SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
"""Stands between a number and its unit; where texts are put on one line it becomes a common one."""
_PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))
_SMALL_PREFIXES = ((1.0, ""), (1e-3, "m"), (1e-6, "µ"))
# What turns the order of the text around it: embeddings, overrides and isolates.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """Replace what could change how the text around it is shown: control characters, turns of direction, no characters.

    Line breaks and tabs stay.
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _is_harmful(character) else character for character in text)


def one_line(text: str) -> str:
    """Make a text plain and put it on one line."""
    return plain(" ".join(text.split()))


def _is_harmful(character: str) -> bool:
    return (
        character in _BIDI_CONTROLS
        or character in "\ufffe\uffff"
        or (unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\t")
    )


def is_known(value: float | None) -> TypeGuard[float]:
    """Whether there is a number."""
    return value is not None and math.isfinite(value)


def ratio(value: float | None, reference: float | None) -> float | None:
    """Divide; None where a number is lacking or the reference is 0."""
    return value / reference if is_known(value) and is_known(reference) and reference else None


def significant(value: float) -> str:
    """Write a number with three digits that count, more before the point: 0.0123, 4.57, 1,234."""
    if float(value).is_integer() and abs(value) < 1000:
        return f"{value:.0f}"
    decimals = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    # 9.996 has become 10.00: one digit too many.
    return text[:-1].rstrip(".") if decimals and sum(map(str.isdigit, text.lstrip("-0."))) > 3 else text


def size(byte_count: float | None) -> str:
    """Write a number of bytes: 912 B, 3.41 MB (a million bytes)."""
    return _with_prefix(byte_count, _PREFIXES, "B")


def count(number: float | None) -> str:
    """Write a large number: 912, 22.7 M."""
    return _with_prefix(number, _PREFIXES, "")


def milliseconds(value: float | None) -> str:
    """Write a time given in milliseconds."""
    return _with_unit(value, "ms")


def seconds(value: float | None) -> str:
    """Write a time given in seconds: 31.2 ms, 4.57 s, 12 min, 3.1 h."""
    if not is_known(value):
        return MISSING
    if abs(value) >= 7200:
        return f"{value / 3600:.1f}{_SPACE}h"
    if abs(value) >= 120:
        return f"{value / 60:.0f}{_SPACE}min"
    return _with_prefix(value, _SMALL_PREFIXES, "s")


def joules(value: float | None) -> str:
    """Write an energy: 31.2 mJ, 4.57 J."""
    return _with_prefix(value, _SMALL_PREFIXES, "J")


def times(factor: float | None) -> str:
    """Write a ratio: 0.47 ×."""
    if not is_known(factor):
        return MISSING
    return f"{factor:.2f}{_SPACE}{_TIMES}" if 0.1 <= factor < 10 else f"{significant(factor)}{_SPACE}{_TIMES}"


def share(value: float | None, decimals: int = 1) -> str:
    """Write a share, 0 to 1, in percent."""
    return f"{100 * value:.{decimals}f}{_SPACE}%" if is_known(value) else MISSING


def change(factor: float | None) -> str:
    """Write what a ratio changed, in percent with a sign; from thrice as much on as a multiple."""
    if not is_known(factor):
        return MISSING
    if factor >= 3:
        return f"{_TIMES}{_SPACE}{significant(factor)}"
    percent = 100 * (factor - 1)
    text = f"{abs(percent):.1f}" if abs(percent) < 10 else f"{abs(percent):.0f}"
    if float(text) == 0:
        return f"±{_SPACE}0{_SPACE}%"
    # A hundred percent less would be nothing at all.
    text = f"{abs(percent):.1f}" if text == "100" and percent < 0 else text
    return f"{'+' if percent > 0 else MINUS}{text}{_SPACE}%"


def signed(value: float, decimals: int = 1) -> str:
    """Write a difference with its sign, a true minus."""
    text = f"{abs(value):.{decimals}f}"
    return f"±{_SPACE}{text}" if float(text) == 0 else f"{'+' if value > 0 else MINUS}{text}"


def _with_unit(value: float | None, unit: str) -> str:
    return f"{significant(value)}{_SPACE}{unit}" if is_known(value) else MISSING


def _with_prefix(value: float | None, prefixes: tuple[tuple[float, str], ...], unit: str) -> str:
    if not is_known(value):
        return MISSING
    # Half a digit less, so that 999,999 is a million and not a thousand thousands.
    fitting = (each for each in prefixes if abs(value) >= 0.9995 * each[0])
    factor, prefix = next(fitting, prefixes[-1]) if value else (1.0, "")
    return f"{significant(value / factor)}{_SPACE}{prefix}{unit}".rstrip()
