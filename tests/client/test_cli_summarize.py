from __future__ import annotations

import pytest
from google.rpc import code_pb2
from run_brief import records, run
from scripted_daemon import failing, in_turn, summarize_first_words, summarize_with_explanation

from briefd.v1 import briefd_pb2 as pb

TEXT = "one two three four five"


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "news.txt").write_text("alpha beta gamma delta", encoding="utf-8")
    (tmp_path / "mail.txt").write_text("dear all hello there", encoding="utf-8")
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9 au lait")
    (tmp_path / "folder").mkdir()
    return tmp_path


def told(result) -> tuple[int, str, str]:
    return result.exit_code, result.stdout, result.stderr


def test_a_file(daemon, directory):
    assert told(run("news.txt", address=daemon.address)) == (0, "alpha beta gamma!\n", "")


@pytest.mark.parametrize("words", [["-"], []])
def test_standard_input(daemon, words):
    assert told(run(*words, address=daemon.address, stdin=TEXT)) == (0, "one two three!\n", "")


def test_a_text_of_the_command_line(daemon):
    assert told(run("--text", TEXT, address=daemon.address)) == (0, "one two three!\n", "")


def test_several_files_are_told_apart_by_their_names(daemon, directory):
    result = run("news.txt", "-", "mail.txt", address=daemon.address, stdin=TEXT)
    assert told(result) == (
        0,
        "news.txt: alpha beta gamma!\n(standard input): one two three!\nmail.txt: dear all hello!\n",
        "",
    )


def test_a_file_that_is_no_text_does_not_stop_the_others(daemon, directory):
    result = run("latin.txt", "news.txt", "folder", "absent.txt", "mail.txt", address=daemon.address)
    assert told(result) == (
        65,
        "news.txt: alpha beta gamma!\nmail.txt: dear all hello!\n",
        "brief: latin.txt: not UTF-8; convert it first, for example with iconv\n"
        "brief: folder: cannot be read (is a directory)\n"
        "brief: absent.txt: cannot be read (no such file or directory)\n",
    )


def test_the_status_is_that_of_the_first_failure(daemon, directory):
    daemon.summarize = in_turn(failing(code_pb2.INTERNAL, "ENGINE_FAILED"), summarize_first_words)
    assert run("news.txt", "latin.txt", address=daemon.address).exit_code == 69
    assert run("latin.txt", "news.txt", address=daemon.address).exit_code == 65


@pytest.mark.parametrize(
    ("code", "reason", "status"),
    [
        (code_pb2.INVALID_ARGUMENT, "TEXT_HAS_NUL", 65),
        (code_pb2.INVALID_ARGUMENT, "LENGTH_OUT_OF_RANGE", 2),
        (code_pb2.NOT_FOUND, "UNKNOWN_BUNDLE", 2),
        (code_pb2.NOT_FOUND, "VARIANT_NOT_IN_BUNDLE", 2),
        (code_pb2.FAILED_PRECONDITION, "CONFIDENCE_NOT_SERVED", 2),
        (code_pb2.FAILED_PRECONDITION, "LOW_CONFIDENCE", 3),
        (code_pb2.RESOURCE_EXHAUSTED, "QUEUE_FULL", 75),
        (code_pb2.DEADLINE_EXCEEDED, "DEADLINE_PASSED", 124),
        (code_pb2.UNAVAILABLE, "SHUTTING_DOWN", 69),
        (code_pb2.INTERNAL, "ENGINE_FAILED", 69),
    ],
)
def test_every_failure_is_one_line_and_its_status(daemon, code, reason, status):
    daemon.summarize = failing(code, reason, "do this instead", retry_seconds=60.0)
    result = run("--text", TEXT, "--timeout", "50", address=daemon.address)
    assert told(result) == (status, "", "brief: do this instead\n")


def test_no_daemon(short_directory, directory):
    address = f"unix:{short_directory}/none.sock"
    result = run("news.txt", "mail.txt", address=address)
    assert result.exit_code == 69
    assert result.stderr.count("\n") == 1
    assert address in result.stderr


def test_an_empty_input_is_bad_input(daemon):
    result = run(address=daemon.address, stdin="")
    assert told(result) == (65, "", "brief: (standard input): the text is empty; send at least one word\n")


