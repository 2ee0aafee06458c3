"""`brief` as shipped: the daemon with the default bundle, and the texts in examples/."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import REPOSITORY, default_daemon, python_environ

BRIEF = Path(sys.executable).with_name("brief")
EXAMPLES = sorted((REPOSITORY / "examples").glob("*.txt"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with default_daemon() as daemon:
        yield daemon.address


def run_brief(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environ = python_environ()
    return subprocess.run([BRIEF, *words], input=stdin, env=environ, capture_output=True, text=True, check=False)


def brief(address: str, *words: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return run_brief("--address", address, *map(str, words), stdin=stdin)


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


def test_kept_words_are_marked_in_the_text(address):
    finished = brief(address, "--highlight", EXAMPLES[0])
    assert finished.returncode == 0
    summary, _, marked = finished.stdout.partition("\n")
    assert _letters(summary)[:12] in _letters(marked)


def test_lines_are_answered_in_order_whatever_they_hold(address):
    texts = ["The pump in the second bay stopped at two because its bearing was worn.", "?!", "One word less", "a\0b"]
    lines = "".join(json.dumps({"id": f"line {number}", "text": text}) + "\n" for number, text in enumerate(texts))
    finished = brief(address, "--jsonl", stdin=lines)
    assert finished.returncode == 1
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    assert [answer["id"] for answer in answers] == [f"line {number}" for number in range(len(texts))]
    assert [answer.get("length_met") for answer in answers] == [True, None, False, None]
    assert [answer.get("error", {}).get("reason") for answer in answers] == [
        None,
        "TEXT_WITHOUT_WORDS",
        None,
        "TEXT_HAS_NUL",
    ]


def test_health_names_the_bundle(address):
    finished = run_brief("health", "--address", address)
    assert finished.returncode == 0
    assert "default-en" in finished.stdout


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
