"""What the README says can be done, done."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from serving import REPOSITORY, DaemonProcess, default_daemon, python_environ

from briefd_server.text.words import find_words

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
ADDRESS = "unix:/tmp/briefd.sock"
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
CONSOLE_LINES = [
    line.removeprefix("$ ").partition("  #")[0].split()
    for block in re.findall(r"^```console\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]


@pytest.fixture(scope="module")
def daemon() -> Iterator[DaemonProcess]:
    with default_daemon() as running:
        yield running


@pytest.mark.parametrize("block", PYTHON_BLOCKS)
def test_python_runs(daemon, block):
    assert ADDRESS in block
    script = block.replace(ADDRESS, daemon.address)
    finished = subprocess.run(
        [sys.executable, "-c", script], env=python_environ(), capture_output=True, text=True, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    assert re.search(r"^[A-Z].*\.$", finished.stdout, re.MULTILINE)


def test_recorded_summaries_could_be_given():
    """Which words are kept may differ with the processor's arithmetic; that they are the text's may not."""
    recorded = re.findall(r"^\$ brief (?:--metrics )?(examples/\S+)\n(.*)$", README, re.MULTILINE)
    assert len(recorded) > 1
    for file, summary in recorded:
        written = words(summary)
        following = iter(words((REPOSITORY / file).read_text(encoding="utf-8")))
        assert 10 <= len(written) <= 15
        assert all(word in following for word in written), summary


def words(text: str) -> list[str]:
    return [text[word.start : word.end].lower() for word in find_words(text)]


def test_make_knows_what_it_is_told_to_make():
    targets = {line[1] for line in CONSOLE_LINES if line[0] == "make"}
    assert targets >= {"demo", "test", "bundle"}
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    assert not [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)]


def test_links_lead_somewhere():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    assert not [target for target in targets if not (REPOSITORY / target).exists()]
