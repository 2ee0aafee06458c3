from __future__ import annotations

import json
import threading

import pytest
from google.rpc import code_pb2
from hypothesis import given
from hypothesis import strategies as st
from run_brief import records, run
from scripted_daemon import accepted, fail, failing, summarize_first_words, summarize_with_explanation

from briefd.v1 import briefd_pb2 as pb
from briefd_client import BriefdError, TextError
from briefd_client.cli.jsonl import Line, answer_line, concurrency_for, numbered_lines, parse_line
from briefd_client.cli.records import json_line_of
from briefd_client.messages import event_of, health_report_of


def lines(*objects: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in objects)


def stub_summary(text: str):
    return event_of(pb.SummarizeResponse(result=pb.SummarizeResult(summary=text))).result


def answer(content: bytes, number: int = 5) -> dict:
    return json.loads(json_line_of(answer_line(Line(number, content), stub_summary).record))


def test_answers_have_the_ids_of_their_lines(daemon):
    texts = lines(
        {"id": "a1", "text": "one two three four"}, {"id": 7, "text": "five six seven"}, {"text": "eight nine ten"}
    )
    result = run("--jsonl", address=daemon.address, stdin=texts)
    assert (result.exit_code, result.stderr) == (0, "")
    answers = records(result.stdout)
    assert [(each["id"], each["summary"]) for each in answers] == [
        ("a1", "one two three!"),
        (7, "five six seven!"),
        (3, "eight nine ten!"),
    ]
    assert answers[0]["spans"][1] == {"start": 4, "end": 7}
    assert answers[0]["usage"]["cpu_seconds"] == 0.0221
    assert answers[0]["usage"]["energy"]["energy_joules"] == 0.065


def test_failed_lines_are_reported_and_the_others_go_on(daemon):
    texts = (
        lines({"id": 1, "text": "one two three"})
        + "not json\n\n"
        + lines({"id": 2, "text": " "}, {"id": 3, "text": "x"})
    )
    result = run("--jsonl", address=daemon.address, stdin=texts)
    assert result.exit_code == 1
    assert [
        (each["id"], each.get("summary"), each.get("error", {}).get("reason")) for each in records(result.stdout)
    ] == [
        (1, "one two three!", None),
        (2, None, "MALFORMED_LINE"),
        (2, None, "EMPTY_TEXT"),
        (3, "x!", None),
    ]
    assert result.stderr == 'brief: 2 of 4 lines failed; see their "error"\n'


def test_a_line_of_low_confidence_is_an_error_among_answers(daemon):
    def doubt_lies(request, context):
        if "lies" in request.text:
            metadata = {"confidence": "0.25", "minConfidence": "0.5"}
            fail(context, code_pb2.FAILED_PRECONDITION, "LOW_CONFIDENCE", "too low", metadata=metadata)
        yield from summarize_with_explanation(request, context)

    daemon.summarize = doubt_lies
    texts = lines(*({"text": text} for text in ("it rains here", "it lies here", "it snows here")))
    result = run("--jsonl", "--explain", "--min-confidence", "0.5", address=daemon.address, stdin=texts)
    first, second, third = records(result.stdout)
    assert (result.exit_code, result.stderr) == (1, 'brief: 1 of 3 lines failed; see their "error"\n')
    assert (first["summary"], third["summary"]) == ("it rains here!", "it snows here!")
    assert (first["confidence"], first["explanation"][0]["rule"]) == (0.9375, "negation")
    assert second == {"id": 2, "error": {"reason": "LOW_CONFIDENCE", "message": "too low", "confidence": 0.25}}


def test_lines_are_worked_on_together_and_answered_in_order(daemon):
    daemon.health.limits.worker_count = 4
    together = threading.Barrier(8)

    def wait_for_the_others(request, context):
        together.wait(60)
        yield from summarize_first_words(request, context)

    daemon.summarize = wait_for_the_others
    texts = lines(*({"id": number, "text": f"text {number} says"} for number in range(32)))
    answers = records(run("--jsonl", address=daemon.address, stdin=texts).stdout)
    assert [each["summary"] for each in answers] == [f"text {number} says!" for number in range(32)]


@pytest.mark.parametrize(("worker_count", "concurrency"), [(1, 2), (3, 6), (0, 1), (1000, 32)])
def test_concurrency_is_two_calls_a_worker(worker_count, concurrency):
    health = pb.HealthResponse(limits=pb.Limits(worker_count=worker_count))
    assert concurrency_for(health_report_of(health)) == concurrency


def test_concurrency_with_a_daemon_that_tells_no_limits():
    assert concurrency_for(health_report_of(pb.HealthResponse())) == 2


