"""Prompt templates: what stands before and after a text so that a language model writes its summary.

The known ones are data (`templates.toml`). A model that was trained with another has it beside its weights, in
`briefd-template.json`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.generative.source import read_end_token
from briefd_server.engines.generative.prompt import Template, read_template

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

TEMPLATE_NAME = "briefd-template.json"


@dataclass(frozen=True)
class KnownTemplate:
    """A template of `templates.toml`.

    Attributes:
        template: what it puts around a text.
        families: whose models it suits.
        end_of_turn: the token that ends every message of a chat; None where there is no chat.
    """

    template: Template
    families: tuple[str, ...]
    end_of_turn: str | None


def find_template(family: str, tokenizer: Tokenizer, directory: Path, name: str | None = None) -> Template:
    """Find the template for a model.

    Args:
        family: the model's, as its `config.json` says.
        tokenizer: the model's.
        directory: the model's: where a `briefd-template.json` lies there, that is it.
        name: of a known template, which goes before all others.

    Raises:
        BuildError: the name is unknown or the tokenizer lacks its tokens, or the directory's file is damaged.

    """
    if name is not None:
        return _find_by_name(name, tokenizer)
    if (directory / TEMPLATE_NAME).is_file():
        return read_template_file(directory / TEMPLATE_NAME)
    suitable = [known for known in known_templates().values() if family in known.families]
    end_token = read_end_token(directory)
    # Many base models know the tokens of a chat too; only those that learned to chat end what they write with one.
    chats = [each for each in suitable if each.end_of_turn == end_token and _knows(tokenizer, each.end_of_turn)]
    others = [each for each in suitable if each.end_of_turn is None]
    if not chats + others:
        raise BuildError(f"there is no template for the family {family!r}; name one with --template: {_names()}")
    return (chats + others)[0].template


@cache
def known_templates() -> dict[str, KnownTemplate]:
    """Read the templates that come with the builder, by name."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - by version
    else:
        import tomli as tomllib  # noqa: PLC0415 - likewise
    text = resources.files("briefd_build").joinpath("templates.toml").read_text(encoding="utf-8")
    return {
        name: KnownTemplate(
            Template(entry["prefix"], entry["suffix"]), tuple(entry["families"]), entry.get("end_of_turn")
        )
        for name, entry in tomllib.loads(text).items()
    }


def read_template_file(file: Path) -> Template:
    """Read a `briefd-template.json`.

    Raises:
        BuildError: it is damaged.

    """
    try:
        return parse_template(file.read_bytes())
    except OSError as error:
        raise BuildError(f"{file} cannot be read ({error.strerror}); give the right to, or remove it") from error
    except ValueError as error:
        raise BuildError(f"{file}: {error}") from error


def parse_template(content: bytes) -> Template:
    """Parse the content of a `briefd-template.json`: an object with the strings `prefix` and `suffix`.

    Raises:
        ValueError: it is something else; the message states the fix.

    """
    try:
        value: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is not valid JSON in UTF-8; write it again, or remove it") from error
    if not all(map(_is_whole, value.values() if isinstance(value, dict) else ())):
        raise ValueError("the prompt has half of a character (a lone surrogate); write it whole")
    return read_template(value)


def write_template(template: Template) -> str:
    """Write the content of a `briefd-template.json`."""
    return json.dumps(asdict(template), indent=2) + "\n"


def _is_whole(value: object) -> bool:
    """Whether a value, where it is a string, has whole characters only: JSON can spell half of one."""
    return not isinstance(value, str) or not any("\ud800" <= character <= "\udfff" for character in value)


def _find_by_name(name: str, tokenizer: Tokenizer) -> Template:
    known = known_templates().get(name)
    if known is None:
        raise BuildError(f"there is no template {name!r}; choose one of {_names()}")
    if known.end_of_turn is not None and not _knows(tokenizer, known.end_of_turn):
        raise BuildError(f"the template {name!r} needs a tokenizer that knows {known.end_of_turn}; choose another one")
    return known.template


def _knows(tokenizer: Tokenizer, token: str | None) -> bool:
    return token is not None and tokenizer.token_to_id(token) is not None


def _names() -> str:
    return ", ".join(known_templates())
