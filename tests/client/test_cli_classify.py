"""`brief classify` against a server whose answers the tests write."""

from __future__ import annotations

import pytest
from google.rpc import code_pb2
from run_brief import records, run, run_on_terminal
from scripted_daemon import USAGE, failing

from briefd.v1 import briefd_pb2 as pb


def test_a_text_is_answered_by_its_label(daemon):
    result = run("classify", "--text", "a fine day", address=daemon.address)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "good 0.750\n", "")
    assert daemon.requests == [pb.ClassifyRequest(text="a fine day", label_count=1)]


def test_several_labels_stand_in_one_line(daemon, tmp_path):
    (tmp_path / "mail").write_text("a fine day", encoding="utf-8")
    result = run("classify", "--labels", "2", str(tmp_path / "mail"), "-", address=daemon.address, stdin="x")
    assert result.stdout == (
        f"{tmp_path}/mail: good 0.750, very bad 0.250\n(standard input): good 0.750, very bad 0.250\n"
    )


def test_json_holds_all_labels_unless_fewer_are_wanted(daemon):
    (answer,) = records(run("classify", "--json", "-", address=daemon.address, stdin="x y").stdout)
    assert answer["file"] == "-"
    assert (answer["label"], answer["probability"], answer["words_read"]) == ("good", 0.75, 2)
    assert answer["labels"] == [{"name": "good", "probability": 0.75}, {"name": "very bad", "probability": 0.25}]
    assert answer["usage"]["energy"]["energy_joules"] == 0.065
    (answer,) = records(
        run("classify", "--jsonl", "--labels", "1", address=daemon.address, stdin='{"text": "x"}').stdout
    )
    assert [label["name"] for label in answer["labels"]] == ["good"]


def test_what_is_asked_for_is_passed_on(daemon):
    words = ("classify", "--bundle", "other", "--variant", "baseline", "--labels", "3", "--text", "x")
    assert run(*words, address=daemon.address).exit_code == 0
    expected = pb.ClassifyRequest(text="x", label_count=3, bundle="other", variant=pb.VARIANT_BASELINE)
    assert daemon.requests == [expected]


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        (code_pb2.INVALID_ARGUMENT, "EMPTY_TEXT", 65),
        (code_pb2.INVALID_ARGUMENT, "LABEL_COUNT_OUT_OF_RANGE", 2),
        (code_pb2.FAILED_PRECONDITION, "TASK_NOT_SERVED", 2),
        (code_pb2.DEADLINE_EXCEEDED, "DEADLINE_PASSED", 124),
    ],
)
def test_every_failure_is_one_line_and_its_status(daemon, code, reason, status):
    daemon.classify = failing(code, reason, "do this instead")
    result = run("classify", "--text", "x", address=daemon.address)
    assert (result.exit_code, result.stdout, result.stderr) == (status, "", "brief: do this instead\n")


def test_an_older_daemon_is_told_as_such(daemon):
    daemon.classify = failing(code_pb2.UNIMPLEMENTED, "X", domain="example.com")
    result = run("classify", "--text", "x", address=daemon.address)
    assert result.exit_code == 69
    assert "is no briefd of this version (UNIMPLEMENTED)" in result.stderr


def test_a_label_does_not_steer_the_terminal(daemon):
    label = pb.Label(name="go\x1b[31mod", probability=1.0)
    daemon.classify = lambda request, context: [
        pb.ClassifyResponse(result=pb.ClassifyResult(labels=[label], usage=USAGE))
    ]
    screen = run_on_terminal("classify", "--text", "x", address=daemon.address)
    assert screen.shown == "go\N{REPLACEMENT CHARACTER}[31mod 1.000\n"


def test_nothing_to_classify_is_said(daemon):
    screen = run_on_terminal("classify", address=daemon.address)
    assert screen.status == 2
    assert "nothing to classify: give a FILE" in screen.shown
