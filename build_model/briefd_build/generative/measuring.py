"""How good and how fast the variants of a bundle are, measured on the session and the engine that serve them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from briefd_build.generative.footprint import Footprint
from briefd_build.measures.aside import loaded
from briefd_build.measures.metered import ServedBundle
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.engines.generative.model import LanguageModel, TokenKind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from briefd_server.engines.base import CallContext, Engine

_Key = TypeVar("_Key")
_Result = TypeVar("_Result")

LEAST_AGREEMENT = 0.98
"""What share of float32's greedy tokens a variant must choose to be ranked by its time."""
TIMED_PROMPT_TOKENS = 128
TIMED_TOKENS = (20, 48)
"""New tokens after which the time is taken; the first decides the rank: it is what a sentence of 15 words takes."""
LEAST_DRAFT_GAIN = 1.1
"""How many times faster reading ahead must make the engine to be worth its memory and its code."""

_MOST_ROUNDS, _LEAST_ROUNDS = 11, 3
# Large models take long enough for few rounds to tell them apart.
_TIMING_SECONDS = 60.0


class Session(LanguageModel, Protocol):
    """A language model that takes one prompt after another (see `ModelSession`)."""

    def begin(self, call: CallContext, prompt_ids: Sequence[int], position: int = 0) -> None:
        """Begin a call."""


class Prompt(NamedTuple):
    """A prompt as a session takes it.

    Attributes:
        prompt_ids: tokens of the prompt.
        start_ids: tokens that the decoder reads before it writes: the prompt's, or, after an encoder, start tokens.
    """

    prompt_ids: Sequence[int]
    start_ids: Sequence[int]


class Agreement(NamedTuple):
    """Of how many of float32's greedy tokens a variant chose the same, each time after float32's own tokens."""

    token_count: int
    same_count: int

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.same_count / self.token_count if self.token_count else 1.0


@dataclass(frozen=True)
class Measured:
    """Figures of one variant.

    Attributes:
        size_bytes: of its files, those that it shares with others included.
        agreement: with float32.
        milliseconds: median, for a prompt of `TIMED_PROMPT_TOKENS` and, by their count, new tokens.
    """

    size_bytes: int
    agreement: Agreement
    milliseconds: Mapping[int, float]

    def to_json(self) -> dict[str, float]:
        """Write what a manifest tells."""
        times = {time_key(count): round(ms, 2) for count, ms in self.milliseconds.items()}
        return {
            "size_bytes": self.size_bytes,
            "greedy_agreement": round(self.agreement.share, 4),
            "agreement_tokens": self.agreement.token_count,
            **times,
        }


def time_key(count: int) -> str:
    """Name the time for `count` new tokens in a manifest."""
    return f"ms_{TIMED_PROMPT_TOKENS}_plus_{count}"


def write_greedily(session: Session, prompt: Prompt, most_tokens: int, end_ids: Collection[int]) -> list[int]:
    """Let the model write until it ends its text, or `most_tokens`; an end-of-text token counts as written."""
    session.begin(UnwatchedCall(), prompt.prompt_ids)
    written = [_best(session, prompt.start_ids)]
    while len(written) < most_tokens and written[-1] not in end_ids:
        written.append(_best(session, written[-1:]))
    return written


def follow(session: Session, prompt: Prompt, written: Sequence[int]) -> list[int]:
    """Give the model's own choice in place of each written token, after the written ones before it.

    One run a token, as in decoding: kernels that quantize what they read do it differently for several tokens at once.
    """
    session.begin(UnwatchedCall(), prompt.prompt_ids)
    choices = [_best(session, prompt.start_ids)]
    choices += [_best(session, (token_id,)) for token_id in written[:-1]]
    return choices


def agree(session: Session, prompts: Sequence[Prompt], written: Sequence[Sequence[int]]) -> Agreement:
    """Compare a variant's choices with what float32 wrote after each prompt."""
    pairs = [
        pair
        for prompt, tokens in zip(prompts, written, strict=True)
        for pair in zip(tokens, follow(session, prompt, tokens), strict=True)
    ]
    return Agreement(len(pairs), sum(token == choice for token, choice in pairs))


