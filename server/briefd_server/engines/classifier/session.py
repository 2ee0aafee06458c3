"""The classifier's ONNX session: bounded threads, and a run that stops when its call does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.engines.onnx_sessions import open_session, stoppable_run

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from briefd_server.engines.base import CallContext


class ClassifierSession:
    """Reads windows with the ONNX graph of a file.

    Args:
        model: the graph, with the input `piece_ids` int64 [B, T] and the output `logits` float32 [B, C].
        thread_count: threads that run the model, the calling one included.

    Raises:
        onnxruntime's errors when the file is not such a graph.
    """

    def __init__(self, model: Path, thread_count: int) -> None:
        self._session = open_session(model, thread_count)

    def read(
        self, window: NDArray[np.int64], call: CallContext, *, is_last_of_many: bool = False
    ) -> NDArray[np.float32]:
        """Give the logits [C] of a window [T]; raises `CallStopped` once the call was stopped.

        After the last of many, what full windows needed and no other does is given back to the system.
        """
        with stoppable_run(call, is_last_of_many=is_last_of_many) as run_options:
            (logits,) = self._session.run(["logits"], {"piece_ids": window[None]}, run_options)
        answer: NDArray[np.float32] = logits[0]
        return answer
