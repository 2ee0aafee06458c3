"""Greedy decoding of one sentence whose number of words is guaranteed.

The model's best continuation is taken as long as the sentence may still become what was asked: `least` to `most` words,
whole ones, one sentence, a final stop, no repetition. Where the model stops too early its stop is not taken; where it
would run past `most`, the decoding looks back for the place at which the model was nearest to stopping, and tries a few
second-best words where there is no good one. Whatever the model answers, it ends: after a bounded number of runs the
rest is written in whole words alone, which always succeeds.

Where the model's own greedy answer is what was asked, that is the answer.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, NamedTuple

from briefd_server.engines.generative.endings import Ending, Endings
from briefd_server.engines.generative.model import TokenKind
from briefd_server.engines.generative.path import Choice, Path, Step
from briefd_server.engines.generative.sentence import SentenceSoFar, repeats
from briefd_server.engines.generative.stopping import begins_new_sentence, closed, ends_abbreviated
from briefd_server.engines.generative.streaming import WordStream
from briefd_server.text.words import count_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from briefd_server.engines.base import CallContext
    from briefd_server.engines.generative.model import Candidates, LanguageModel
    from briefd_server.engines.generative.vocabulary import Vocabulary

FIRST_KINDS = TokenKind.TEXT & ~TokenKind.STOP
"""What a sentence may begin with: the mask for the run that reads the end of the prompt."""

_MAY_END_KINDS = TokenKind.TEXT | TokenKind.END
_NEW_RUN_KINDS = TokenKind.WORD | TokenKind.OPENING

# Room in the cache: English takes 1.3 to 2 tokens a word, German 3, a script that is spelled in bytes 6 to 10.
_TOKENS_PER_WORD = 8
_TOKENS_BESIDE = 24
# Runs of the model whose token is not in the answer, before the rest is written plainly. Models that were trained on
# text take a fifth of a run a word; only those that say one thing over and over come near.
_WASTED_RUNS_PER_WORD = 4
# Tuned on 150 beginnings of held-out sentences that a 4-gram model of 8,000 tokens went on with. For 10 to 15 words, no
# branches: 1.11 runs a token of the answer at -2.462 nats a token; these: 1.18 at -2.443; twice as many, at any gain:
# 1.36 at -2.427. For exactly 10 words they leave 9 % of the sentences stranded in place of 55 %.
_BRANCH_COUNT = 5
_BRANCH_LEAST_GAIN = 2.0
# Words that a branch may still replace: where `least` and `most` are near each other, the last ones before `least` too.
_WINDOW_WORDS = 5


class Length(NamedTuple):
    """How long a sentence is to be.

    Attributes:
        least: Words that it has at least, 3 to 60.
        most: Words that it has at most; not below `least`.
        room: Tokens that the model's cache has room for after the prompt: a few more than `least`, and as many as
            `most_tokens` gives to be sure that a sentence of odd words need not be ended early.
    """

    least: int
    most: int
    room: int = sys.maxsize


class Written(NamedTuple):
    """A finished sentence and the number of its words."""

    text: str
    word_count: int


class _Obstacle(NamedTuple):
    """Why a sentence cannot go on: it has ended, or else the token taken from a step was wrong."""

    ending: Ending | None
    wrong_index: int


class _Branch(NamedTuple):
    """Another way to go: the path with the best word banned, and how much worse the second is, in logits."""

    gap: float
    path: Path


def most_tokens(most_words: int) -> int:
    """Return how many tokens after the prompt a sentence of at most `most_words` words takes: room to keep free."""
    return _TOKENS_PER_WORD * most_words + _TOKENS_BESIDE


def write_sentence(
    model: LanguageModel,
    vocabulary: Vocabulary,
    first: Candidates,
    last_token_id: int,
    source: str,
    length: Length,
    call: CallContext,
) -> Written:
    """Write one sentence after the prompt that the model has read.

    Args:
        model: Has read the prompt, `last_token_id` included.
        vocabulary: The model's.
        first: The best continuations after the prompt, of the kinds `FIRST_KINDS`.
        last_token_id: The last token that the model has read.
        source: The text that the sentence is about; odd spellings are allowed where they are copied from it.
        length: How long the sentence is to be.
        call: Is asked before every run of the model whether to go on, and sent the words as they become certain.

    Returns:
        The sentence; what was sent is its beginning.

    Raises:
        CallStopped: the call was stopped.

    """
    decoding = _Decoding(model, vocabulary, last_token_id, source, length, call)
    text = decoding.write(first)
    return Written(text, count_words(text))


class _Decoding:
    """One sentence being written."""

    def __init__(
        self,
        model: LanguageModel,
        vocabulary: Vocabulary,
        last_token_id: int,
        source: str,
        length: Length,
        call: CallContext,
    ) -> None:
        self._model = model
        self._vocabulary = vocabulary
        self._last_token_id = last_token_id
        self._source = source
        self._least, self._most, room = length
        self._token_limit = min(room, most_tokens(self._most))
        self._endings = Endings(vocabulary, self._least, self._most)
        # The first word that may still be replaced once a later one is known: words before it are sent at once.
        self._window_start = max(1, min(self._least, self._most - _WINDOW_WORDS + 1))
        self._call = call
        self._stream = WordStream(call)
        self._prompt_end = model.position
        self._committed_index = 0
        self._wasted_runs_left = _WASTED_RUNS_PER_WORD * self._most

    def write(self, first: Candidates) -> str:
        self._path = Path(Step(SentenceSoFar(), 0, first, FIRST_KINDS))
        best: Ending | None = None
        branches: list[_Branch] | None = None
        gap = 0.0
        while self._has_room():
            ending = self._go_on()
            if ending is None:
                continue
            ending = ending._replace(score=ending.score - gap)
            best = ending if best is None or ending.score > best.score else best
            if branches is None:
                branches = self._find_branches() if ending.score < 0 else []
            # A branch is at best as good as its first word.
            if not branches or -branches[0].gap < best.score + _BRANCH_LEAST_GAIN:
                return best.text
            gap = branches[0].gap
            self._follow(branches.pop(0))
        best = best or self._endings.best(self._path, self._path.run_ends(self._committed_index))
        return best.text if best is not None else self._write_plainly()

    def _has_room(self) -> bool:
        words_to_write = max(0, self._least - self._path.last.word_count)
        return self._wasted_runs_left > 0 and self._path.last_index + words_to_write < self._token_limit

    def _go_on(self) -> Ending | None:
        """Take the best candidate, or a step back; return the sentence when it has come to an end."""
        step = self._path.last
        choice = next(step.choices(self._vocabulary, self._source), None)
        if choice is None:
            self._leave_dead_end()
            return None
        if step.grows_beyond_bounds(self._vocabulary, self._source):
            self._take_back(self._weakest_index(step.run_step))
            return None
        if choice.kind == TokenKind.END:
            return self._end(step, choice)
        obstacle = self._find_obstacle(step, choice)
        if obstacle is None:
            return self._take(step, choice)
        if obstacle.ending is None:
            self._take_back(obstacle.wrong_index)
        return obstacle.ending

    def _find_obstacle(self, step: Step, choice: Choice) -> _Obstacle | None:
        """Find out why the sentence cannot go on with a choice."""
        last = self._path.last_index
        leaves_run = _leaves_run(step, choice)
        stops_on = not leaves_run and choice.so_far.ends_with_stop()
        if (
            _surely_ended(step.so_far)
            and not stops_on
            and begins_new_sentence(choice.so_far.text, at_run_end=leaves_run)
        ):
            return _Obstacle(self._endings.at(self._path[last]), last - 1)
        if not leaves_run:
            return None
        if repeats(choice.so_far.words, len(step.so_far.words)):
            return _Obstacle(None, self._weakest_index(step.run_step))
        if step.so_far.follows_stop() and begins_new_sentence(step.so_far.text, at_run_end=True):
            return _Obstacle(self._endings.at(self._path[step.run_step]), step.run_step)
        if step.word_count >= self._most:
            run_ends = (*self._path.run_ends(self._committed_index), last)
            return _Obstacle(self._endings.best(self._path, run_ends), self._weakest_index(step.run_step))
        return None

    def _end(self, step: Step, choice: Choice) -> Ending | None:
        """End where the model does, or go on there without that."""
        ending = self._endings.at(step)
        if ending is None and _surely_ended(step.so_far):
            self._take_back(self._path.last_index - 1)
        elif ending is None:
            self._skip(choice)
        return ending

    def _take(self, step: Step, choice: Choice) -> Ending | None:
        path = self._path
        word_count = len(choice.so_far.all_words())
        ends_line = choice.kind == TokenKind.STOP and self._vocabulary.ends_line(choice.token_id)
        if ends_line and self._endings.is_asked_for(closed(choice.so_far.text, "")):
            return Ending(0.0, closed(choice.so_far.text, ""))
        if ends_line or word_count > self._most:
            self._skip(choice)
            return None
        allowed = self._allowed_after(choice.so_far, word_count)
        candidates = self._run(path.last_index, choice.token_id, allowed)
        run_step = step.run_step
        if _leaves_run(step, choice):
            run_step = path.last_index
            self._commit(step)
        path.take(choice.token_id, Step(choice.so_far, word_count, candidates, allowed, run_step))
        return None

    def _allowed_after(self, so_far: SentenceSoFar, word_count: int) -> TokenKind:
        if so_far.pending:
            return TokenKind.FRAGMENT
        may_end = self._least <= word_count <= self._most
        # After a stop, whether the model would end tells whether the stop is one.
        return _MAY_END_KINDS if may_end or so_far.ends_with_stop() else TokenKind.TEXT

    def _run(self, index: int, token_id: int, allowed: TokenKind) -> Candidates:
        """Have the model read the token taken from the step of an index, and those before it that it forgot."""
        self._call.checkpoint()
        if self._model.position > self._prompt_end + index:
            self._model.rewind(self._prompt_end + index)
        unread = range(self._model.position - self._prompt_end, index)
        return self._model.advance([*(self._path[step].token_id for step in unread), token_id], allowed)

    def _follow(self, branch: _Branch) -> None:
        """Leave the path for another one that begins like it."""
        self._wasted_runs_left -= self._path.last_index - branch.path.last_index
        self._model.rewind(min(self._model.position, self._prompt_end + self._path.shared_length(branch.path)))
        self._path = branch.path
        # What is sent now would bind the branches that are yet to be tried.
        self._window_start = 0

    def _commit(self, step: Step) -> None:
        """Send the words that nothing takes back: those before the window, where no stop is in doubt."""
        if step.word_count < self._window_start and not step.so_far.ends_with_stop():
            self._committed_index = self._path.last_index
            self._path.replace_last(step.at_run_end(_NEW_RUN_KINDS))
            self._stream.send(step.so_far.text)

    def _skip(self, choice: Choice) -> None:
        self._path.replace_last(self._path.last.without(choice.token_id))

    def _take_back(self, index: int) -> None:
        self._wasted_runs_left -= self._path.last_index - index
        self._path.take_back(index)

    def _weakest_index(self, start: int) -> int:
        """Find the step, of those from `start` on, where another token would have been nearly as good."""

        def gap(index: int) -> float:
            step = self._path[index].without(self._path[index].token_id)
            best, second = (next(s.choices(self._vocabulary, self._source), None) for s in (self._path[index], step))
            return best.score - second.score if best is not None and second is not None else math.inf

        return min(range(start, self._path.last_index), key=gap)

    def _leave_dead_end(self) -> None:
        """Where no candidate can be taken, ask for whole words; where those were asked for, go back."""
        path, step = self._path, self._path.last
        if step.allowed != TokenKind.WORD and _is_whole(step.so_far):
            self._ask_for_words()
        elif path.last_index > self._committed_index:
            self._take_back(path.last_index - 1)
        else:
            self._wasted_runs_left = 0

    def _ask_for_words(self) -> None:
        """Ask the model again at the last step, for tokens that are a word and nothing else."""
        path, index = self._path, self._path.last_index
        token_id = path[index - 1].token_id if index else self._last_token_id
        candidates = self._run(index - 1, token_id, TokenKind.WORD)
        self._wasted_runs_left -= 1
        step = path.last
        path.replace_last(Step(step.so_far, step.word_count, candidates, TokenKind.WORD, step.run_step, step.banned))

    def _find_branches(self) -> list[_Branch]:
        """Find second-best words inside the window, the nearest to the best ones first."""
        branches: list[_Branch] = []
        for index in self._path.run_ends(max(self._committed_index, 1)):
            if self._path[index].word_count >= self._window_start - 1:
                branches.extend(self._branch_at(index))
        return sorted(branches, key=lambda branch: branch.gap)[:_BRANCH_COUNT]

    def _branch_at(self, index: int) -> Iterator[_Branch]:
        best, *others = self._path[index].choices(self._vocabulary, self._source)
        for place, choice in enumerate(others):
            if choice.kind & _NEW_RUN_KINDS:
                passed = frozenset(other.token_id for other in (best, *others[:place]))
                yield _Branch(best.score - choice.score, self._path.branch(index, passed))
                return

    def _write_plainly(self) -> str:
        """Go back to the end of a whole word, and write on in tokens that are a word each."""
        path = self._path
        ends = (index for index in path.run_ends(self._committed_index) if not path[index].so_far.ends_with_stop())
        path.cut(max(ends, default=self._committed_index))
        if path.last.word_count < self._least:
            self._ask_for_words()
        while path.last.word_count < self._least:
            token_id, so_far = self._plainest_word(path.last)
            candidates = self._run(path.last_index, token_id, TokenKind.WORD)
            path.take(
                token_id, Step(so_far, path.last.word_count + 1, candidates, TokenKind.WORD, run_step=path.last_index)
            )
        return closed(path.last.so_far.text, self._endings.stop_at(path.last, path.last.so_far.text))

    def _plainest_word(self, step: Step) -> tuple[int, SentenceSoFar]:
        """Return the best of the candidates, all of which are words, that repeats nothing; or as little as there is."""
        words = [
            (token_id, step.so_far.begin_run(str(self._vocabulary.piece(token_id))))
            for token_id in step.candidates.token_ids.tolist()
        ]
        for repetition in (repeats, _repeats_last_word):
            for token_id, so_far in words:
                if not repetition(so_far.all_words()):
                    return token_id, so_far
        return words[0]


def _repeats_last_word(words: tuple[str, ...]) -> bool:
    return words[-1:] == words[-2:-1]


def _surely_ended(so_far: SentenceSoFar) -> bool:
    return so_far.ends_with_stop() and not ends_abbreviated(so_far.text)


def _leaves_run(step: Step, choice: Choice) -> bool:
    """Tell whether a choice begins another run of characters after one that holds any."""
    return step.so_far.text != "" and choice.so_far.run_start != step.so_far.run_start


def _is_whole(so_far: SentenceSoFar) -> bool:
    """Tell whether another run may begin after the current one."""
    words = so_far.all_words()
    return not so_far.pending and so_far.text[-1:] != " " and len(words) > len(so_far.words) and not repeats(words)
