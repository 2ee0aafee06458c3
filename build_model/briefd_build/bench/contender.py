"""What is measured: contenders, each with its own way to make its files, to load them and to write tokens greedily."""

from __future__ import annotations

import importlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class AbsentError(Exception):
    """A contender can't be measured; the message is the reason that the table gives."""


@dataclass(frozen=True)
class Generation:
    """What a greedy generation wrote, and how long it took.

    Attributes:
        token_ids: the new tokens.
        first_token_seconds: from the start to the first of them: reading the prompt.
        total_seconds: from the start to the last.
    """

    token_ids: list[int]
    first_token_seconds: float
    total_seconds: float


class LoadedModel(Protocol):
    """A model in memory; both methods begin with an empty cache."""

    def generate(self, prompt_ids: Sequence[int], count: int) -> Generation:
        """Write exactly `count` tokens greedily; a token that ends a text is a token like others."""

    def predict(self, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> list[int]:
        """Tell the best token at each place of a given continuation: after the prompt, after its first token, ..."""


class Row(Protocol):
    """One line of a table. It is sent to other processes: what it holds can be pickled and is cheap to import."""

    @property
    def name(self) -> str:
        """The name in the table."""

    @property
    def note(self) -> str:
        """The settings that a reader must know."""

    def prepare(self) -> None:
        """Make the files that `load` reads, in a process that ends afterwards; raises `AbsentError`."""

    def load(self, thread_count: int) -> Any:
        """Load the model into this process, to run on that many threads; raises `AbsentError`."""


class Contender(Row, Protocol):
    """A line of the table of language models."""

    def load(self, thread_count: int) -> LoadedModel:
        """See `Row`."""


class Stepper(Protocol):
    """A model that is driven token by token."""

    def begin(self, prompt_ids: Sequence[int]) -> int:
        """Forget everything, read the prompt, and return the best next token."""

    def step(self, token_id: int) -> int:
        """Read one more token; return the best next token."""


class StepwiseModel:
    """Implements `LoadedModel` with a `Stepper`."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper

    def generate(self, prompt_ids: Sequence[int], count: int) -> Generation:
        """See `LoadedModel`."""
        start = time.perf_counter()
        token_ids = [self._stepper.begin(prompt_ids)]
        first = time.perf_counter()
        while len(token_ids) < count:
            token_ids.append(self._stepper.step(token_ids[-1]))
        return Generation(token_ids, first - start, time.perf_counter() - start)

    def predict(self, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> list[int]:
        """See `LoadedModel`."""
        first = self._stepper.begin(prompt_ids)
        return [first, *(self._stepper.step(token_id) for token_id in continuation_ids[:-1])]


def import_peer(module: str, distribution: str) -> Any:
    """Import a peer's module.

    Raises:
        AbsentError: it is not installed, or its libraries can't be loaded.

    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise AbsentError(f"{distribution} is not installed (pip install 'briefd[bench]')") from error
    except (ImportError, OSError, RuntimeError) as error:
        raise AbsentError(f"{distribution} can't be loaded: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its type where there is none."""
    return next(iter(str(error).strip().splitlines()), "") or type(error).__name__
