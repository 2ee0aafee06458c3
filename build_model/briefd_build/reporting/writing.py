"""The three files of a report on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from briefd_build.errors import BuildError
from briefd_build.folder import staged

if TYPE_CHECKING:
    from pathlib import Path


def write_three(folder: Path, page: str, markdown: str, content: dict[str, Any]) -> list[Path]:
    """Write report.html, report.md and report.json, each whole or not at all.

    Args:
        folder: made where it is not there; reports in it are replaced.
        page: the HTML.
        markdown: the same as text.
        content: the same as JSON, without NaN.

    Returns:
        The files, the page first.

    Raises:
        BuildError: the folder can't be written.

    """
    document = json.dumps(content, indent=2, allow_nan=False)
    texts = {"report.html": page, "report.md": markdown, "report.json": f"{document}\n"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            with staged(folder / name) as partial:
                partial.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BuildError(f"{folder} cannot be written ({error.strerror}); name another --out") from error
    return [folder / name for name in texts]
