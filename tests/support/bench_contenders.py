"""Contenders without a model: they write numbers, log their turns, and fail where they are told to."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefd_build.bench.contender import AbsentError, Generation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class CountingContender:
    """Writes 0, 1, 2, ...; `mistaken` of every ten are predicted wrong; `fails` names the step at which it fails."""

    name: str
    log: Path
    mistaken: int = 0
    fails: str = ""
    note: str = "counts"

    def prepare(self) -> None:
        self.write("prepare", 0)
        if self.fails == "prepare":
            raise AbsentError("it is not installed")

    def load(self, thread_count: int) -> CountingModel:
        self.write("load", thread_count)
        if self.fails == "load":
            raise ValueError("bad weights\nand a second line")
        return CountingModel(self)

    def write(self, what: str, number: int) -> None:
        with self.log.open("a") as file:
            file.write(f"{self.name} {what} {number} {os.getpid()} {os.environ.get('OMP_NUM_THREADS', '')}\n")


class CountingModel:
    def __init__(self, contender: CountingContender) -> None:
        self._contender = contender
        self._generation_count = 0

    def generate(self, prompt_ids: Sequence[int], count: int) -> Generation:
        start = time.perf_counter()
        self._contender.write("generate", count)
        self._generation_count += 1
        if self._contender.fails == "crash" and count > 3:
            os._exit(3)
        if self._contender.fails == "late" and self._generation_count > 1:
            os._exit(3)
        first = time.perf_counter() - start
        return Generation(list(range(count)), first, time.perf_counter() - start)

    def predict(self, prompt_ids: Sequence[int], continuation_ids: Sequence[int]) -> list[int]:
        return [-1 if number % 10 < self._contender.mistaken else number for number in continuation_ids]
