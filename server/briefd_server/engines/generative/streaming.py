"""Sending the words of a sentence as soon as nothing can take them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.generative.stopping import capitalized

if TYPE_CHECKING:
    from briefd_server.engines.base import CallContext


class WordStream:
    """Sends the growing beginning of a sentence, piece by piece."""

    def __init__(self, call: CallContext) -> None:
        self._call = call
        self._sent = 0

    def send(self, text: str) -> None:
        """Send what `text`, the sentence's beginning up to the end of a word, has beyond what was sent before."""
        text = text.strip(" ")
        if len(text) > self._sent:
            self._call.emit(text[self._sent :] if self._sent else capitalized(text))
            self._sent = len(text)
