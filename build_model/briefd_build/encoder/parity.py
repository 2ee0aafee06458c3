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
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from briefd_build.encoder.network import MultiTaskEncoder

_WINDOW_PIECES = (8, 37, 128, 256)
_LARGEST_DIFFERENCE = 1e-3
_LEAST_AGREEMENT = 0.95


def check_parity(network: MultiTaskEncoder, graph: Path) -> str:
    """Check a float32 graph: every output within 0.001 of the network's, on random windows of several lengths.

    Returns:
        The largest difference, in words.

    Raises:
        BuildError: it is not.
    """
    chance = np.random.default_rng(0)
    windows = []
    for pieces in _WINDOW_PIECES:
        words = np.arange(1, pieces - 1, 2)
        piece_ids = chance.integers(1, network.bert.config.vocab_size, pieces)
        windows.append(Window(piece_ids, words, np.zeros_like(words)))
    largest = 0.0
    for expected, given in _both(network, graph, windows):
        for name, ours, theirs in zip(WindowReading._fields, expected, given, strict=True):
            difference = float(np.abs(ours - theirs).max())
            if not difference < _LARGEST_DIFFERENCE:
                raise BuildError(f"the exported graph's {name} differ from PyTorch's by {difference:.4f}")
            largest = max(largest, difference)
    return f"outputs within {largest:.1g} of PyTorch's"


def check_agreement(network: MultiTaskEncoder, graph: Path, windows: Sequence[Window]) -> str:
    """Check a quantized graph on windows of real text: nearly all words keep their head.

    Returns:
        How many do, in words.

    Raises:
        BuildError: fewer than 95 % do.
    """
    same = total = 0
    for window, (expected, given) in zip(windows, _both(network, graph, windows), strict=True):
        apart = window.sentences[:, None] != window.sentences
        ours, theirs = (np.where(apart, -np.inf, each.arc_scores).argmax(1) for each in (expected, given))
        same += int((ours == theirs).sum())
        total += len(ours)
    if same < _LEAST_AGREEMENT * total:
        raise BuildError(f"only {same:,} of {total:,} words keep their head after quantization")
    return f"{same:,} of {total:,} words keep their head"


def _both(
    network: MultiTaskEncoder, graph: Path, windows: Sequence[Window]
) -> Iterator[tuple[WindowReading, WindowReading]]:
    session = EncoderSession(graph, thread_count=1)
    for window in windows:
        with torch.no_grad():
            expected = network(*(torch.from_numpy(part[None]) for part in (window.piece_ids, window.word_starts)))
        yield WindowReading(*(output[0].numpy() for output in expected)), session.read(window, UnwatchedCall())