def test_several_files_are_one_input(daemon, tmp_path):
    (tmp_path / "a.jsonl").write_text(lines({"text": "from the first"}) + "\n", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(lines({"text": "from the second"}).rstrip(), encoding="utf-8")
    result = run("--jsonl", f"{tmp_path}/a.jsonl", f"{tmp_path}/b.jsonl", address=daemon.address)
    assert [(each["id"], each["summary"]) for each in records(result.stdout)] == [
        (1, "from the first!"),
        (3, "from the second!"),
    ]


def test_a_file_that_cannot_be_read_does_not_stop_the_others(daemon, tmp_path):
    (tmp_path / "a.jsonl").write_text(lines({"text": "from the first"}), encoding="utf-8")
    result = run("--jsonl", f"{tmp_path}/none.jsonl", f"{tmp_path}/a.jsonl", address=daemon.address)
    assert result.exit_code == 65
    assert len(records(result.stdout)) == 1
    assert "none.jsonl: cannot be read (no such file or directory)" in result.stderr


def test_nothing_in_nothing_out(daemon):
    result = run("--jsonl", address=daemon.address, stdin="\n \n")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_no_daemon_from_the_start(short_directory):
    result = run("--jsonl", address=f"unix:{short_directory}/none.sock", stdin=lines({"text": "a b c"}))
    assert (result.exit_code, result.stdout) == (69, "")
    assert "briefd serve" in result.stderr


def test_a_daemon_that_goes_away_ends_it(daemon):
    def lost(request, context):
        yield accepted()
        yield from failing(code_pb2.UNAVAILABLE, "SHUTTING_DOWN", "call again later")(request, context)

    # By the text, not in turn: calls that are under way together may arrive in any order.
    def summarize(request, context):
        return (lost if request.text == "the third" else summarize_first_words)(request, context)

    daemon.summarize = summarize
    texts = lines(*({"id": number, "text": "the third" if number >= 2 else "one two three"} for number in range(1000)))
    result = run("--jsonl", address=daemon.address, stdin=texts)
    assert result.exit_code == 69
    assert result.stderr == "brief: call again later\n"
    answers = records(result.stdout)
    assert [each["id"] for each in answers] == [0, 1, 2]
    assert answers[2]["error"]["reason"] == "SHUTTING_DOWN"


def test_an_option_that_fits_no_line_ends_it(daemon):
    daemon.summarize = failing(code_pb2.NOT_FOUND, "UNKNOWN_BUNDLE", "name another bundle")
    result = run("--jsonl", "--bundle", "x", address=daemon.address, stdin=lines({"text": "a b"}) * 100)
    assert (result.exit_code, result.stderr) == (2, "brief: name another bundle\n")
    assert len(records(result.stdout)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'"text"',
        b"null",
        b"{",
        b'{"text": NaN',
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b', "text": "x"}',
        b"{\"text\": 'x'}",
    ],
)
def test_what_is_no_object_is_a_malformed_line(content):
    with pytest.raises(BriefdError) as caught:
        parse_line(content)
    assert caught.value.reason == "MALFORMED_LINE"


@pytest.mark.parametrize(
    ("content", "identifier", "reason"),
    [
        (b'{"id": "x"}', "x", "MALFORMED_LINE"),
        (b'{"id": "x", "text": 5}', "x", "MALFORMED_LINE"),
        (b'{"id": 1.5, "text": "x"}', 5, "MALFORMED_LINE"),
        (b'{"id": true, "text": "x"}', 5, "MALFORMED_LINE"),
        (b'{"id": ["x"], "text": "x"}', 5, "MALFORMED_LINE"),
        (b'{"id": "x", "text": "caf\xe9"}', 5, "NOT_UTF8"),
    ],
)
def test_a_failed_line_is_named_as_well_as_it_can_be(content, identifier, reason):
    failed = answer(content)
    assert (failed["id"], failed["error"]["reason"]) == (identifier, reason)
    assert "caf" not in failed["error"]["message"]


def test_an_overlong_line_is_refused(monkeypatch):
    monkeypatch.setattr("briefd_client.cli.jsonl.MAX_INPUT_BYTES", 10)
    assert answer(b'{"text": "x"}')["error"]["reason"] == "TEXT_TOO_LARGE"


def test_a_byte_order_mark_before_the_first_line_is_passed_over():
    assert answer(b'\xef\xbb\xbf{"text": "x"}')["summary"] == "x"


def test_a_null_id_stays_null():
    assert answer(b'{"id": null, "text": "x"}')["id"] is None


def test_blank_lines_count_but_are_not_answered():
    class Stream:
        def __init__(self):
            self.parts = [b"a\n\n \r\nb\n", b""]

        def read(self, size):
            return self.parts.pop(0)

    assert list(numbered_lines([Stream(), Stream()])) == [Line(1, b"a"), Line(4, b"b"), Line(5, b"a"), Line(8, b"b")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.one_of(st.text(), st.integers(), st.none()), st.text(), st.dictionaries(st.text(), json_values, max_size=3))
def test_any_id_and_any_text_come_back_as_they_were(identifier, text, others):
    content = json.dumps({**others, "id": identifier, "text": text}).encode()
    answered = answer(content)
    assert (answered["id"], answered["summary"]) == (identifier, text)


@given(st.one_of(st.binary(max_size=80), json_values.map(lambda value: json.dumps(value).encode())))
def test_any_line_is_answered_by_one_line(content):
    def refuse(text: str):
        raise TextError("refused", reason="EMPTY_TEXT")

    written = json_line_of(answer_line(Line(5, content), refuse).record)
    assert "\n" not in written
    assert written.isascii()
    assert set(json.loads(written)) == {"id", "error"}
