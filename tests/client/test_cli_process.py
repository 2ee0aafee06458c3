"""`brief` as the user has it: a process, with pipes and terminals, signals and closed ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from run_brief import PROGRAM, WAIT_SECONDS, finish, run_on_terminal, start
from scripted_daemon import accepted, running_daemon, socket_address, summarize_with_explanation

TEXT = b"one two three four five"
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def test_an_installed_command_answers_over_tcp_and_unix(daemon_of_each_kind):
    assert finish(start(address=daemon_of_each_kind.address), TEXT) == (0, b"one two three!\n", b"")


def test_without_an_input_on_a_terminal_it_tells_its_usage(daemon):
    screen = run_on_terminal(address=daemon.address)
    assert screen.status == 2
    assert "Usage: brief [OPTIONS] [FILE]..." in screen.shown
    assert "nothing to summarize" in screen.shown
    assert daemon.requests == []


def test_a_highlight_on_a_terminal_is_bold_and_reverse(daemon):
    screen = run_on_terminal("--text", "one two three four", "--highlight", address=daemon.address)
    assert screen.shown == "one two three!\n\n\x1b[1m\x1b[7mone two three\x1b[0m four\n\n"


def test_an_explanation_on_a_terminal_marks_kept_words_alike(daemon):
    daemon.summarize = summarize_with_explanation
    screen = run_on_terminal("--text", "one two three four", "--explain", address=daemon.address)
    summary, _, headings, first, *_, last, end = screen.shown.splitlines()
    assert (summary, headings, end) == ("one two three!", "word            rule        why", "")
    assert first == '\x1b[1m\x1b[7mone\x1b[0m    kept     negation    serves "two"; less claims more here'
    assert last == "four   dropped  price:amod  less is still true here"


@pytest.mark.parametrize("setting", ["1", "true"])
def test_no_color_is_respected(daemon, setting):
    words = ("--text", "one two three four", "--highlight", "--metrics")
    screen = run_on_terminal(*words, address=daemon.address, environment={"NO_COLOR": setting})
    assert "[[one two three]] four" in screen.shown
    assert "\x1b" not in screen.shown


def test_an_empty_no_color_is_none(daemon):
    words = ("--text", "one two three four", "--highlight")
    screen = run_on_terminal(*words, address=daemon.address, environment={"NO_COLOR": ""})
    assert ESCAPE.search(screen.shown)


def test_a_text_cannot_steer_the_terminal(daemon):
    hostile = "calm \x1b[31mred \x1b]0;title\x07 \x9b2J over\rwritten\r\nnext\tline"
    screen = run_on_terminal("--text", hostile, "--highlight", address=daemon.address)
    unstyled = ESCAPE.sub("", screen.shown.replace("\x1b[1m\x1b[7m", ""))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", unstyled)
    assert "next\tline" in unstyled
    assert screen.shown.splitlines()[0] == "calm �[31mred �]0;title�!"


def test_a_pipe_gets_the_text_as_it_is(daemon):
    status, output, _ = finish(start("--text", "calm \x1b[31mred x", address=daemon.address))
    assert (status, output) == (0, b"calm \x1b[31mred x!\n")


def test_the_progress_bar_has_a_terminal_for_itself(daemon, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(line(text="one two three") * 3 + b"\n")
    beside = run_on_terminal("--jsonl", str(path), address=daemon.address, on_terminal=["stderr"])
    assert "3/3" in beside.shown
    assert beside.other.count("one two three!") == 3
    among = run_on_terminal("--jsonl", str(path), address=daemon.address)
    assert "summarized" not in among.shown
    assert among.shown.count("one two three!") == 3


def test_the_progress_bar_counts_what_it_cannot_foresee(daemon):
    screen = run_on_terminal(
        "--jsonl", address=daemon.address, on_terminal=["stderr"], stdin=line(text="one two three") * 3
    )
    assert screen.status == 0
    assert "summarized" in screen.shown
    assert screen.other.count("one two three!") == 3


def test_a_program_can_talk_to_it_line_by_line(daemon):
    process = start("--jsonl", address=daemon.address)
    for number in range(3):
        process.stdin.write(line(id=number, text=f"talk {number} more"))
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["summary"] == f"talk {number} more!"
    assert finish(process) == (0, b"", b"")


@pytest.fixture
def hanging_daemon(daemon):
    started, released = threading.Event(), threading.Event()

    def hang(request, context):
        yield accepted()
        started.set()
        released.wait(WAIT_SECONDS)

    daemon.summarize = hang
    daemon.started = started
    yield daemon
    released.set()


@pytest.mark.parametrize("words", [["--text", "x"], ["--jsonl"]])
def test_an_interrupt_ends_it_at_once_and_cancels_the_call(hanging_daemon, words):
    process = start(*words, address=hanging_daemon.address)
    process.stdin.write(line(text="one two"))
    process.stdin.flush()
    assert hanging_daemon.started.wait(WAIT_SECONDS)
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT_SECONDS) == 130
    assert hanging_daemon.cancelled.wait(WAIT_SECONDS)
    _, output, errors = finish(process)
    assert (output, errors) == (b"", b"")


def test_an_interrupt_while_it_waits_for_a_line(daemon):
    process = start("--jsonl", address=daemon.address)
    process.stdin.write(line(text="one two three"))
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(WAIT_SECONDS) == 130
    assert finish(process)[2] == b""


def test_a_closed_output_ends_it_quietly(daemon):
    process = start("--jsonl", address=daemon.address)
    process.stdin.write(line(text="one two three"))
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    process.stdin.write(line(text="one two three"))
    process.stdin.flush()
    process.wait(WAIT_SECONDS)  # its input is still open
    assert finish(process)[2] == b""


def test_a_daemon_that_stops_during_a_call(short_directory):
    started, released = threading.Event(), threading.Event()

    def hang(request, context):
        yield accepted()
        started.set()
        released.wait(WAIT_SECONDS)

    with running_daemon(socket_address(short_directory)) as daemon:
        daemon.summarize = hang
        process = start("--text", "x", address=daemon.address)
        assert started.wait(WAIT_SECONDS)
    status, output, errors = finish(process)
    released.set()
    assert (status, output) == (69, b"")
    assert errors.startswith(b"brief: ")
    assert errors.count(b"\n") == 1


def test_a_timeout(hanging_daemon):
    status, output, errors = finish(start("--timeout", "0.3", "--text", "x", address=hanging_daemon.address))
    assert (status, output) == (124, b"")
    assert errors == b"brief: no answer within 0.3 s; allow a longer timeout\n"


def test_an_argument_that_is_not_utf8(daemon):
    status, _, errors = finish(start("--text", b"caf\xe9", address=daemon.address))
    assert (status, errors) == (65, b"brief: not UTF-8; convert it first, for example with iconv\n")


def test_what_the_locale_cannot_write_is_replaced(daemon):
    process = start("-", address=daemon.address, environment={"PYTHONIOENCODING": "latin-1"})
    assert finish(process, "naïve 5€ sits there".encode()) == (0, b"na\xefve 5? sits!\n", b"")


@pytest.mark.parametrize(("redirection", "status"), [("<&-", 65), ("- <&-", 65), (">&- --text 'a b c'", 0)])
def test_closed_streams_are_no_reason_to_crash(daemon, redirection, status):
    environment = {**os.environ, "BRIEFD_ADDRESS": daemon.address}
    script = f"'{PROGRAM}' {redirection}"
    finished = subprocess.run(
        ["sh", "-c", script], env=environment, capture_output=True, check=False, timeout=WAIT_SECONDS
    )
    assert finished.returncode == status
    assert b"Traceback" not in finished.stderr


@pytest.mark.parametrize("words", ["'--help'", "'classify', '--help'", "'health', '--help'", "'completion', 'fish'"])
def test_what_asks_no_daemon_loads_no_grpc(words):
    program = (
        f"import sys; sys.argv[1:] = [{words}]\n"
        "from briefd_client.cli import main\n"
        "try: main()\n"
        "finally: print('grpc' in sys.modules or 'google.protobuf' in sys.modules, file=sys.stderr)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    finished = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert finished.stderr == b"False\n"


@pytest.mark.parametrize(
    "words",
    [
        ("--text", "one two"),
        ("--json", "--text", "one two"),
        ("--jsonl",),
        ("health",),
        ("health", "--json"),
        ("completion", "bash"),
        ("--help",),
        ("--version",),
    ],
)
def test_a_full_disk_under_the_output_is_one_line(daemon, words):
    with open("/dev/full", "wb") as full:
        status, _, errors = finish(start(*words, address=daemon.address, stdout=full), line(text="a b c"))
    assert (status, errors) == (74, b"brief: standard output cannot be written: No space left on device\n")


C_LOCALE = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize("locale", [{}, C_LOCALE])
def test_what_is_no_utf_8_on_the_command_line_is_one_line(daemon, locale):
    for words, expected, message in (
        (("--text", "one", "--bundle", b"caf\xe9"), 2, b"the name of the bundle is not UTF-8"),
        (("--text", "one", "--address", b"unix:caf\xe9/s"), 69, b"no daemon answers at unix:caf"),
        (("--text", "one", "--address", b"caf\xe9:1"), 2, b"holds no host name"),
        ((b"caf\xe9/missing.txt",), 65, b"cannot be read"),
    ):
        status, output, errors = finish(start(*words, address=daemon.address, environment=locale))
        assert (status, output, errors.count(b"\n"), message in errors) == (expected, b"", 1, True), errors
