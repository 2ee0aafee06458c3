"""The generative engine: a language model reads the text and writes a sentence of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.base import Stage, Summary, UnwatchedCall
from briefd_server.engines.generative.decoding import FIRST_KINDS, Length, most_tokens, write_sentence
from briefd_server.engines.generative.drafts import with_drafts
from briefd_server.text.language import guess_language

if TYPE_CHECKING:
    from briefd_server.engines.base import CallContext, Task
    from briefd_server.engines.generative.decoding import Written
    from briefd_server.engines.generative.parameters import Parameters
    from briefd_server.engines.generative.prompt import Prompt
    from briefd_server.engines.generative.selecting import Selector
    from briefd_server.engines.generative.session import ModelSession
    from briefd_server.engines.generative.vocabulary import Vocabulary


class GenerativeEngine:
    """Summarizes in the model's own words, held to the length while it decodes; see `Engine` for the seam.

    Args:
        session: the model; the engine's own from here on.
        vocabulary: its tokens.
        prompt: makes prompts of texts.
        selector: chooses what is read of texts that don't fit into the context.
        parameters: of the bundle.
        language: that the bundle was made for, as BCP 47.
        thread_count: threads that run the model, the calling one included.
    """

    def __init__(
        self,
        session: ModelSession,
        vocabulary: Vocabulary,
        prompt: Prompt,
        selector: Selector,
        parameters: Parameters,
        language: str,
        thread_count: int,
    ) -> None:
        self._session = session
        self._vocabulary = vocabulary
        self._prompt = prompt
        self._selector = selector
        self._parameters = parameters
        self._language = language
        self._thread_count = thread_count
        # What stands before every text is read once; its keys and values stay in the cache from call to call.
        self._kept_count = 0 if session.is_encoder_decoder else len(prompt.prefix_ids)
        if self._kept_count:
            session.begin(UnwatchedCall(), prompt.prefix_ids)
            session.read(prompt.prefix_ids)

    @property
    def thread_count(self) -> int:
        """Threads that run the model, the calling one included."""
        return self._thread_count

    def summarize(self, task: Task, call: CallContext) -> Summary:
        """Write one sentence about a text; raises `CallStopped` once the call was stopped."""
        selection = self._selector.select(task.text, self._room(task), call)
        with call.stage(Stage.TOKENIZE):
            text_ids = self._prompt.encode(selection.text)
        with call.stage(Stage.INFERENCE):
            written = self._write(text_ids, selection.text, task, call)
        return Summary(
            text=written.text,
            word_count=written.word_count,
            shortfall=None,
            spans=(),
            language=guess_language(task.text, self._language),
            sentence_count=selection.sentence_count,
            words_read=selection.words_read,
        )

    def _room(self, task: Task) -> int:
        context_tokens, draft_tokens = self._parameters.context_tokens, self._parameters.draft_tokens
        if self._session.is_encoder_decoder:
            return self._prompt.room(context_tokens, 0)
        return text_room(self._prompt, context_tokens, draft_tokens, task.max_word_count)

    def _write(self, text_ids: list[int], source: str, task: Task, call: CallContext) -> Written:
        prompt_ids = [*self._prompt.prefix_ids, *text_ids]
        self._session.begin(call, prompt_ids, self._kept_count)
        first_ids = self._parameters.start_ids if self._session.is_encoder_decoder else text_ids
        first = self._session.advance(first_ids, FIRST_KINDS)
        free_tokens = self._session.capacity - self._session.position - self._parameters.draft_tokens
        length = Length(task.min_word_count, task.max_word_count, free_tokens)
        model = with_drafts(self._session, text_ids, self._parameters.draft_tokens, self._vocabulary.kinds)
        return write_sentence(model, self._vocabulary, first, first_ids[-1], source, length, call)


def text_room(prompt: Prompt, context_tokens: int, draft_tokens: int, most_words: int) -> int:
    """Tell how many tokens a text may add to the prompt, where the answer shares the context with it.

    A context that is short for so many words is shared by halves: then an answer of odd words may have to end early.

    Args:
        prompt: of the bundle.
        context_tokens: most tokens of prompt and answer.
        draft_tokens: how many are read ahead.
        most_words: words of the answer.

    Raises:
        ValueError: the room is too small to be of use.

    """
    return prompt.room(context_tokens, min(most_tokens(most_words), context_tokens // 2) + draft_tokens)
