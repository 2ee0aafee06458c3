"""What a bundle's manifest tells the classifier engine, checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.engines.base import MAX_LABEL_COUNT
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from briefd_server.bundle import Manifest

ENGINE = "classifier"
LABELS = "labels"
WINDOW_PIECES = "window_pieces"

_LEAST_WINDOW_PIECES = 8
_MOST_WINDOW_PIECES = 512
_MOST_CHARACTERS = 100


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a bundle's manifest tells the engine.

    Attributes:
        labels: names of the model's outputs, in their order.
        language: language that the bundle was made for, as BCP 47.
        window_pieces: most pieces that the model reads at once, special ones included.
    """

    labels: tuple[str, ...]
    language: str
    window_pieces: int


def read_parameters(manifest: Manifest) -> Parameters:
    """Read this engine's parameters off a manifest; raises `BundleError` where they are missing or wrong."""
    if manifest.engine != ENGINE:
        raise BundleError(f"bundle {manifest.name} is one of the {manifest.engine} engine; name a {ENGINE} one")
    try:
        labels = _labels(manifest.engine_parameters[LABELS])
        return Parameters(labels, manifest.language, _window_pieces(manifest.limits[WINDOW_PIECES]))
    except (KeyError, ValueError) as error:
        raise BundleError(f"bundle {manifest.name}: bad engine parameters ({error}); rebuild it") from None


def _labels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(map(_is_name, value)):
        raise ValueError(f"{LABELS} must be a list of names of 1 to {_MOST_CHARACTERS} printable characters")
    if not 2 <= len(set(value)) == len(value) <= MAX_LABEL_COUNT:
        raise ValueError(f"{LABELS} must be 2 to {MAX_LABEL_COUNT} names that differ")
    return tuple(value)


def _is_name(value: object) -> bool:
    # Names are shown in terminals and logs.
    return isinstance(value, str) and bool(value.strip()) and value.isprintable() and len(value) <= _MOST_CHARACTERS


def _window_pieces(value: int) -> int:
    if not _LEAST_WINDOW_PIECES <= value <= _MOST_WINDOW_PIECES:
        raise ValueError(f"{WINDOW_PIECES} must be from {_LEAST_WINDOW_PIECES} to {_MOST_WINDOW_PIECES}")
    return value