def time_side_by_side(
    sessions: Mapping[_Key, Session],
    prompt: Prompt,
    report: Callable[[float], None],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[_Key, dict[int, float]]:
    """Time sessions in turn, over and over, so that whatever else the machine does slows each of them alike.

    Returns:
        For each the median in milliseconds by the count of new tokens (`TIMED_TOKENS`).

    """
    actions = {key: partial(_time, session, prompt, clock) for key, session in sessions.items()}
    rounds = _take_turns(actions, report, clock)
    return {
        key: {count: median(column) for count, column in zip(TIMED_TOKENS, zip(*rows, strict=True), strict=True)}
        for key, rows in rounds.items()
    }


def choose_draft_tokens(milliseconds: Mapping[int, float]) -> int:
    """Choose how many tokens to read ahead by the time that each count takes; 0 where none gains enough."""
    fastest = min(milliseconds, key=lambda count: milliseconds[count])
    return fastest if milliseconds[0] >= LEAST_DRAFT_GAIN * milliseconds[fastest] else 0


def time_engines(
    engines: Mapping[int, Engine],
    texts: Sequence[str],
    report: Callable[[float], None],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[int, float]:
    """Time engines in turn over the same texts: median milliseconds of a round of all texts."""

    def summarize_all(engine: Engine) -> float:
        started = clock()
        for text in texts:
            engine.summarize(Task(text), UnwatchedCall())
        return 1e3 * (clock() - started)

    rounds = _take_turns({key: partial(summarize_all, engine) for key, engine in engines.items()}, report, clock)
    return {key: median(times) for key, times in rounds.items()}


def measure_footprint(bundle: Path, variant: str, thread_count: int, text: str) -> Footprint:
    """Measure the memory of a process of its own that serves a text with a variant.

    Raises:
        BuildError: the process failed.

    """
    with loaded([ServedBundle(bundle, variant)], thread_count) as (process,):
        process.ask("call", text, False)  # noqa: FBT003 - a request to another process
        memory = process.memory()
    resident_bytes = memory.rss_bytes or 0
    return Footprint(resident_bytes, memory.rss_peak_bytes or resident_bytes)


def rank(measured: Mapping[str, Measured]) -> list[str]:
    """Order variants: by time those that agree well enough with float32, then by agreement the others."""

    def order(name: str) -> tuple[bool, float]:
        figures = measured[name]
        if figures.agreement.share >= LEAST_AGREEMENT:
            return False, figures.milliseconds[TIMED_TOKENS[0]]
        return True, -figures.agreement.share

    return sorted(measured, key=order)


def timed_prompt(prompts: Sequence[Prompt], token_count: int) -> Prompt:
    """Make a prompt of exactly `token_count` tokens out of real ones."""
    token_ids = [token_id for prompt in prompts for token_id in prompt.prompt_ids]
    chosen = (token_ids * (token_count // len(token_ids) + 1))[:token_count]
    start_ids = prompts[0].start_ids
    return Prompt(chosen, chosen if start_ids == prompts[0].prompt_ids else start_ids)


def _take_turns(
    actions: Mapping[_Key, Callable[[], _Result]], report: Callable[[float], None], clock: Callable[[], float]
) -> dict[_Key, list[_Result]]:
    """Do all actions in turn for several rounds, after one that does not count."""
    for act in actions.values():
        act()
    results: dict[_Key, list[_Result]] = {key: [] for key in actions}
    started = clock()
    for done in range(_MOST_ROUNDS):
        if done >= _LEAST_ROUNDS and clock() - started > _TIMING_SECONDS:
            break
        for key, act in actions.items():
            results[key].append(act())
        report((done + 1) / _MOST_ROUNDS)
    return results


def _time(session: Session, prompt: Prompt, clock: Callable[[], float]) -> list[float]:
    started = clock()
    session.begin(UnwatchedCall(), prompt.prompt_ids)
    token_id = _best(session, prompt.start_ids)
    taken = []
    for count in range(1, TIMED_TOKENS[-1] + 1):
        if count in TIMED_TOKENS:
            taken.append(1e3 * (clock() - started))
        if count < TIMED_TOKENS[-1]:
            token_id = _best(session, (token_id,))
    return taken


def _best(session: Session, token_ids: Sequence[int]) -> int:
    return int(session.advance(token_ids, TokenKind.ANY).token_ids[0])
