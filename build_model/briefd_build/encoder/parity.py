"""Checks that an exported graph still says what the network says; a build stops where one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from briefd_build.errors import BuildError
from briefd_server.engines.base import UnwatchedCall
from briefd_server.engines.extractive.pieces import Window
from briefd_server.engines.extractive.session import EncoderSession, WindowReading

if TYPE_CHECKING:
    from pathlib import Path

    from briefd_build.encoder.network import MultiTaskEncoder

_WINDOW_PIECES = (8, 37, 128, 256)
_LARGEST_DIFFERENCE = 1e-3
_LEAST_AGREEMENT = 0.90  # random pieces: real text agrees more, which the evaluation shows


def check_parity(network: MultiTaskEncoder, graph: Path) -> None:
    """Check a float32 graph: every output within 0.001 of the network's, on windows of several lengths.

    Raises:
        BuildError: it is not.
    """
    for expected, given in _both(network, graph):
        for name, ours, theirs in zip(WindowReading._fields, expected, given, strict=True):
            difference = float(np.abs(ours - theirs).max())
            if not difference < _LARGEST_DIFFERENCE:
                raise BuildError(f"the exported graph's {name} differ from PyTorch's by {difference:.4f}")


def check_agreement(network: MultiTaskEncoder, graph: Path) -> None:
    """Check a quantized graph: most words keep their head.

    Raises:
        BuildError: fewer than 90 % do.
    """
    same = total = 0
    for expected, given in _both(network, graph):
        same += int((expected.arc_scores.argmax(1) == given.arc_scores.argmax(1)).sum())
        total += len(given.arc_scores)
    if same < _LEAST_AGREEMENT * total:
        raise BuildError(f"only {same} of {total} words keep their head after quantization")


def _both(network: MultiTaskEncoder, graph: Path) -> list[tuple[WindowReading, WindowReading]]:
    session = EncoderSession(graph, thread_count=1)
    chance = np.random.default_rng(0)
    pairs = []
    for pieces in _WINDOW_PIECES:
        piece_ids = chance.integers(1, network.bert.config.vocab_size, pieces)
        words = np.arange(1, pieces - 1, 2)
        window = Window(piece_ids, words, np.zeros_like(words))
        with torch.no_grad():
            expected = network(torch.from_numpy(piece_ids[None]), torch.from_numpy(words[None]))
        reading = WindowReading(*(output[0].numpy() for output in expected))
        pairs.append((reading, session.read(window, UnwatchedCall())))
    return pairs
