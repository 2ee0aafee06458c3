"""The prompt: a fixed template around the text, as token ids.

What stands before the text is always the same tokens, so that the model's cache of them serves every call. The text is
data and never more: where it spells a special token (`<|im_end|>`), its characters are read, and not the token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

LEAST_TEXT_TOKENS = 64
"""Tokens of text, some forty words, below which a context is too short to be of use."""

# A character that is none: no tokenizer knows it, so it shows what is given for what it does not know.
_UNKNOWN_CHARACTER = "\U0010fffe"


@dataclass(frozen=True, slots=True)
class Template:
    """What stands before and after the text; special tokens in it are meant as such."""

    prefix: str
    suffix: str


def read_template(value: object) -> Template:
    """Check a manifest's template.

    Raises:
        ValueError: it is not an object with the texts `prefix` and `suffix` alone.

    """
    if not isinstance(value, dict) or value.keys() != {"prefix", "suffix"}:
        raise ValueError("prompt must be an object with a prefix and a suffix")
    if not all(isinstance(part, str) for part in value.values()):
        raise ValueError("the prompt's prefix and suffix must be texts, which may be empty")
    return Template(**value)


class Prompt:
    """Makes prompts of texts.

    Attributes:
        prefix_ids: the tokens before every text, with those that the tokenizer begins every input with.

    """

    def __init__(self, tokenizer: Tokenizer, template: Template, *, is_encoder_decoder: bool) -> None:
        """Encode the template.

        Args:
            tokenizer: the model's; it is the prompt's own from here on.
            template: what goes around the texts.
            is_encoder_decoder: whether an encoder reads the prompt, which then ends as the tokenizer ends every input.

        """
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        opening, closing = _framing(tokenizer)
        tokens = {number: token.content for number, token in tokenizer.get_added_tokens_decoder().items()}
        # Those that stand for blanks are a way of writing, and no means of control.
        self._control = {number: content for number, content in tokens.items() if content.strip()}
        prefix = template.prefix.rstrip(" ")
        # A word's token begins with the blank before it: that of the prefix belongs to the text.
        self._blank = template.prefix[len(prefix) :]
        self._glued, apart = self._split(template.suffix)
        self.prefix_ids = (*opening, *self._encode(prefix))
        self._ending_ids = (*self._encode(apart), *(closing if is_encoder_decoder else ()))
        tokenizer.encode_special_tokens = True
        for unknown in self._encode(_UNKNOWN_CHARACTER):
            self._control.pop(unknown, None)
        self._suffix_count = len(self.encode(""))

    def encode(self, text: str) -> list[int]:
        """Encode a text and what stands after it: the prompt, but for `prefix_ids`."""
        text = text.strip()
        blank = self._blank if text else ""
        return [*self._encode_plainly(f"{blank}{text}{self._glued}"), *self._ending_ids]

    def count(self, text: str) -> int:
        """Count the tokens that a text adds to the prompt's own."""
        return len(self.encode(text)) - self._suffix_count

    def room(self, context_tokens: int, answer_tokens: int) -> int:
        """Tell how many tokens a text may add, so that prompt and answer fit into the model's context.

        Args:
            context_tokens: most tokens that the model, or its encoder, takes.
            answer_tokens: those among them that are kept free for the answer.

        Raises:
            ValueError: fewer than `LEAST_TEXT_TOKENS` would be left.

        """
        room = context_tokens - len(self.prefix_ids) - self._suffix_count - answer_tokens
        if room < LEAST_TEXT_TOKENS:
            raise ValueError(
                f"a context of {context_tokens} tokens leaves {room} for the text, and {LEAST_TEXT_TOKENS} are needed; "
                "use a shorter prompt or a model with a longer context"
            )
        return room

    def _encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _encode_plainly(self, text: str) -> list[int]:
        """Encode a text without any token of control.

        The tokenizer was told not to look for them, but a vocabulary may hold them among its pieces all the same
        (SentencePiece), and so may a text after normalization: those are spelled instead.
        """
        ids = self._encode(text)
        if self._control.keys().isdisjoint(ids):
            return ids
        return [plain for number in ids for plain in (self._spelled(number) if number in self._control else (number,))]

    def _spelled(self, number: int) -> Sequence[int]:
        spelled = [part for character in self._control[number] for part in self._encode(character)]
        return [part for part in spelled if part not in self._control]

    def _split(self, suffix: str) -> tuple[str, str]:
        """Split what is encoded together with the text from what begins with a special token, and so stands apart."""
        literals = "|".join(map(re.escape, sorted(self._control.values(), key=len, reverse=True)))
        first = re.search(literals, suffix) if literals else None
        return (suffix[: first.start()], suffix[first.start() :]) if first else (suffix, "")


def _framing(tokenizer: Tokenizer) -> tuple[Sequence[int], Sequence[int]]:
    """Find the tokens that the tokenizer's post-processor puts before and after every input."""
    framed, bare = (tokenizer.encode("a", add_special_tokens=special).ids for special in (True, False))
    start = next(start for start in range(len(framed)) if framed[start : start + len(bare)] == bare)
    return framed[:start], framed[start + len(bare) :]
