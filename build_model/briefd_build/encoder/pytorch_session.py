"""The extractive engine with PyTorch under it instead of ONNX Runtime: the reference of speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from briefd_build.encoder.network import TAGS
from briefd_server.engines.extractive.costs import Costs
from briefd_server.engines.extractive.engine import ExtractiveEngine, Parameters
from briefd_server.engines.extractive.parsing import Labels
from briefd_server.engines.extractive.pieces import PieceEncoder
from briefd_server.engines.extractive.session import WindowReading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Tokenizer

    from briefd_build.encoder.network import MultiTaskEncoder
    from briefd_server.engines.base import CallContext
    from briefd_server.engines.extractive.pieces import Window


class PyTorchSession:
    """Reads windows as `WindowReader` says."""

    def __init__(self, network: MultiTaskEncoder) -> None:
        self._network = network.eval()

    @torch.inference_mode()
    def read(self, window: Window, call: CallContext, *, is_last_of_many: bool = False) -> WindowReading:  # noqa: ARG002 - PyTorch can't be stopped, and keeps no arena
        """Read one window."""
        outputs = self._network(torch.from_numpy(window.piece_ids[None]), torch.from_numpy(window.word_starts[None]))
        return WindowReading(*(output[0].numpy() for output in outputs))


def pytorch_engine(
    network: MultiTaskEncoder, tokenizer: Tokenizer, relations: Sequence[str], window_pieces: int
) -> ExtractiveEngine:
    """Make an engine that runs a network in PyTorch, on the threads that PyTorch was told to use."""
    parameters = Parameters(Labels(tuple(relations), TAGS), Costs(), "en", window_pieces)
    return ExtractiveEngine(PieceEncoder(tokenizer), PyTorchSession(network), parameters, torch.get_num_threads())
