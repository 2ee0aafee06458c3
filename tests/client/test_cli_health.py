from __future__ import annotations

import json
import os
import pty
import signal
import subprocess

import pytest
from run_brief import PROGRAM, finish, records, run, start
from scripted_daemon import running_daemon, socket_address

from briefd.v1 import briefd_pb2 as pb


def test_a_daemon_that_serves(daemon):
    result = run("health", address=daemon.address)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:2] == ["status   serving, up 1 h 2 min", "version  briefd 0.1.0"]


def test_json(daemon):
    (report,) = records(run("health", "--json", "--address", daemon.address).stdout)
    assert (report["status"], report["bundle"]["variants"]) == ("serving", ["optimized"])
    assert (report["temperature_celsius"], report["totals"]["call_count_by_outcome"]["OK"]) == (None, 120)


def test_json_writes_when_it_became_ready(daemon):
    daemon.health.ready_at.FromSeconds(1_767_225_600)
    (report,) = records(run("health", "--json", address=daemon.address).stdout)
    assert report["ready_at"] == "2026-01-01T00:00:00+00:00"


def test_a_daemon_that_does_not_serve(daemon):
    daemon.health.status = pb.SERVING_STATUS_NOT_SERVING
    result = run("health", address=daemon.address)
    assert result.exit_code == 69
    assert result.stdout.startswith("status   not serving")


def test_no_daemon(short_directory):
    result = run("health", address=socket_address(short_directory))
    assert (result.exit_code, result.stdout) == (69, "")
    assert result.stderr.startswith("brief: no daemon answers")


def test_what_the_daemon_says_cannot_steer_a_terminal(daemon):
    daemon.health.version = "0.1\x1b]0;title\x07"
    assert "\x1b" not in run("health", address=daemon.address).stdout


def test_watch_goes_on_when_the_daemon_comes_and_ends_when_interrupted(short_directory):
    address = socket_address(short_directory)
    process = start("health", "--watch", "--json", address=address)
    failure = json.loads(process.stdout.readline())
    assert failure["error"]["reason"] == "UNREACHABLE"
    with running_daemon(address):
        while "error" in (report := json.loads(process.stdout.readline())):
            pass
        assert report["status"] == "serving"
        process.send_signal(signal.SIGINT)
        status, _, errors = finish(process)
    assert status == 130
    assert b"Traceback" not in errors


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_for_each_shell(shell):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert "_BRIEF_COMPLETE" in result.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("brief he", ["plain,health", "file,he"]),
        ("brief cl", ["plain,classify", "file,cl"]),
        ("brief classify he", ["file,he"]),
        ("brief classify --l", ["plain,--labels"]),
        ("brief news.txt he", ["file,he"]),
        ("brief --m", ["plain,--min", "plain,--max", "plain,--min-confidence", "plain,--metrics"]),
        ("brief --variant o", ["plain,optimized"]),
        ("brief health --w", ["plain,--watch"]),
        ("brief completion f", ["plain,fish"]),
    ],
)
def test_completion_offers_what_fits(words, expected):
    environment = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" ")), "_BRIEF_COMPLETE": "bash_complete"}
    offered = subprocess.run([PROGRAM], env=environment, check=True, capture_output=True, text=True).stdout
    assert offered.splitlines() == expected


def test_watch_on_a_terminal_draws_in_place(daemon):
    master, slave = pty.openpty()
    process = start("health", "--watch", address=daemon.address, stdout=slave)
    os.close(slave)
    shown = b""
    while b"device" not in shown:
        shown += os.read(master, 4096)
    process.send_signal(signal.SIGINT)
    assert finish(process)[0] == 130
    os.close(master)
    assert shown.startswith(b"\x1b[2J\x1b[1;1Hstatus   serving")
