from __future__ import annotations

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd_client.cli import inputs
from briefd_client.cli.inputs import InputError, Source, read_lines, sources_of


@given(st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line)), st.booleans(), st.integers(1, 9))
def test_lines_are_those_of_the_stream_however_it_comes(lines, ends_with_line_end, chunk_bytes):
    content = b"\n".join(lines) + (b"\n" if ends_with_line_end else b"")

    class Trickling(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, chunk_bytes))

    expected = content.split(b"\n")
    assert list(read_lines(Trickling(content))) == (expected if expected[-1] else expected[:-1])


def test_a_line_is_there_before_the_next_one_comes():
    reader, writer = os.pipe()
    with open(reader, "rb") as stream, open(writer, "wb", buffering=0) as sink:
        lines = read_lines(stream)
        sink.write(b"first\nsec")
        assert next(lines) == b"first"
        sink.write(b"ond\n")
        assert next(lines) == b"second"


def test_a_stream_that_breaks_is_told_as_such():
    class Broken(io.BytesIO):
        def read(self, size=-1):
            raise OSError(5, "Input/output error")

    with pytest.raises(InputError, match="cannot be read"):
        list(read_lines(Broken()))


def test_an_endless_line_takes_bounded_memory(monkeypatch):
    monkeypatch.setattr(inputs, "MAX_INPUT_BYTES", 10)
    assert list(read_lines(io.BytesIO(b"x" * 100_000 + b"\nnext"))) == [b"x" * 11, b"next"]


def test_without_a_file_or_a_text_standard_input_is_read():
    assert sources_of([], None) == [Source("-")]
    assert sources_of([], "") == [Source(None, "")]
    assert sources_of(["a", "-"], None) == [Source("a"), Source("-")]


def test_a_byte_order_mark_is_kept_so_that_spans_stay_right(tmp_path):
    path = tmp_path / "marked.txt"
    path.write_bytes(b"\xef\xbb\xbfhello")
    assert Source(str(path)).read() == "\ufeffhello"


@pytest.mark.parametrize(("content", "reason"), [(b"caf\xe9", "NOT_UTF8"), (b"12345678901", "TEXT_TOO_LARGE")])
def test_what_is_no_text_is_refused(tmp_path, monkeypatch, content, reason):
    monkeypatch.setattr(inputs, "MAX_INPUT_BYTES", 10)
    path = tmp_path / "input"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        Source(str(path)).read()
    assert caught.value.reason == reason


@pytest.mark.parametrize(("name", "message"), [("", "directory"), ("absent", "no such file")])
def test_what_cannot_be_read_is_told_without_a_number(tmp_path, name, message):
    with pytest.raises(InputError, match=message) as caught:
        Source(str(tmp_path / name)).read()
    assert caught.value.reason == "UNREADABLE_INPUT"


def test_an_argument_that_is_not_utf8_is_refused():
    with pytest.raises(InputError) as caught:
        Source(None, "caf\udce9").read()
    assert caught.value.reason == "NOT_UTF8"


def test_a_name_cannot_steer_a_terminal():
    assert Source("a\x1b[31m\nb\udce9.txt").shown_name == "a�[31m�b�.txt"
