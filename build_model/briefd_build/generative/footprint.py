"""A program that serves one text with one variant, in a process without PyTorch, and tells what memory that takes.

python -m briefd_build.generative.footprint BUNDLE VARIANT THREADS < TEXT
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from briefd_server.bundle import read_bundle
from briefd_server.engines import load_summarizer
from briefd_server.engines.base import Task, UnwatchedCall
from briefd_server.metering.memory import MemoryProbe


@dataclass(frozen=True)
class Footprint:
    """Memory of the process, in bytes: after the answer, and at the worst."""

    resident_bytes: int
    peak_bytes: int


def serve_once(bundle: Path, variant: str, thread_count: int, text: str) -> Footprint:
    """Answer one text, and read the memory of this process."""
    engine = load_summarizer(read_bundle(bundle), variant, thread_count)
    engine.summarize(Task(text, 10, 15), UnwatchedCall())
    probe = MemoryProbe()
    resident_bytes = probe.rss_bytes() or 0
    return Footprint(resident_bytes, probe.high_water_bytes() or resident_bytes)


if __name__ == "__main__":
    _, _bundle, _variant, _threads = sys.argv
    json.dump(asdict(serve_once(Path(_bundle), _variant, int(_threads), sys.stdin.read())), sys.stdout)
