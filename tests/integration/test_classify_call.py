"""`Classify` against the daemon as a process, through library and command, with a model that one can do in the head."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import DaemonProcess, brief, daemon_process, default_daemon, python_environ
from tiny_classifier import LABELS, WORDS, make_classifier_bundle, tokenizer_file

from briefd_client import (
    NO_RETRY,
    Accepted,
    BriefdError,
    CancelledCallError,
    Client,
    DeadlineError,
    HealthReport,
    Label,
    NotServedError,
    OptionError,
    QueueFullError,
    Result,
    Sample,
    ShuttingDownError,
    Task,
    TextError,
    Variant,
    WrongTaskError,
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier_bundle(tmp_path_factory.mktemp("classifier") / "bundle")


@pytest.fixture(scope="module")
def daemon(bundle: Path) -> Iterator[DaemonProcess]:
    with default_daemon("--bundle", str(bundle), "--queue", "1", "--threads", "1") as running:
        yield running


@pytest.fixture(scope="module")
def summarizer() -> Iterator[DaemonProcess]:
    with daemon_process() as running:
        running.wait_ready()
        yield running


def until_idle(client: Client) -> HealthReport:
    while (report := client.health()).running_call_count:
        time.sleep(0.005)
    return report


def test_a_call_tells_its_whole_story(client: Client) -> None:
    first, last = client.classify_stream("It is a good day")
    assert isinstance(first, Accepted)
    assert (first.sequence_number, first.variant, first.queue_position, first.form) == (
        0,
        Variant.OPTIMIZED,
        0,
        "optimized",
    )
    assert first.bundle_digest == client.health().bundle.digest
    assert isinstance(last, Result)
    assert last.sequence_number == 1
    answer = last.result
    assert answer.label == answer.labels[0].name == "positive"
    assert answer.probability == answer.labels[0].probability > 0.5
    assert [label.name for label in answer.labels] == ["positive", "negative", "neutral"]
    assert sum(label.probability for label in answer.labels) == pytest.approx(1)
    assert (answer.words_read, answer.language, answer.form) == (5, "en", "optimized")


def test_what_a_call_cost_is_told_in_full(client: Client) -> None:
    usage = client.classify("It is a good day").usage
    parts = (usage.queue_seconds, usage.tokenize_seconds, usage.inference_seconds)
    assert all(part is not None and part >= 0 for part in parts)
    assert 0 < sum(parts) <= usage.total_seconds
    assert usage.cpu_seconds > 0
    assert usage.rss_peak_bytes >= max(usage.rss_start_bytes, usage.rss_end_bytes) > 1 << 20
    assert usage.rss_delta_bytes == usage.rss_end_bytes - usage.rss_start_bytes
    assert usage.energy.energy_joules > 0
    assert usage.carbon.co2e_grams > 0
    assert usage.model_threads == 1


def test_the_baseline_answers_where_it_is_asked_for(client: Client) -> None:
    optimized, baseline = (client.classify("good", variant=variant) for variant in Variant)
    assert baseline.form == "baseline"
    assert baseline.probability > optimized.probability


def test_as_many_labels_as_are_wanted(client: Client) -> None:
    assert [label.name for label in client.classify("fine", label_count=1).labels] == ["neutral"]
    assert len(client.classify("fine", label_count=1024).labels) == len(LABELS)


@pytest.mark.parametrize(
    ("arguments", "kind", "reason"),
    [
        ({"text": ""}, TextError, "EMPTY_TEXT"),
        ({"text": "?!"}, TextError, "TEXT_WITHOUT_WORDS"),
        ({"text": "a\0b"}, TextError, "TEXT_HAS_NUL"),
        ({"text": "secret " * 100_000}, TextError, "TEXT_TOO_LARGE"),
        ({"text": "\ud800"}, TextError, "MALFORMED_REQUEST"),
        ({"text": "secret", "label_count": 0}, OptionError, "LABEL_COUNT_OUT_OF_RANGE"),
        ({"text": "secret", "label_count": 1025}, OptionError, "LABEL_COUNT_OUT_OF_RANGE"),
        ({"text": "secret", "label_count": 1 << 40}, OptionError, "LABEL_COUNT_OUT_OF_RANGE"),
        ({"text": "secret", "bundle": "nobody's"}, NotServedError, "UNKNOWN_BUNDLE"),
    ],
)
def test_every_refusal_has_its_class_and_reason(
    client: Client, arguments: dict[str, object], kind: type[BriefdError], reason: str
) -> None:
    with pytest.raises(kind) as caught:
        client.classify(**arguments)
    assert caught.value.reason == reason
    assert "secret" not in str(caught.value)


def test_a_classifier_does_not_summarize_and_says_what_would(client: Client, daemon: DaemonProcess) -> None:
    with pytest.raises(WrongTaskError) as caught:
        client.summarize("It is a good day")
    assert caught.value.reason == "TASK_NOT_SERVED"
    assert str(caught.value) == (
        "this daemon serves the bundle tiny-mood, which is there to classify texts, not to summarize them; "
        "ask it to classify, or start a daemon with another bundle: briefd serve --bundle DIR_OR_NAME"
    )
    refused = brief(daemon, "--text", "It is a good day")
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", f"brief: {caught.value}\n")


def test_a_summarizer_does_not_classify_and_says_what_would(summarizer: DaemonProcess) -> None:
    with Client(summarizer.address) as client:
        with pytest.raises(WrongTaskError) as caught:
            client.classify("")
        assert client.health().bundle.task is Task.SUMMARIZE
    assert "the bundle tiny-en, which is there to summarize texts" in str(caught.value)
    texts = "".join(json.dumps({"text": "a day"}) + "\n" for _ in range(50))
    refused = brief(summarizer, "classify", "--jsonl", stdin=texts)
    assert refused.returncode == 2
    assert len(refused.stdout.splitlines()) < 50
    assert refused.stderr == f"brief: {caught.value}\n"


def test_samples_come_while_a_call_runs_and_leaving_stops_it(client: Client) -> None:
    events = client.classify_stream("a slow day", sample_interval_seconds=0.01)
    sample = next(event for event in events if isinstance(event, Sample))
    assert sample.usage.total_seconds > 0
    events.close()
    outcomes = until_idle(client).totals.call_count_by_outcome
    assert outcomes["CANCELLED"] >= 1
    assert client.classify("good").label == "positive"


def test_a_deadline_ends_a_call_and_its_work(client: Client) -> None:
    with pytest.raises(DeadlineError):
        client.classify("a slow day", timeout_seconds=0.2)
    until_idle(client)
    assert client.classify("bad").label == "negative"


def test_a_full_queue_is_told_with_its_hint(client: Client, daemon: DaemonProcess) -> None:
    holding = [client.classify_stream("a slow day") for _ in range(2)]
    for events in holding:
        next(events)
    with Client(daemon.address, retry=NO_RETRY) as hasty, pytest.raises(QueueFullError) as caught:
        hasty.classify("good")
    for events in holding:
        events.close()
    assert caught.value.retry_after_seconds > 0
    until_idle(client)


def test_a_call_that_outlives_the_grace_is_ended(bundle: Path) -> None:
    with (
        default_daemon("--bundle", str(bundle), "--grace-seconds", "0.1") as running,
        Client(running.address) as client,
    ):
        events = client.classify_stream("a slow day")
        next(events)
        running.stop()
        with pytest.raises((ShuttingDownError, CancelledCallError)):
            list(events)
        code, log = running.wait()
    assert code == 0
    assert "Traceback" not in log
    assert "onnxruntime" not in log


def test_health_tells_what_is_served_and_what_was_done(bundle: Path) -> None:
    with default_daemon("--bundle", str(bundle)) as running, Client(running.address) as client:
        client.classify("It is a good day")
        report = client.health()
        assert report.bundle.task is Task.CLASSIFY
        assert (report.totals.words_read, report.totals.words_written) == (5, 0)
        assert report.totals.call_count_by_outcome == {"OK": 1}
        assert report.totals.energy_joules > 0
        assert report.latency.call_count == 1
        assert "bundle   tiny-mood, a classifier (en; optimized, baseline), " in brief(running, "health").stdout
        assert json.loads(brief(running, "health", "--json").stdout)["bundle"]["task"] == "classify"


def test_a_bundle_whose_parts_do_not_fit_is_refused_at_the_start_in_one_line(tmp_path: Path) -> None:
    make_classifier_bundle(tmp_path, {"tokenizer.json": tokenizer_file((*WORDS, "words", "of", "another", "model"))})
    briefd = Path(sys.executable).with_name("briefd")
    started = subprocess.run(
        [briefd, "serve", "--bundle", str(tmp_path), "--listen", "127.0.0.1:0"],
        env=python_environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    complaint = "briefd: bundle tiny-mood: its optimized model can't be loaded; rebuild it\n"
    assert (started.returncode, started.stderr) == (3, complaint)


def test_the_command_answers_files_and_standard_input(daemon: DaemonProcess, tmp_path: Path) -> None:
    mail = tmp_path / "mail.txt"
    mail.write_text("good", encoding="utf-8")
    assert re.fullmatch(r"positive 0\.\d{3}\n", brief(daemon, "classify", str(mail)).stdout)
    answered = brief(daemon, "classify", str(mail), "-", str(tmp_path / "absent"), stdin="bad")
    assert answered.returncode == 65
    first, second = answered.stdout.splitlines()
    assert first.startswith(f"{mail}: positive 0.")
    assert second.startswith("(standard input): negative 0.")
    assert answered.stderr == f"brief: {tmp_path}/absent: cannot be read (no such file or directory)\n"


def test_the_command_tells_more_labels_and_the_cost(daemon: DaemonProcess) -> None:
    told = brief(daemon, "classify", "--labels", "2", "--metrics", "--text", "good")
    assert re.fullmatch(r"positive 0\.\d{3}, negative 0\.\d{3}\n", told.stdout)
    lines = told.stderr.splitlines()
    assert lines[0] == "words    1 read"
    assert [line.split()[0] for line in lines] == ["words", "latency", "memory", "CPU", "energy", "CO2e"]
    refused = brief(daemon, "classify", "--labels", "0", "--text", "good")
    complaint = "brief: 0 labels are asked for; ask for 1 to 1024, or leave it out\n"
    assert (refused.returncode, refused.stdout, refused.stderr) == (2, "", complaint)


def test_the_command_writes_json(daemon: DaemonProcess) -> None:
    answer = json.loads(brief(daemon, "classify", "--json", "--text", "good").stdout)
    assert (answer["file"], answer["label"], answer["words_read"]) == (None, "positive", 1)
    assert [Label(**label).name for label in answer["labels"]] == ["positive", "negative", "neutral"]
    assert answer["usage"]["total_seconds"] > 0


def test_json_lines_are_answered_in_order(daemon: DaemonProcess) -> None:
    words = ["good", "bad", "fine"] * 20
    texts = "".join(json.dumps({"id": number, "text": word}) + "\n" for number, word in enumerate(words))
    finished = brief(daemon, "classify", "--jsonl", stdin=f"{texts}nonsense\n")
    answers = [json.loads(line) for line in finished.stdout.splitlines()]
    assert finished.returncode == 1
    assert [answer.get("label") for answer in answers] == [*(["positive", "negative", "neutral"] * 20), None]
    assert answers[0]["id"] == 0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--text", "a", "file"], "--text and FILE are two ways to give a text"),
        (["--jsonl", "--json"], "--jsonl goes with none of --text, --json and --metrics"),
        (["--json", "--metrics", "-"], "--json does not go with --metrics"),
    ],
)
def test_options_that_do_not_go_together_are_refused(daemon: DaemonProcess, words: list[str], complaint: str) -> None:
    refused = brief(daemon, "classify", *words)
    assert refused.returncode == 2
    assert complaint in refused.stderr
