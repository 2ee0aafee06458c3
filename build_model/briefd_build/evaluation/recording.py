"""Answers written down, so that those of two bundles, or of two releases, can be read side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.lines import parse_object, read_lines, refused_at
from briefd_server.engines.base import DEFAULT_MAX_WORD_COUNT, DEFAULT_MIN_WORD_COUNT, Task, UnwatchedCall
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_server.engines.base import Engine

_EXAMPLE = '{"id": "...", "genre": "...", "text": "..."}'


@dataclass(frozen=True)
class SourceText:
    """A text to be answered; `least` and `most` bound the answer's words."""

    id: str
    genre: str
    text: str
    least: int = DEFAULT_MIN_WORD_COUNT
    most: int = DEFAULT_MAX_WORD_COUNT


@dataclass(frozen=True)
class RecordedAnswer:
    """A text with its answer."""

    id: str
    genre: str
    text: str
    given: str

    def to_json(self) -> dict[str, Any]:
        """Give the answer's line."""
        return asdict(self)


def read_source_texts(file: Path) -> list[SourceText]:
    r"""Read texts, a JSON object a line: `text`, and where given `id`, `genre`, `min` and `max`.

    Raises:
        BuildError: a line is none of these, or an id comes twice.
    """
    texts: list[SourceText] = []
    for place, line in read_lines(file):
        with refused_at(place):
            texts.append(_parse_text(parse_object(line, _EXAMPLE), str(len(texts) + 1)))
    _check_ids(file, [each.id for each in texts])
    return texts


def read_answers(file: Path) -> list[RecordedAnswer]:
    """Read what `record` wrote; raises `BuildError`."""
    answers = []
    for place, line in read_lines(file):
        with refused_at(place):
            record = parse_object(line, '{"id": "...", "genre": "...", "text": "...", "given": "..."}')
            answers.append(RecordedAnswer(*(take_text(record, name) for name in ("id", "genre", "text", "given"))))
    _check_ids(file, [each.id for each in answers])
    return answers


def record(engine: Engine, source: SourceText) -> RecordedAnswer:
    """Answer a text."""
    summary = engine.summarize(Task(source.text, source.least, source.most), UnwatchedCall())
    return RecordedAnswer(source.id, source.genre, source.text, summary.text)


def take_text(record: dict[str, Any], name: str, default: str | None = None) -> str:
    """Take a text out of a record; raises ValueError where it lacks it."""
    value = record.get(name, default)
    if not isinstance(value, str):
        raise ValueError(f"it has no {name} that is a text; add it")  # noqa: TRY004 - a parser's error
    return value


def _parse_text(record: dict[str, Any], number: str) -> SourceText:
    text = take_text(record, "text")
    if not count_words(text):
        raise ValueError("no word is in its text; remove it")
    least, most = record.get("min", DEFAULT_MIN_WORD_COUNT), record.get("max", DEFAULT_MAX_WORD_COUNT)
    if not (isinstance(least, int) and isinstance(most, int) and 1 <= least <= most):
        raise ValueError("its min and max must be whole numbers, 1 or more and min no greater than max")
    return SourceText(take_text(record, "id", number), take_text(record, "genre", "all"), text, least, most)


def _check_ids(file: Path, ids: list[str]) -> None:
    if not ids:
        raise BuildError(f"{file} holds no texts; write {_EXAMPLE} a line")
    if len(set(ids)) < len(ids):
        raise BuildError(f"{file}: an id comes twice; give every text one of its own")
