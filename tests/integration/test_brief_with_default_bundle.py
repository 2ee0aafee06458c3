"""`brief` as shipped: the daemon with the default bundle, and the texts in examples/."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import REPOSITORY, python_environ, short_directory

import briefd_server

PROGRAMS = Path(sys.executable).parent
BUNDLE = Path(briefd_server.__file__).parent / "bundles" / "default-en"
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.txt"))

pytestmark = pytest.mark.skipif(
    not BUNDLE.exists(), reason="the default bundle is not built: run `brief-build default`"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with short_directory() as directory:
        address = f"unix:{directory}/s"
        command = [PROGRAMS / "briefd", "serve", "--listen", address]
        process = subprocess.Popen(command, env=python_environ(), stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        assert any("serving bundle" in line for line in process.stderr)
        yield address
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0


def brief(address: str, *words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [PROGRAMS / "brief", "--address", address, *map(str, words)]
    return subprocess.run(command, input=stdin, env=python_environ(), capture_output=True, text=True, check=False)


def test_every_example_is_summarized_in_the_asked_length_from_its_own_words(address):
    finished = brief(address, "--json", *EXAMPLES)
    assert (finished.returncode, finished.stderr) == (0, "")
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    assert len(answers) == len(EXAMPLES) > 0
    for answer in answers:
        assert 10 <= answer["word_count"] <= 15
        text = Path(answer["file"]).read_text(encoding="utf-8")
        kept = " ".join(text[span["start"] : span["end"]] for span in answer["spans"])
        assert _letters(kept) == _letters(answer["summary"])


def test_spans_are_code_points_of_what_was_sent(address):
    text = "\ufeff🙂 Naïve café owners in Zürich — all nine — have closed their doors for good since Monday 👩‍🚀."
    (answer,) = [
        json.loads(line) for line in brief(address, "--jsonl", stdin=json.dumps({"text": text})).stdout.splitlines()
    ]
    kept = " ".join(text[span["start"] : span["end"]] for span in answer["spans"])
    assert _letters(kept) == _letters(answer["summary"])


def test_metrics_hold_a_reading_for_time_memory_and_processor(address):
    finished = brief(address, "--metrics", EXAMPLES[0])
    readings = dict(line.split(maxsplit=1) for line in finished.stderr.splitlines())
    assert not [label for label in ("latency", "memory", "CPU") if "not measured" in readings[label]]


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
