"""The client library and `brief` against the daemon as a process, on both kinds of socket; its engine is a fake."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from bundle_factory import make_bundle
from serving import DaemonProcess, brief, daemon_process

from briefd_client import (
    NO_RETRY,
    Accepted,
    BriefdError,
    Chunk,
    Client,
    DeadlineError,
    EngineError,
    LowConfidenceError,
    NotServedError,
    OptionError,
    QueueFullError,
    Result,
    Sample,
    ServingStatus,
    TextError,
    UnavailableError,
    Variant,
)
from briefd_server.bundle import VariantEntry

MANY_WORDS = " ".join(["word"] * 12)


@pytest.fixture(scope="module")
def daemon() -> Iterator[DaemonProcess]:
    with daemon_process("--queue", "2") as running:
        running.wait_ready()
        yield running


def test_a_call_tells_its_whole_story(client):
    first, *middle, last = client.stream(MANY_WORDS)
    assert isinstance(first, Accepted)
    assert (first.sequence_number, first.variant, first.queue_position) == (0, Variant.OPTIMIZED, 0)
    assert first.bundle_digest.startswith("sha256:")
    assert isinstance(last, Result)
    assert "".join(event.text for event in middle if isinstance(event, Chunk)) == last.result.summary == MANY_WORDS
    assert last.result.length_met
    assert last.result.usage.total_seconds > 0
    assert (first.form, last.result.form, client.health().bundle.forms) == ("optimized", "optimized", ("optimized",))


def test_samples_come_while_a_call_runs(client):
    events = client.stream("spin on", sample_interval_seconds=0.02, timeout_seconds=60)
    sample = next(event for event in events if isinstance(event, Sample))
    assert sample.usage.rss_end_bytes > 0
    events.close()


@pytest.mark.parametrize(
    ("arguments", "kind", "reason"),
    [
        ({"text": ""}, TextError, "EMPTY_TEXT"),
        ({"text": "?!"}, TextError, "TEXT_WITHOUT_WORDS"),
        ({"text": "a\0b"}, TextError, "TEXT_HAS_NUL"),
        ({"text": "word " * 100_000}, TextError, "TEXT_TOO_LARGE"),
        ({"text": "word " * 4_000_000}, TextError, "TEXT_TOO_LARGE"),
        ({"text": "a", "min_words": 9, "max_words": 8}, OptionError, "LENGTH_OUT_OF_RANGE"),
        ({"text": "a", "min_confidence": 90}, OptionError, "MIN_CONFIDENCE_OUT_OF_RANGE"),
        ({"text": "a", "min_confidence": 0.9}, NotServedError, "CONFIDENCE_NOT_SERVED"),
        ({"text": "unsure now", "min_confidence": 0.9}, LowConfidenceError, "LOW_CONFIDENCE"),
        ({"text": "a", "bundle": "nobody's"}, NotServedError, "UNKNOWN_BUNDLE"),
        ({"text": "crash now"}, EngineError, "ENGINE_FAILED"),
    ],
)
def test_every_refusal_has_its_class_and_reason(client, arguments, kind, reason):
    with pytest.raises(kind) as caught:
        client.summarize(**arguments)
    assert caught.value.reason == reason
    assert "now" not in str(caught.value)


def test_an_interval_out_of_range_is_refused(client):
    with pytest.raises(OptionError) as caught:
        list(client.stream("a", sample_interval_seconds=0.001))
    assert caught.value.reason == "SAMPLE_INTERVAL_OUT_OF_RANGE"


def test_a_deadline_ends_a_call(client):
    with pytest.raises(DeadlineError):
        client.summarize("spin on", timeout_seconds=0.2)


def test_health_tells_what_is_served(client):
    report = client.health()
    assert report.status is ServingStatus.SERVING
    assert report.limits.max_queued_call_count == 2
    assert report.thread_count > 0
    assert report.ready_at is not None


def test_many_callers_are_all_answered_though_the_queue_is_short(client):
    with ThreadPoolExecutor(12) as pool:
        texts = [f"caller {number}" for number in range(48)]
        assert [result.summary for result in pool.map(client.summarize, texts)] == texts


def test_a_full_queue_is_told_with_its_hint(client, daemon):
    holding = [client.stream("spin on") for _ in range(3)]
    for events in holding:
        next(events)
    with Client(daemon.address, retry=NO_RETRY) as hasty, pytest.raises(QueueFullError) as caught:
        hasty.summarize("a")
    for events in holding:
        events.close()
    assert caught.value.retry_after_seconds > 0


def test_json_lines_are_answered_in_order(daemon):
    texts = "".join(json.dumps({"id": number, "text": f"line {number}"}) + "\n" for number in range(100))
    finished = brief(daemon, "--jsonl", stdin=f"{texts}nonsense\n")
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    assert finished.returncode == 1
    assert [answer.get("summary") for answer in answers] == [*(f"line {number}" for number in range(100)), None]


def test_a_summary_of_low_confidence_is_none(client, daemon):
    with pytest.raises(LowConfidenceError) as caught:
        client.summarize("unsure it is", min_confidence=0.5)
    assert caught.value.confidence == 0.4
    assert client.summarize("sure it is", min_confidence=0.5).confidence == 0.97
    finished = brief(daemon, "--min-confidence", "0.5", "--text", "unsure it is")
    assert (finished.returncode, finished.stdout) == (3, "")
    assert finished.stderr.startswith("brief: the summary's confidence is 0.4, below the asked 0.5; ")
    lines = "".join(json.dumps({"text": text}) + "\n" for text in ("sure it is", "unsure it is", "sure again"))
    finished = brief(daemon, "--jsonl", "--min-confidence", "0.5", stdin=lines)
    reasons = [json.loads(line).get("error", {}).get("reason") for line in finished.stdout.splitlines()]
    assert (finished.returncode, reasons) == (1, [None, "LOW_CONFIDENCE", None])


def test_the_command_explains(daemon):
    finished = brief(daemon, "--explain", "--min", "3", "--max", "3", "--text", "it rains in Ulm")
    assert (finished.returncode, finished.stdout.splitlines()) == (
        0,
        [
            "it rains in",
            "",
            "word            rule         why",
            "it     kept     first-words  less is still true here",
            'rains  kept     first-words  serves "it"; less is still true here',
            'in     kept     first-words  serves "it"; less is still true here',
            'Ulm    dropped  price:rest   serves "it"; less is still true here',
            "",
        ],
    )


def test_the_command_tells_metrics_and_health(daemon):
    finished = brief(daemon, "--metrics", "--text", MANY_WORDS)
    assert (finished.returncode, finished.stdout) == (0, f"{MANY_WORDS}\n")
    assert re.search(r"^latency  [\d.]+ [mµ]s ", finished.stderr, re.MULTILINE)
    assert brief(daemon, "health").stdout.startswith("status   serving, up ")


def test_the_command_tells_which_of_several_forms_answered(tmp_path):
    make_bundle(
        tmp_path, variants={"int4": VariantEntry("baseline.onnx", rank=1), "int8": VariantEntry("optimized.onnx")}
    )
    with daemon_process("--bundle", str(tmp_path)) as running:
        assert " as int8 on " in running.wait_ready()
        finished = brief(running, "--metrics", "--text", MANY_WORDS)
        assert "form     int8" in finished.stderr.splitlines()
        assert json.loads(brief(running, "--json", "--text", MANY_WORDS).stdout)["form"] == "int8"
        assert "(en; optimized as int8, else int4)" in brief(running, "health").stdout
        assert json.loads(brief(running, "health", "--json").stdout)["bundle"]["forms"] == ["int8", "int4"]


def test_tcp_is_served_alike():
    with daemon_process("--listen", "127.0.0.1:0") as running:
        port = re.search(r"127\.0\.0\.1:(\d+)", running.wait_ready())
        assert port is not None
        with Client(f"127.0.0.1:{port[1]}") as client:
            assert client.summarize("over tcp").summary == "over tcp"


def test_a_daemon_that_stops_is_told_as_such():
    with daemon_process() as running, Client(running.address) as client:
        running.wait_ready()
        assert client.summarize("here").summary == "here"
        running.stop()
        running.wait()
        with pytest.raises(UnavailableError) as caught:
            client.summarize("gone")
    assert isinstance(caught.value, BriefdError)
    assert caught.value.reason in ("UNREACHABLE", "SHUTTING_DOWN")
