"""The language model: ONNX sessions around one key/value cache of fixed capacity.

The cache is one buffer a layer that is bound as input and as output of every run, so that a run writes its few new keys
and values in place: nothing grows and nothing is copied, and forgetting is setting a number back. A cache that grows
with every token, which the same graphs allow, took 1.3 to 1.6 times as long a token, binding it anew included (form
`int8-shortlist` of pythia-70m's shape on one thread, after 128 tokens).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from briefd_server.engines.base import UnwatchedCall
from briefd_server.engines.generative import graph
from briefd_server.engines.generative.model import CANDIDATE_COUNT, Candidates, TokenKind
from briefd_server.engines.generative.shortlist import Shortlist
from briefd_server.engines.onnx_sessions import open_session, stoppable_run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from briefd_server.engines.base import CallContext

# Tokens of a prompt that are read in one run. With 256 a prompt of 800 tokens took as long (pythia-70m's shape, INT8,
# 2 threads: 94 ms against 95 ms) and 10 MB more.
_PREFILL_TOKENS = 128


@dataclass(frozen=True)
class GraphFiles:
    """The graphs of one variant.

    Attributes:
        decode: reads tokens and proposes the next.
        prefill: reads prompts faster; without it `decode` does.
        encode: reads the prompt of an encoder-decoder model.
        rows: looks up rows of the output layer, for a shortlist.
    """

    decode: Path
    prefill: Path | None = None
    encode: Path | None = None
    rows: Path | None = None


@dataclass(frozen=True)
class Threads:
    """Threads for reading prompts, which are products of matrices, and for single tokens, which wait for memory."""

    prefill: int
    decode: int


class ModelSession:
    """Implements `LanguageModel` for one call after another; see `begin`.

    Args:
        files: the graphs.
        kinds: [V], the kind of each token.
        capacity: most tokens of prompt and answer together.
        threads: for the runs.

    Raises:
        onnxruntime's errors and `KeyError` when a file is not such a graph.
    """

    def __init__(self, files: GraphFiles, kinds: NDArray[np.uint8], capacity: int, threads: Threads) -> None:
        self._decode = open_session(files.decode, threads.decode)
        self._prefill = open_session(files.prefill, threads.prefill) if files.prefill else None
        self._encode = open_session(files.encode, threads.prefill) if files.encode else None
        self._shortlist = Shortlist(files.rows) if files.rows else None
        self._kinds = self._candidate_kinds = kinds
        self._capacity = capacity
        self._caches = _make_caches(self._decode, capacity)
        self._inputs = {each.name for each in self._decode.get_inputs()}
        self._allowed: dict[TokenKind, NDArray[np.float32]] = {}
        self._call: CallContext = UnwatchedCall()
        self._position = 0
        self._last_position = np.zeros(1, np.int32)
        self._total_length = np.zeros(1, np.int32)
        self._key_positions = np.arange(capacity, dtype=np.int64)
        self._request: dict[str, NDArray[Any]] = {}
        self._single = _Run(1)
        self._single_allowed: TokenKind | None = None

    @property
    def position(self) -> int:
        """Tokens in the cache."""
        return self._position

    @property
    def capacity(self) -> int:
        """Most tokens in the cache."""
        return self._capacity

    @property
    def is_encoder_decoder(self) -> bool:
        """Whether the prompt is read by an encoder, and the cache holds the answer alone."""
        return self._encode is not None

    def try_out(self) -> None:
        """Run every graph once, at the end of the cache: parts that do not fit together show before any call.

        Raises:
            onnxruntime's errors and `IndexError` when they are not of one model with so much room.

        """
        last = self._capacity - 1
        self.begin(UnwatchedCall(), [0], last)
        self.read([0])
        self.rewind(last)
        self.advance([0], TokenKind.ANY)

    def begin(self, call: CallContext, prompt_ids: Sequence[int], position: int = 0) -> None:
        """Begin a call: keep the first `position` tokens of the cache, and make ready for the tokens of the prompt.

        For an encoder-decoder model the prompt is encoded here; otherwise the caller goes on with `read` and `advance`.
        """
        self._call = call
        self._position = position
        self._request = {}
        if self._encode is not None:
            names = [each.name for each in self._encode.get_outputs()]
            token_ids = np.array([prompt_ids], np.int64)
            with stoppable_run(call) as options:
                encoded = self._encode.run(names, {graph.TOKEN_IDS: token_ids}, options)
            self._request.update(zip(names, encoded, strict=True))
        if self._shortlist is not None:
            candidates, rows = self._shortlist.choose(prompt_ids)
            self._request.update(rows)
            self._candidate_kinds = self._kinds[candidates]
            self._allowed.clear()
        self._single_allowed = None

    def read(self, token_ids: Sequence[int]) -> None:
        """Read tokens of the prompt without asking what follows; raises `CallStopped` within a run's next operator."""
        session = self._prefill or self._decode
        for start in range(0, len(token_ids), _PREFILL_TOKENS):
            self._call.checkpoint()
            run = _Run(0 if self._prefill else 1, token_ids[start : start + _PREFILL_TOKENS])
            self._execute(session, self._bind(session, run, TokenKind.ANY), run, is_stoppable=True)

    def advance(self, token_ids: Sequence[int], allowed: TokenKind) -> Candidates:
        """See `LanguageModel`."""
        if len(token_ids) > 1:
            self.read(token_ids[:-1])
        self._call.checkpoint()
        run = self._single
        if allowed is not self._single_allowed:
            run.binding = self._bind(self._decode, run, allowed)
            self._single_allowed = allowed
        run.token_ids[0, 0] = token_ids[-1]
        self._execute(self._decode, run.binding, run)
        return run.candidates(0)

    def verify(self, token_ids: Sequence[int]) -> Sequence[Candidates]:
        """See `LanguageModel`."""
        self._call.checkpoint()
        run = _Run(len(token_ids), token_ids)
        self._execute(self._decode, self._bind(self._decode, run, TokenKind.ANY), run)
        return [run.candidates(number) for number in range(len(token_ids))]

    def rewind(self, position: int) -> None:
        """See `LanguageModel`."""
        assert position <= self._position
        self._position = position

    def _bind(self, session: Any, run: _Run, allowed: TokenKind) -> Any:
        binding = session.io_binding()
        inputs: dict[str, NDArray[Any]] = {
            graph.TOKEN_IDS: run.token_ids,
            graph.LAST_POSITION: self._last_position,
            graph.TOTAL_LENGTH: self._total_length,
        }
        if run.read_count:
            inputs |= self._request
            inputs |= {graph.READ_POSITIONS: run.read_positions, graph.ALLOWED: self._mask(allowed)}
        for name, array in inputs.items():
            _bind_input(binding, name, array)
        for layer, caches in enumerate(self._caches):
            for cached, written, array in zip(
                graph.cache_names(layer, written=False), graph.cache_names(layer, written=True), caches, strict=True
            ):
                _bind_input(binding, cached, array)
                _bind_output(binding, written, array)
        for name, array in run.outputs().items():
            _bind_output(binding, name, array)
        return binding

    def _execute(self, session: Any, binding: Any, run: _Run, *, is_stoppable: bool = False) -> None:
        count = run.token_ids.shape[1]
        assert self._position + count <= self._capacity
        self._last_position[0] = self._position + count - 1
        self._total_length[0] = self._position + count
        if graph.KEY_POSITIONS in self._inputs:
            _bind_input(binding, graph.KEY_POSITIONS, self._key_positions[: self._position + count])
        if is_stoppable:
            with stoppable_run(self._call) as options:
                session.run_with_iobinding(binding, options)
        else:
            session.run_with_iobinding(binding)
        self._position += count

    def _mask(self, allowed: TokenKind) -> NDArray[np.float32]:
        if allowed not in self._allowed:
            self._allowed[allowed] = np.where(self._candidate_kinds & int(allowed), 0, graph.MASKED_SCORE).astype(
                np.float32
            )
        return self._allowed[allowed]


