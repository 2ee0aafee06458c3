"""The extractive engine: an encoder reads the text once, then an exact algorithm chooses which of its words to keep."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from briefd_server.engines.base import LONGEST_SINGLE_SENTENCE, Shortfall, Span, Stage, Summary, UnwatchedCall
from briefd_server.engines.extractive.chooser import Judgement, choose
from briefd_server.engines.extractive.explaining import explain
from briefd_server.engines.extractive.leads import find_leads
from briefd_server.engines.extractive.leaning import leans
from briefd_server.engines.extractive.length import Length
from briefd_server.engines.extractive.marks import find_quotations, find_separators
from briefd_server.engines.extractive.offers import Offer
from briefd_server.engines.extractive.parsing import Labels, read_sentences
from briefd_server.engines.extractive.prepare import TextSentence, prepare
from briefd_server.engines.extractive.proofreading import NoProofReader
from briefd_server.engines.extractive.realize import Selection, find_spans, realize
from briefd_server.engines.extractive.repairs import repair
from briefd_server.engines.extractive.roles import read_roles
from briefd_server.engines.extractive.salience import spread_salience
from briefd_server.engines.extractive.setting import Setting, read_settings
from briefd_server.engines.extractive.windows import MOST_RETAINED, WindowReadings
from briefd_server.text.formats import read_text
from briefd_server.text.language import guess_language
from briefd_server.text.words import find_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.base import CallContext, Task
    from briefd_server.engines.extractive.chooser import Choice, Chosen
    from briefd_server.engines.extractive.costs import Costs
    from briefd_server.engines.extractive.pieces import PieceEncoder, Pieces
    from briefd_server.engines.extractive.proofreading import ProofReader
    from briefd_server.engines.extractive.reading import SentenceReading
    from briefd_server.engines.extractive.session import WindowReader
    from briefd_server.engines.extractive.standing import Standing
    from briefd_server.text.clean import CleanText
    from briefd_server.text.words import Word


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a bundle's manifest tells the engine.

    Attributes:
        labels: names of the encoder's output channels.
        costs: the chooser's table.
        language: language that the bundle was made for, as BCP 47.
        window_pieces: pieces that the encoder reads at once.
        standing: weights of the choice of the sentence; None for the costs' own rows.
        proof_reader: ranks the candidates of the chosen sentence.
    """

    labels: Labels
    costs: Costs
    language: str
    window_pieces: int
    standing: Standing | None = None
    proof_reader: ProofReader = field(default_factory=NoProofReader)


