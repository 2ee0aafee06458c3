"""The default bundle as the ranker of long texts: its encoder reads all of them, and says which sentences tell most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.bundle import DEFAULT_BUNDLE, OPTIMIZED, find_bundle, read_bundle
from briefd_server.bundle.finding import PACKAGED_DIRECTORY
from briefd_server.engines import extractive
from briefd_server.engines.base import Task
from briefd_server.engines.generative.selecting import RankedSentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.engines.base import CallContext
    from briefd_server.engines.extractive.engine import ExtractiveEngine


class DefaultBundleRanker:
    """Implements `SentenceRanker` with the bundle that ships with this package.

    It is loaded for the first long text, and then kept: most texts fit into a model's context.
    """

    def __init__(self, thread_count: int) -> None:
        """Find the bundle; `thread_count` threads are to run its model, the calling one included.

        Raises:
            BundleError: it is not installed.

        """
        self._directory = find_bundle(DEFAULT_BUNDLE, (PACKAGED_DIRECTORY,))
        self._thread_count = thread_count
        self._loaded: ExtractiveEngine | None = None

    def rank(self, text: str, call: CallContext) -> Sequence[RankedSentence]:
        """See `SentenceRanker`: a sentence's worth is how prominent it is, less what its place and its kind cost."""
        return [
            RankedSentence(sentence.start, sentence.end, standing)
            for sentence, standing in self._engine().rank(text, call)
        ]

    def compress(self, sentence: str, most_words: int, call: CallContext) -> str:
        """See `SentenceRanker`."""
        # At least half of the words, so that a sentence that is long for its many facts keeps more than the shortest.
        task = Task(sentence, min_word_count=(most_words + 1) // 2, max_word_count=most_words)
        return self._engine().summarize(task, call).text

    def _engine(self) -> ExtractiveEngine:
        if self._loaded is None:
            self._loaded = extractive.load(read_bundle(self._directory), OPTIMIZED, self._thread_count)
        return self._loaded
