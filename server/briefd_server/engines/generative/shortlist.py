"""The shortlist of a request: the output layer's frequent tokens, and those of the prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from briefd_server.engines.generative import graph
from briefd_server.engines.onnx_sessions import open_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class Shortlist:
    """Looks up what the output layer needs of a prompt's tokens, with the graph of a file.

    Raises:
        onnxruntime's errors when the file is not such a graph.
    """

    def __init__(self, rows: Path) -> None:
        self._session = open_session(rows, 1)
        self._frequent: NDArray[np.int64] = self._session.run([graph.FREQUENT], {graph.ROW_IDS: np.zeros(1, np.int64)})[
            0
        ]

    def choose(self, prompt_ids: Sequence[int]) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Give all candidates [frequent + R], and the inputs of the decoder that stand for the last R of them."""
        row_ids = np.unique(np.array(prompt_ids, np.int64))
        rows, is_rare = self._session.run([graph.ROWS, graph.IS_RARE], {graph.ROW_IDS: row_ids})
        inputs = {graph.ROW_IDS: row_ids[is_rare], graph.ROWS: np.ascontiguousarray(rows[:, is_rare])}
        return np.concatenate([self._frequent, row_ids[is_rare]]), inputs