class ExtractiveEngine:
    """Summarizes with the text's own words; see `Engine` for the interface."""

    def __init__(self, encoder: PieceEncoder, session: WindowReader, parameters: Parameters, thread_count: int) -> None:
        self._encoder = encoder
        self._session = session
        self._parameters = parameters
        self._judgement = Judgement(parameters.costs, parameters.standing, parameters.proof_reader)
        self._language = parameters.language.partition("-")[0]
        self._thread_count = thread_count

    @property
    def thread_count(self) -> int:
        """Threads that run the model, the calling one included."""
        return self._thread_count

    def summarize(self, task: Task, call: CallContext) -> Summary:
        """Choose the words of one sentence from a text; raises `CallStopped` once the call was stopped."""
        with call.stage(Stage.TOKENIZE):
            clean = read_text(task.text)
        sentences, offers = self._read_text(clean.text, task.min_word_count, call)
        with call.stage(Stage.INFERENCE):
            length = Length(task.min_word_count, task.max_word_count)
            choice = choose(offers, length, self._judgement, checkpoint=call.checkpoint)
            summary = self._write(clean, sentences, choice, length)
            if not task.is_explained:
                return summary
            explanation = (
                word for part in choice.parts for word in explain(part, _source_words(clean, sentences[part.number]))
            )
            return replace(summary, explanation=tuple(explanation))

    def rank(self, text: str, call: CallContext) -> list[tuple[TextSentence, float]]:
        """Tell what each sentence of a text is worth for being the one it is, whichever of its words are kept.

        Args:
            text: one with at least one word and without a terminal's control sequences.
            call: the running call.

        Raises:
            CallStopped: the call was stopped.

        """
        sentences, offers = self._read_text(text, 1, call)
        return list(zip(sentences, self._judgement.prospects(offers).standings([0.0] * len(offers)), strict=True))

    def read_document(self, sentences: Sequence[str], *, with_arcs: bool = False) -> list[SentenceReading]:
        """Read sentences that were split before, each with at least one word: for evaluation and tuning.

        Args:
            sentences: one at least.
            with_arcs: keep what the readings' `find_arcs` need: as much memory as the encoder's outputs take.
        """
        words = [find_words(sentence) for sentence in sentences]
        forms = [[text[word.start : word.end] for word in found] for text, found in zip(sentences, words, strict=True)]
        pieces = self._encoder.encode(sentences, words)
        readings = self._read(forms, pieces, UnwatchedCall(), sys.maxsize if with_arcs else 0)
        return self._repaired(readings, list(zip(sentences, words, strict=True)))

    def _read_text(self, text: str, least_words: int, call: CallContext) -> tuple[list[TextSentence], list[Offer]]:
        with call.stage(Stage.TOKENIZE):
            sentences = prepare(text, least_words)
            call.checkpoint()
            words = [sentence.words_within() for sentence in sentences]
            pieces = self._encoder.encode([text[each.start : each.end] for each in sentences], words)
        with call.stage(Stage.INFERENCE):
            forms = [[text[word.start : word.end] for word in sentence.words] for sentence in sentences]
            readings = self._read(forms, pieces, call, MOST_RETAINED)
            readings = self._repaired(readings, [(text, sentence.words) for sentence in sentences])
            settings = self._settings(text, sentences)
            leads = find_leads(text, sentences, readings, read_roles(self._language))
        return sentences, make_offers(sentences, readings, settings, leads)

    def _repaired(
        self, readings: Sequence[SentenceReading], places: Sequence[tuple[str, Sequence[Word]]]
    ) -> list[SentenceReading]:
        """Add what the marks between the words say, and mend the trees; `places` are each sentence's text and words."""
        marked = [
            replace(
                reading,
                separators=find_separators(text, words),
                quotations=find_quotations(text, words),
                language=self._language,
            )
            for reading, (text, words) in zip(readings, places, strict=True)
        ]
        return spread_salience([repair(reading) for reading in marked])

    def _settings(self, text: str, sentences: Sequence[TextSentence]) -> list[Setting]:
        """Tell where the sentences stand, if the choice goes by it."""
        return read_settings(text, sentences, self._language)

    def _read(
        self, words: Sequence[Sequence[str]], pieces: Sequence[Pieces], call: CallContext, most_retained: int
    ) -> list[SentenceReading]:
        windows = WindowReadings(
            list(self._encoder.pack(pieces, self._parameters.window_pieces)),
            lambda window, is_last_of_many: self._session.read(window, call, is_last_of_many=is_last_of_many),
            most_retained,
        )
        return read_sentences(windows, words, self._parameters.labels, windows.again)

    def _write(self, clean: CleanText, sentences: Sequence[TextSentence], choice: Choice, length: Length) -> Summary:
        selections = [_select(sentences[part.number], part, is_lead=part.is_lead) for part in choice.parts]
        word_count = sum(len(selection.kept) for selection in selections)
        return Summary(
            text=realize(clean.text, selections, in_sentences=length.most > LONGEST_SINGLE_SENTENCE),
            word_count=word_count,
            shortfall=Shortfall.TEXT_TOO_SHORT if word_count < length.least else None,
            spans=_source_spans(clean, selections),
            language=guess_language(clean.text, self._parameters.language),
            sentence_count=len(sentences),
            words_read=sum(len(sentence.words) for sentence in sentences),
            confidence=choice.confidence,
        )


def make_offers(
    sentences: Sequence[TextSentence],
    readings: Sequence[SentenceReading],
    settings: Sequence[Setting],
    leads: Sequence[int | None] | None = None,
) -> list[Offer]:
    """Offer the chooser the sentences of a text, as they were read, with the number of the line that governs each."""
    leads = leads or [None] * len(sentences)
    governing = set(leads)
    return [
        Offer(
            reading,
            sentence.is_aside,
            sentence.is_question,
            setting,
            sentence.speaker,
            sentence.speaker_word_count + sentence.label_word_count,
            lead,
            number in governing,
            number > 0 and leans(reading),
        )
        for number, (sentence, reading, setting, lead) in enumerate(
            zip(sentences, readings, settings, leads, strict=True)
        )
    ]


def _source_spans(clean: CleanText, selections: Sequence[Selection]) -> tuple[Span, ...]:
    ranges = (clean.source_ranges(span.start, span.end) for span in find_spans(selections))
    return tuple(Span(*each) for part in ranges for each in part)


def _source_words(clean: CleanText, sentence: TextSentence) -> list[Span]:
    """Tell where each word of a sentence came from; a word that the format parted, by its first part."""
    return [Span(*clean.source_ranges(word.start, word.end)[0]) for word in sentence.words]


def _select(sentence: TextSentence, part: Chosen, *, is_lead: bool) -> Selection:
    reading = part.reading
    return Selection(sentence.words, part.words, reading.heads, reading.relations, reading.tags, is_lead)
