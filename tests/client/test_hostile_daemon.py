"""The clients against what is broken or means harm: nothing is endless, and nothing gets through that is no answer."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator

import pytest
from run_brief import records, run
from scripted_daemon import USAGE, accepted, summarize_first_words

from briefd.v1 import briefd_pb2 as pb
from briefd_client import AsyncClient, BriefdError, Client, Result, SummaryResult, UnexpectedAnswerError

TEXT = "one two three four five"
WAIT_SECONDS = 60
RESULT = pb.SummarizeResponse(result=pb.SummarizeResult(summary="one two three!", word_count=3, usage=USAGE))


def ask(address: str) -> SummaryResult:
    with Client(address) as client:
        return client.summarize(TEXT, timeout_seconds=WAIT_SECONDS)


def ask_on_a_loop(address: str) -> SummaryResult:
    async def ask_once() -> SummaryResult:
        async with AsyncClient(address) as client:
            return await client.summarize(TEXT, timeout_seconds=WAIT_SECONDS)

    return asyncio.run(ask_once())


both = pytest.mark.parametrize("summarize", [ask, ask_on_a_loop])


def until_cancelled(context) -> Iterator[pb.SummarizeResponse]:
    is_gone = threading.Event()
    context.add_callback(is_gone.set)
    is_gone.wait(WAIT_SECONDS)
    yield accepted()


@both
def test_a_text_without_an_end_is_none(daemon, summarize):
    def chunks(request, context):
        while context.is_active():
            yield pb.SummarizeResponse(chunk=pb.Chunk(text="and " * 256))

    daemon.summarize = chunks
    with pytest.raises(UnexpectedAnswerError, match="no end of text"):
        summarize(daemon.address)


@both
def test_a_result_stands_though_its_stream_does_not_end(daemon, summarize):
    def hang_after_the_result(request, context):
        yield from summarize_first_words(request, context)
        yield from until_cancelled(context)

    daemon.summarize = hang_after_the_result
    start_seconds = time.monotonic()
    assert summarize(daemon.address).summary == "one two three!"
    assert time.monotonic() - start_seconds < WAIT_SECONDS / 2
    assert daemon.cancelled.wait(WAIT_SECONDS)


def test_a_stream_whose_end_never_comes_ends_after_its_result(daemon):
    def hang_after_the_result(request, context):
        yield RESULT
        yield from until_cancelled(context)

    daemon.summarize = hang_after_the_result
    with Client(daemon.address) as client:
        assert [type(event) for event in client.stream(TEXT)] == [Result]


@both
@pytest.mark.parametrize("second", [RESULT, pb.SummarizeResponse(chunk=pb.Chunk(text="more")), accepted()])
def test_nothing_comes_after_a_result(daemon, summarize, second):
    daemon.summarize = lambda request, context: iter([RESULT, second])
    with pytest.raises(UnexpectedAnswerError, match="goes on after its result"):
        summarize(daemon.address)


@both
def test_a_giant_answer_is_not_blamed_on_the_text(daemon, summarize):
    giant = pb.SummarizeResponse(result=pb.SummarizeResult(summary="x" * (5 << 20)))
    daemon.summarize = lambda request, context: iter([giant])
    with pytest.raises(UnexpectedAnswerError, match="more than any answer holds"):
        summarize(daemon.address)


def refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def test_a_reading_that_is_no_number_was_not_measured(daemon):
    nan, infinity = float("nan"), float("inf")
    usage = pb.Usage(cpu_seconds=nan, energy=pb.Energy(energy_joules=infinity), carbon=pb.Carbon(co2e_grams=-infinity))
    answer = pb.SummarizeResponse(result=pb.SummarizeResult(summary="a b c", usage=usage))
    daemon.summarize = lambda request, context: iter([answer])
    daemon.health.load_1m = nan
    daemon.health.totals.cpu_seconds = infinity
    for words in (("--json", "--text", TEXT), ("health", "--json")):
        record = json.loads(run(*words, address=daemon.address).stdout, parse_constant=refuse_constant)
        assert "usage" not in record or record["usage"]["cpu_seconds"] is None


def test_a_time_that_is_none_is_told(daemon):
    daemon.health.ready_at.seconds = 1 << 60
    with Client(daemon.address) as client, pytest.raises(BriefdError, match="a time that is none"):
        client.health()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x0b", "\x85"])
def test_a_summary_is_one_line_of_output(daemon, end):
    answer = pb.SummarizeResponse(result=pb.SummarizeResult(summary=f"one{end}rm -rf two", usage=USAGE))
    daemon.summarize = lambda request, context: iter([answer])
    assert run("--text", TEXT, address=daemon.address).stdout == "one rm -rf two\n"
    assert records(run("--json", "--text", TEXT, address=daemon.address).stdout)[0]["summary"] == f"one{end}rm -rf two"
