"""What the chooser is offered: the sentences of a text, each with its reading and its setting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from briefd_server.engines.extractive.setting import Setting

if TYPE_CHECKING:
    from briefd_server.engines.extractive.reading import SentenceReading


@dataclass(frozen=True, slots=True)
class Offer:
    """A sentence to choose from.

    Attributes:
        reading: what the encoder said of it.
        is_aside: it is a heading, a header line, a quotation or code.
        is_question: it asks.
        setting: what stands around it.
        speaker: where the name of who says it stands in the text, if the text is a conversation.
        label_words: how many of its first words are a label, which is part of what it states.
        led_by: number of the sentence that governs it ("Never do this:"), if any.
        leads: it governs what follows, and says nothing by itself.
        leans: a pronoun in it stands for something that a sentence before it names.
    """

    reading: SentenceReading
    is_aside: bool
    is_question: bool
    setting: Setting = field(default_factory=Setting)
    speaker: tuple[int, int] | None = None
    label_words: int = 0
    led_by: int | None = None
    leads: bool = False
    leans: bool = False