class _Run:
    """Arrays of a run that proposes continuations of its last `read_count` tokens."""

    def __init__(self, read_count: int, token_ids: Sequence[int] = (0,)) -> None:
        self.read_count = read_count
        self.token_ids = np.array([token_ids], np.int64)
        self.read_positions = np.arange(len(token_ids) - read_count, len(token_ids), dtype=np.int64)
        self.ids = np.zeros((read_count, CANDIDATE_COUNT), np.int64)
        self.scores = np.zeros((read_count, CANDIDATE_COUNT), np.float32)
        self.end_margins = np.zeros(read_count, np.float32)
        self.binding: Any = None

    def outputs(self) -> dict[str, NDArray[Any]]:
        """Name the outputs that the run writes."""
        if not self.read_count:
            return {}
        return {
            graph.CANDIDATE_IDS: self.ids,
            graph.CANDIDATE_SCORES: self.scores,
            graph.END_MARGINS: self.end_margins,
        }

    def candidates(self, number: int) -> Candidates:
        """Copy what was proposed, less what is masked."""
        count = int(np.count_nonzero(self.scores[number] > graph.MASKED_SCORE / 2))
        return Candidates(
            self.ids[number, :count].copy(), self.scores[number, :count].copy(), float(self.end_margins[number])
        )


def _make_caches(session: Any, capacity: int) -> list[tuple[NDArray[np.float32], ...]]:
    shapes = {each.name: each.shape for each in session.get_inputs()}
    caches: list[tuple[NDArray[np.float32], ...]] = []
    while (names := graph.cache_names(len(caches), written=False))[0] in shapes:
        # Zeros are not in memory before they are written to: a long capacity costs nothing for short texts.
        caches.append(tuple(np.zeros((1, shapes[name][1], capacity, shapes[name][3]), np.float32) for name in names))
    return caches


def _bind_input(binding: Any, name: str, array: NDArray[Any]) -> None:
    binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)


def _bind_output(binding: Any, name: str, array: NDArray[Any]) -> None:
    binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
