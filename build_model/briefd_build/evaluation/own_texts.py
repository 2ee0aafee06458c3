"""The project's own texts: JSON lines in `data/`, a file a subject and language."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any


def read_own_texts(subject: str, language: str) -> list[dict[str, Any]]:
    """Read the lines of `data/<subject>-<language>.jsonl`; none where there is no such file."""
    file = resources.files(__package__) / "data" / f"{subject}-{language}.jsonl"
    if not file.is_file():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