def test_what_is_asked_reaches_the_daemon(daemon):
    options = ["--min", "3", "--max", "8", "--bundle", "news", "--variant", "baseline"]
    run("--text", TEXT, *options, address=daemon.address)
    run("--text", TEXT, "--explain", "--min-confidence", "0.9", address=daemon.address)
    asked = daemon.requests.pop()
    assert (asked.explain, asked.min_confidence) == (True, 0.9)
    assert daemon.requests == [
        pb.SummarizeRequest(text=TEXT, min_word_count=3, max_word_count=8, bundle="news", variant=pb.VARIANT_BASELINE)
    ]


def test_the_option_goes_before_the_environment(daemon):
    result = run("--address", daemon.address, "--text", TEXT, address="unix:/nowhere.sock")
    assert result.exit_code == 0


def test_json_is_one_object_a_text_and_holds_everything(daemon, directory):
    result = run("news.txt", "latin.txt", "--json", address=daemon.address)
    answer, failure = records(result.stdout)
    assert result.exit_code == 65
    assert answer["file"] == "news.txt"
    assert answer["summary"] == "alpha beta gamma!"
    assert answer["spans"] == [{"start": 0, "end": 5}, {"start": 6, "end": 10}, {"start": 11, "end": 16}]
    assert (answer["word_count"], answer["length_met"], answer["length_shortfall"]) == (3, False, "text_too_short")
    assert answer["usage"]["energy"]["method"] == "estimated"
    assert answer["form"] == "optimized"
    assert failure["file"] == "latin.txt"
    assert failure["error"]["reason"] == "NOT_UTF8"
    assert result.stderr.startswith("brief: latin.txt: not UTF-8")


def test_json_of_a_text_without_a_file(daemon):
    (answer,) = records(run("--text", "naïve café 🙂 x", "--json", address=daemon.address).stdout)
    assert (answer["file"], answer["summary"]) == (None, "naïve café 🙂!")


def test_metrics_go_to_standard_error(daemon):
    result = run("--text", TEXT, "--metrics", address=daemon.address)
    assert result.stdout == "one two three!\n"
    assert result.stderr.splitlines()[4] == "energy   ~65 mJ estimated (cpu-time-model)"


EXPLANATION = """\
word            rule        why
one    kept     negation    serves "two"; less claims more here
two    kept     price:amod  less is still true here
three  kept     price:amod  less is still true here
four   dropped  price:amod  less is still true here
"""


def test_an_explanation_stands_below_the_summary(daemon):
    daemon.summarize = summarize_with_explanation
    result = run("--text", "one two three four", "--explain", address=daemon.address)
    assert told(result) == (0, f"one two three!\n\n{EXPLANATION}\n", "")


def test_an_explanation_stands_below_the_marked_text(daemon):
    daemon.summarize = summarize_with_explanation
    result = run("--text", "one two three four\n", "--highlight", "--explain", address=daemon.address)
    assert result.stdout == f"one two three!\n\n[[one two three]] four\n\n{EXPLANATION}\n"


def test_an_engine_that_explains_nothing_is_told(daemon):
    result = run("--text", TEXT, "--explain", address=daemon.address)
    assert result.stdout == "one two three!\n\nno explanation: the model that answered gives none\n\n"


def test_json_holds_the_confidence_and_the_explanation(daemon):
    daemon.summarize = summarize_with_explanation
    (plain,) = records(run("--text", TEXT, "--json", address=daemon.address).stdout)
    assert (plain["confidence"], plain["explanation"]) == (0.9375, [])
    (explained,) = records(run("--text", TEXT, "--json", "--explain", address=daemon.address).stdout)
    first, *_, last = explained["explanation"]
    assert first == {
        "span": {"start": 0, "end": 3},
        "kept": True,
        "rule": "negation",
        "polarity": "down",
        "serves": {"start": 4, "end": 7},
    }
    assert (last["kept"], last["serves"]) == (False, None)


def test_metrics_tell_the_confidence(daemon):
    daemon.summarize = summarize_with_explanation
    result = run("--text", TEXT, "--metrics", address=daemon.address)
    assert result.stderr.splitlines()[1] == "confidence  0.938 that no needed word was cut"


