"""Reading typed fields out of JSON, each refusal naming its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from briefd_server.errors import BundleError

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator

MANIFEST_NAME = "bundle.json"


class Fields:
    """The fields of one JSON object; every reading marks its field as known.

    Every method but `refuse_others` raises `BundleError` where the field is missing or not what it should be.
    """

    def __init__(self, content: object, place: str = "") -> None:
        if not isinstance(content, dict):
            raise BundleError(f"{MANIFEST_NAME}: {place or 'the whole'} must be an object")
        self._content = content
        self._place = place
        self._known: set[str] = set()

    def text(self, key: str) -> str:
        """Read a text that is not empty."""
        value = self._take(key)
        if not isinstance(value, str) or not value:
            raise self._refusal(key, "a text that is not empty")
        return value

    def optional_text(self, key: str) -> str | None:
        """Read a text, or none where the key is absent."""
        return self.text(key) if key in self._content else None

    def texts(self, key: str, pattern: re.Pattern[str] | None = None) -> tuple[str, ...]:
        """Read a list of texts, each matching `pattern` as a whole; empty where the key is absent."""
        self._known.add(key)
        value = self._content.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._refusal(key, "a list of texts")
        if pattern and not all(map(pattern.fullmatch, value)):
            raise self._refusal(key, f"a list of texts like {pattern.pattern}")
        return tuple(value)

    def matching(self, key: str, pattern: re.Pattern[str]) -> str:
        """Read a text that matches a pattern as a whole."""
        value = self.text(key)
        if not pattern.fullmatch(value):
            raise self._refusal(key, f"a text like {pattern.pattern}")
        return value

    def one_of(self, key: str, choices: Collection[str]) -> str:
        """Read one of some texts."""
        value = self.text(key)
        if value not in choices:
            raise self._refusal(key, " or ".join(choices))
        return value

    def integer(self, key: str) -> int:
        """Read a whole number from 0 to 2**63 - 1, which the wire can carry."""
        return self._integer(key, self._take(key))

    def optional_integer(self, key: str) -> int | None:
        """Read a whole number, or none where the key is absent."""
        return self.integer(key) if key in self._content else None

    def mapping(self, key: str) -> dict[str, Any]:
        """Read an object as it is; empty where the key is absent."""
        self._known.add(key)
        value = self._content.get(key, {})
        if not isinstance(value, dict):
            raise self._refusal(key, "an object")
        return value

    def integers(self, key: str) -> dict[str, int]:
        """Read an object of whole numbers; empty where the key is absent."""
        return {name: self._integer(f"{key}.{name}", value) for name, value in self.mapping(key).items()}

    def entries(self, key: str) -> Iterator[tuple[str, Fields]]:
        """Read an object of objects, which must be there."""
        self._take(key)
        for name, value in self.mapping(key).items():
            yield name, Fields(value, f"{self._prefix}{key}.{name}")

    def refuse_others(self) -> None:
        """Refuse fields that were not read: a misspelt one would otherwise be lost in silence."""
        if others := sorted(set(self._content) - self._known):
            raise BundleError(f"{MANIFEST_NAME}: {self._prefix}{others[0]!r} is not known; remove it")

    @property
    def _prefix(self) -> str:
        return f"{self._place}." if self._place else ""

    def _take(self, key: str) -> object:
        if key not in self._content:
            raise BundleError(f"{MANIFEST_NAME}: {self._prefix}{key} is missing")
        self._known.add(key)
        return self._content[key]

    def _integer(self, key: str, value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
            raise self._refusal(key, "a whole number from 0")
        return value

    def _refusal(self, key: str, wanted: str) -> BundleError:
        return BundleError(f"{MANIFEST_NAME}: {self._prefix}{key} must be {wanted}")
