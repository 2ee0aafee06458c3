"""The encoder's ONNX session: bounded threads, and a run that stops when its call does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from briefd_server.engines.onnx_sessions import open_session, stoppable_run

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from briefd_server.engines.base import CallContext
    from briefd_server.engines.extractive.pieces import Window


class WindowReading(NamedTuple):
    """The encoder's outputs for one window of N words, L relations and a relation rank of R; all float32.

    The score of relation l between dependent i and head j is the inner product of `relation_dependents[i, l]` and
    `relation_heads[j, l]`; channel L is the log-odds that an editor keeps the arc.
    """

    arc_scores: NDArray[np.float32]
    """[N, N], dependent by head; the diagonal scores being the root."""
    relation_dependents: NDArray[np.float32]
    """[N, L + 1, R]"""
    relation_heads: NDArray[np.float32]
    """[N, L + 1, R]"""
    tag_scores: NDArray[np.float32]
    """[N, 17]"""
    salience: NDArray[np.float32]
    """[N]"""
    prominence: NDArray[np.float32]
    """[N]"""


class WindowReader(Protocol):
    """What reads windows for the engine."""

    def read(self, window: Window, call: CallContext, *, is_last_of_many: bool = False) -> WindowReading:
        """Read one window; raises `CallStopped`, where it can be stopped, once the call was.

        After the last of many, what full windows needed and no other does may be given back to the system.
        """


class EncoderSession:
    """Reads windows with the ONNX graph of a file.

    Args:
        model: the graph, with the inputs `piece_ids` [B, T] and `word_starts` [B, N] and the outputs of
            `WindowReading`.
        thread_count: threads that run the model, the calling one included.

    Raises:
        onnxruntime's errors when the file is not such a graph.
    """

    def __init__(self, model: Path, thread_count: int) -> None:
        self._session = open_session(model, thread_count)

    def channel_counts(self) -> tuple[int, int]:
        """Count the channels of relations, keeping included, and of tags; raises `KeyError` where there are none."""
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        return shapes["relation_dependents"][2], shapes["tag_scores"][2]

    def read(self, window: Window, call: CallContext, *, is_last_of_many: bool = False) -> WindowReading:
        """See `WindowReader`; a stopped call ends within a model run's next operator."""
        inputs = {"piece_ids": window.piece_ids[None], "word_starts": window.word_starts[None]}
        with stoppable_run(call, is_last_of_many=is_last_of_many) as run_options:
            outputs = self._session.run(WindowReading._fields, inputs, run_options)
        return WindowReading(*(output[0] for output in outputs))
