"""What the card beside a model says of it: the front matter of its `README.md`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from huggingface_hub import metadata_load

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

UNKNOWN_LICENSE = "unknown"

_DEFAULT_LANGUAGE = "en"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Card(NamedTuple):
    """A model's licence, or `UNKNOWN_LICENSE`, and its first language as BCP 47, English where none is named."""

    license: str
    language: str


def read_card(file: Path) -> Card:
    """Read a card; one that is missing or damaged says nothing."""
    try:
        content: Mapping[str, Any] = metadata_load(file) or {}
        return Card(_license(content), _language(content))
    except Exception:  # a card is written by hand: YAML that can't be read is a card that doesn't say
        return Card(UNKNOWN_LICENSE, _DEFAULT_LANGUAGE)


def _license(content: Mapping[str, Any]) -> str:
    given = content.get("license")
    if given == "other":
        given = content.get("license_name") or given
    return ", ".join(map(str, _as_list(given))) or UNKNOWN_LICENSE


def _language(content: Mapping[str, Any]) -> str:
    first = next(iter(_as_list(content.get("language"))), None)
    return first if isinstance(first, str) and _LANGUAGE.fullmatch(first) else _DEFAULT_LANGUAGE


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
