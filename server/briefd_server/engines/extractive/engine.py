"""The extractive engine: an encoder reads the text once, then an exact algorithm chooses which of its words to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_server.engines.base import Shortfall, Stage, Summary, UnwatchedCall
from briefd_server.engines.extractive.chooser import Length, Offer, choose, standing
from briefd_server.engines.extractive.parsing import Labels, read_sentences
from briefd_server.engines.extractive.prepare import TextSentence, prepare
from briefd_server.engines.extractive.realize import Selection, find_spans, realize
from briefd_server.engines.extractive.repairs import repair
from briefd_server.engines.extractive.salience import spread_salience
from briefd_server.text.language import guess_language
from briefd_server.text.words import blank_terminal_escapes, find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.base import CallContext, Task
    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.pieces import PieceEncoder, Pieces
    from briefd_server.engines.extractive.reading import SentenceReading
    from briefd_server.engines.extractive.session import WindowReader


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a bundle's manifest tells the engine.

    Attributes:
        labels: names of the encoder's output channels.
        costs: the chooser's table.
        language: language that the bundle was made for, as BCP 47.
        window_pieces: pieces that the encoder reads at once.
    """

    labels: Labels
    costs: Costs
    language: str
    window_pieces: int


class ExtractiveEngine:
    """Summarizes with the text's own words; see `Engine` for the seam."""

    def __init__(self, encoder: PieceEncoder, session: WindowReader, parameters: Parameters, thread_count: int) -> None:
        self._encoder = encoder
        self._session = session
        self._parameters = parameters
        self._thread_count = thread_count

    @property
    def thread_count(self) -> int:
        """Threads that run the model, the calling one included."""
        return self._thread_count

    def summarize(self, task: Task, call: CallContext) -> Summary:
        """Choose the words of one sentence from a text; raises `CallStopped` once the call was stopped."""
        text = blank_terminal_escapes(task.text)
        sentences, offers = self._read_text(text, task.min_word_count, call)
        with call.stage(Stage.INFERENCE):
            length = Length(task.min_word_count, task.max_word_count)
            chosen = choose(offers, length, self._parameters.costs, checkpoint=call.checkpoint)
            selections = [_select(sentences[number], offers[number].reading, kept) for number, kept in chosen]
            return self._write(text, sentences, selections, length)

    def rank(self, text: str, call: CallContext) -> list[tuple[TextSentence, float]]:
        """Tell what each sentence of a text is worth, by the costs' prominence, position, aside and question.

        Args:
            text: one with at least one word and without a terminal's control sequences.
            call: the running call.

        Raises:
            CallStopped: the call was stopped.

        """
        sentences, offers = self._read_text(text, 1, call)
        return [
            (sentence, standing(offer, number, self._parameters.costs))
            for number, (sentence, offer) in enumerate(zip(sentences, offers, strict=True))
        ]

    def read_document(self, sentences: Sequence[str]) -> list[SentenceReading]:
        """Read sentences that were split before, each with at least one word: for evaluation and tuning."""
        words = [find_words(sentence) for sentence in sentences]
        forms = [[text[word.start : word.end] for word in found] for text, found in zip(sentences, words, strict=True)]
        return self._read(forms, self._encoder.encode(sentences, words), UnwatchedCall())

    def _read_text(self, text: str, least_words: int, call: CallContext) -> tuple[list[TextSentence], list[Offer]]:
        with call.stage(Stage.TOKENIZE):
            sentences = prepare(text, least_words)
            call.checkpoint()
            words = [sentence.words_within() for sentence in sentences]
            pieces = self._encoder.encode([text[each.start : each.end] for each in sentences], words)
        with call.stage(Stage.INFERENCE):
            forms = [[text[word.start : word.end] for word in sentence.words] for sentence in sentences]
            readings = self._read(forms, pieces, call)
            offers = [
                Offer(reading, sentence.is_aside, sentence.is_question)
                for reading, sentence in zip(readings, sentences, strict=True)
            ]
        return sentences, offers

    def _read(
        self, words: Sequence[Sequence[str]], pieces: Sequence[Pieces], call: CallContext
    ) -> list[SentenceReading]:
        windows = list(self._encoder.pack(pieces, self._parameters.window_pieces))
        last_of_many = windows[-1] if len(windows) > 1 else None
        read = (
            (window, self._session.read(window, call, is_last_of_many=window is last_of_many)) for window in windows
        )
        readings = map(repair, read_sentences(read, words, self._parameters.labels))
        return spread_salience(list(readings))

    def _write(
        self, text: str, sentences: Sequence[TextSentence], selections: Sequence[Selection], length: Length
    ) -> Summary:
        word_count = sum(len(selection.kept) for selection in selections)
        return Summary(
            text=realize(text, selections),
            word_count=word_count,
            shortfall=Shortfall.TEXT_TOO_SHORT if word_count < length.least else None,
            spans=find_spans(selections),
            language=guess_language(text, self._parameters.language),
            sentence_count=len(sentences),
            words_read=sum(len(sentence.words) for sentence in sentences),
        )


def _select(sentence: TextSentence, reading: SentenceReading, kept: Sequence[int]) -> Selection:
    return Selection(sentence.words, kept, reading.heads, reading.relations, reading.tags)
