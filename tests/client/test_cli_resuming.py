"""`--jsonl` over a daemon that comes and goes, and runs that go on where one was stopped."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path

import pytest
from run_brief import WAIT_SECONDS, finish, records, run, start
from scripted_daemon import ScriptedDaemon, accepted, fail, running_daemon, socket_address

from briefd_client.cli.exits import exit_status_of
from briefd_client.cli.resuming import AnswersFile, OutputError


def lines(*objects: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


TEXTS = lines(*({"id": f"t{number}", "text": f"text {number} says"} for number in range(4)))


def summaries(path: Path) -> list[tuple[object, str | None]]:
    return [(each["id"], each.get("summary")) for each in records(path.read_text(encoding="utf-8"))]


def test_a_daemon_that_is_restarted_under_a_call_is_waited_for(short_directory):
    address = socket_address(short_directory)
    is_taken = threading.Event()

    def hang_until_cancelled(request, context):
        yield accepted()
        is_gone = threading.Event()
        context.add_callback(is_gone.set)
        is_taken.set()
        is_gone.wait(WAIT_SECONDS)

    with running_daemon(address) as first:
        first.summarize = hang_until_cancelled
        process = start("--jsonl", address=address)
        process.stdin.write(TEXTS.encode())
        process.stdin.close()
        process.stdin = None
        assert is_taken.wait(WAIT_SECONDS)
    with pytest.raises(subprocess.TimeoutExpired):  # it goes on, without a daemon
        process.wait(1)
    with running_daemon(address):
        status, output, errors = finish(process)
    assert (status, errors) == (0, b"")
    assert [each["summary"] for each in records(output.decode())] == [f"text {number} says!" for number in range(4)]


def test_a_text_that_ends_every_daemon_is_not_asked_about_for_ever(daemon):
    def lose(request, context):
        yield accepted()
        fail(context, 14, "SHUTTING_DOWN", "call again later")

    daemon.summarize = lose
    result = run("--jsonl", address=daemon.address, stdin=lines({"text": "poison"}))
    assert (result.exit_code, len(daemon.requests)) == (69, 3)


def test_only_what_is_missing_is_asked_for_and_appended(daemon: ScriptedDaemon, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(lines({"id": "t1", "summary": "kept"}, {"id": "t2", "error": {"reason": "ENGINE_FAILED"}}))
    result = run("--jsonl", "--resume", str(out), address=daemon.address, stdin=TEXTS)
    assert (result.exit_code, result.stdout) == (0, "")
    assert summaries(out) == [
        ("t1", "kept"),
        ("t2", None),
        ("t0", "text 0 says!"),
        ("t2", "text 2 says!"),
        ("t3", "text 3 says!"),
    ]
    run("--jsonl", "--resume", str(out), address=daemon.address, stdin=TEXTS)
    assert len(summaries(out)) == 5
    assert len(daemon.requests) == 3


def test_lines_without_an_id_are_known_by_their_number(daemon: ScriptedDaemon, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    texts = lines(
        {"text": "a b c"}, {"id": None, "text": "d e f"}, {"id": 3, "text": "g h i"}, {"id": 3, "text": "j k l"}
    )
    for _ in range(2):
        assert run("--jsonl", "--resume", str(out), address=daemon.address, stdin=texts).exit_code == 0
    # What has no id at all is asked for every time; of two lines with one id both are answered, once each.
    assert [identifier for identifier, _ in summaries(out)] == [1, None, 3, 3, None]


def test_a_line_that_an_interrupted_run_left_half_written_is_written_anew(
    daemon: ScriptedDaemon, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(lines({"id": "t0", "summary": "kept"}) + '{"id": "t1", "summ')
    assert run("--jsonl", "--resume", str(out), address=daemon.address, stdin=TEXTS).exit_code == 0
    assert summaries(out) == [("t0", "kept"), *((f"t{number}", f"text {number} says!") for number in (1, 2, 3))]


@pytest.mark.parametrize(
    "content", ["precious", "precious\n", '{"text": "an input"}\n', "[]\n", '{"id": 1}\nprecious\n']
)
def test_a_file_of_something_else_is_left_alone(daemon: ScriptedDaemon, tmp_path: Path, content: str) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text(content)
    result = run("--jsonl", "--resume", str(out), address=daemon.address, stdin=TEXTS)
    assert result.exit_code == 65
    assert "is not what --jsonl writes" in result.stderr
    assert out.read_text() == content


def test_answers_that_cannot_be_written_are_an_error_of_their_own(tmp_path: Path) -> None:
    with AnswersFile(str(tmp_path / "out.jsonl")) as out, open("/dev/full", "wb") as full:
        os.dup2(full.fileno(), out._file.fileno())
        with pytest.raises(OutputError, match=r"cannot be written .No space left on device") as caught:
            out.write("{}")
    assert exit_status_of(caught.value) == 74


def test_what_is_no_file_is_refused(daemon: ScriptedDaemon) -> None:
    result = run("--jsonl", "--resume", "/dev/full", address=daemon.address, stdin=TEXTS)
    assert result.exit_code == 65
    assert "is no regular file" in result.stderr


def test_it_goes_with_json_lines_only(daemon: ScriptedDaemon) -> None:
    result = run("--resume", "out", "--text", "x", address=daemon.address)
    assert result.exit_code == 2
    assert "--resume goes with --jsonl only" in result.stderr