def test_a_text_of_low_confidence_does_not_stop_the_others(daemon, directory):
    low = failing(code_pb2.FAILED_PRECONDITION, "LOW_CONFIDENCE", "too low", metadata={"confidence": "0.25"})
    daemon.summarize = in_turn(low, summarize_first_words)
    result = run("news.txt", "mail.txt", "--min-confidence", "0.5", "--json", address=daemon.address)
    failure, answer = records(result.stdout)
    assert (result.exit_code, answer["summary"]) == (3, "dear all hello!")
    assert failure["error"] == {"reason": "LOW_CONFIDENCE", "message": "too low", "confidence": 0.25}
    assert result.stderr == "brief: news.txt: too low\n"


def test_a_bundle_without_a_confidence_is_told_once(daemon, directory):
    daemon.summarize = failing(code_pb2.FAILED_PRECONDITION, "CONFIDENCE_NOT_SERVED", "ask without it")
    result = run("news.txt", "mail.txt", "--min-confidence", "0.5", address=daemon.address)
    assert told(result) == (2, "", "brief: news.txt: ask without it\n")


def test_highlights_are_plain_marks_where_there_is_no_terminal(daemon):
    result = run("--text", "one two three four\nfive\n", "--highlight", address=daemon.address)
    assert result.stdout == "one two three!\n\n[[one two three]] four\nfive\n\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--text", "x", "news.txt"], "--text and FILE"),
        (["--jsonl", "--json"], "--jsonl goes with none"),
        (["--jsonl", "--text", "x"], "--jsonl goes with none"),
        (["--json", "--metrics"], "--json goes with neither"),
        (["--json", "--highlight"], "--json goes with neither"),
        (["--variant", "huge"], "'huge' is not one of"),
        (["--timeout", "0"], "0.0 is not in the range"),
        (["--timeout", "nan"], "nan is not in the range from 0 to 86400"),
        (["--min-confidence", "2"], "2.0 is not in the range 0<=x<=1"),
        (["--min-confidence", "-0.1"], "-0.1 is not in the range 0<=x<=1"),
        (["--min-confidence", "nan"], "nan is not in the range from 0 to 1"),
        (["--min-confidence", "high"], "'high' is not a valid number"),
        (["--min", "few"], "'few' is not a valid integer"),
        (["--address", "nowhere", "--text", "x"], "write unix:PATH or HOST:PORT"),
        (["--min", "9999999999", "--text", "x"], "ask for 3 to 60 words"),
        (["--json", "health"], "health is a command: write it first"),
        (["--loud"], "No such option"),
    ],
)
def test_usage_errors_state_the_fix(daemon, words, message):
    result = run(*words, address=daemon.address, stdin=TEXT)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr


def test_an_address_of_the_environment_is_checked_too():
    result = run("--text", TEXT, address="nowhere")
    assert result.exit_code == 2
    assert "write unix:PATH or HOST:PORT" in result.stderr


def test_a_file_named_as_a_command_is_reached_by_its_path(daemon, directory):
    (directory / "health").write_text("the file speaks here", encoding="utf-8")
    assert run("./health", address=daemon.address).stdout == "the file speaks!\n"
    assert run("--json", "health", address=daemon.address).exit_code == 0


def test_a_file_whose_name_begins_with_a_dash(daemon, directory):
    (directory / "-odd.txt").write_text("so it goes on", encoding="utf-8")
    assert run("--", "-odd.txt", address=daemon.address).stdout == "so it goes!\n"


def test_help_speaks_for_the_whole_command():
    result = run("--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: brief [OPTIONS] [FILE]...\n")
    for part in (
        "\nCommands:\n  classify ",
        "\n  health ",
        "\n  completion ",
        "BRIEFD_ADDRESS",
        "124  the answer was not there in time",
    ):
        assert part in result.stdout


def test_the_answer_of_another_server_is_no_summary(daemon):
    daemon.summarize = failing(code_pb2.UNIMPLEMENTED, "X", domain="example.com")
    result = run("--text", TEXT, address=daemon.address)
    assert result.exit_code == 69
    assert "check the address and the versions" in result.stderr
