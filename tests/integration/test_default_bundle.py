"""The daemon as it is installed, with the default bundle: what it answers to texts of every kind, on both sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from faithful import check_answer
from odd_texts import LONG_ENOUGH, NOTE, TOO_SHORT, WITHOUT_WORDS
from serving import DaemonProcess, default_daemon

from briefd_client import (
    Accepted,
    AsyncClient,
    Chunk,
    Client,
    LengthShortfall,
    NotServedError,
    Result,
    Sample,
    ServingStatus,
    SummaryResult,
    TextError,
    Variant,
)
from briefd_server.text.words import count_words

MOST_BYTES = 262_144


@pytest.fixture(scope="module")
def daemon() -> Iterator[DaemonProcess]:
    with default_daemon("--listen", "127.0.0.1:0") as running:
        yield running


def checked(text: str, result: SummaryResult, least: int = 10, most: int = 15) -> SummaryResult:
    check_answer(text, result.summary, result.spans, least=least, most=most)
    assert result.word_count == count_words(result.summary)
    assert result.length_met == (least <= result.word_count <= most)
    return result


def test_health_tells_of_the_default_bundle(client):
    report = client.health()
    assert report.status is ServingStatus.SERVING
    assert (report.bundle.name, report.bundle.language) == ("default-en", "en")
    assert report.bundle.size_bytes <= 10_000_000
    assert Variant.OPTIMIZED in report.bundle.variants


def test_a_stream_tells_everything_in_order(client):
    first, *middle, last = client.stream(NOTE)
    assert isinstance(first, Accepted)
    assert isinstance(last, Result)
    assert "".join(event.text for event in middle if isinstance(event, Chunk)) == last.result.summary
    assert [event.sequence_number for event in (first, *middle, last)] == list(range(len(middle) + 2))
    result = checked(NOTE, last.result)
    assert (result.language, result.sentence_count) == ("en", 2)
    usage = result.usage
    assert 0 < usage.tokenize_seconds + usage.inference_seconds <= usage.total_seconds
    assert usage.cpu_seconds > 0
    assert usage.rss_peak_bytes >= usage.rss_end_bytes > 0
    assert usage.energy.energy_joules > 0
    assert usage.carbon.co2e_grams > 0


def test_the_answer_is_the_same_on_both_sockets_to_both_clients(daemon, client):
    async def ask() -> list[SummaryResult]:
        async with AsyncClient(daemon.tcp_address) as over_tcp, AsyncClient(daemon.address) as over_unix:
            return await asyncio.gather(over_tcp.summarize(NOTE), over_unix.summarize(NOTE))

    with Client(daemon.tcp_address) as over_tcp:
        results = [client.summarize(NOTE), over_tcp.summarize(NOTE), *asyncio.run(ask())]
    assert len({checked(NOTE, result).summary for result in results}) == 1


def test_many_clients_at_once_each_get_their_own_answer(daemon):
    texts = [NOTE.replace("greenhouse 4", f"greenhouse {number}") for number in range(40, 80)]

    def ask(text: str) -> SummaryResult:
        with Client(daemon.address) as own:
            return own.summarize(text, max_words=20)

    with ThreadPoolExecutor(12) as pool:
        for text, result in zip(texts, pool.map(ask, texts), strict=True):
            checked(text, result, most=20)


@pytest.mark.parametrize(("least", "most"), [(3, 3), (3, 60), (10, 10), (15, 20), (60, 60)])
def test_the_asked_length_is_met(client, least, most):
    result = client.summarize(LONG_ENOUGH["paragraphs"], min_words=least, max_words=most)
    checked(LONG_ENOUGH["paragraphs"], result, least, most)


@pytest.mark.parametrize("kind", LONG_ENOUGH)
def test_odd_texts(client, kind):
    assert checked(LONG_ENOUGH[kind], client.summarize(LONG_ENOUGH[kind])).length_met


@pytest.mark.parametrize("kind", TOO_SHORT)
def test_texts_that_are_too_short_are_kept_whole(client, kind):
    result = checked(TOO_SHORT[kind], client.summarize(TOO_SHORT[kind]))
    assert result.length_shortfall is LengthShortfall.TEXT_TOO_SHORT
    assert result.word_count == count_words(TOO_SHORT[kind])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "EMPTY_TEXT"),
        *((text, "TEXT_WITHOUT_WORDS") for text in WITHOUT_WORDS.values()),
        ("The pump\0 stopped at two.", "TEXT_HAS_NUL"),
        ("a" * (MOST_BYTES + 1), "TEXT_TOO_LARGE"),
        ("é" * (MOST_BYTES // 2 + 1), "TEXT_TOO_LARGE"),
    ],
)
def test_texts_that_cannot_be_summarized_are_told_as_such(client, text, reason):
    with pytest.raises(TextError) as caught:
        client.summarize(text)
    assert caught.value.reason == reason


def test_the_baseline_is_not_shipped(client):
    with pytest.raises(NotServedError) as caught:
        client.summarize(NOTE, variant=Variant.BASELINE)
    assert caught.value.reason == "VARIANT_NOT_IN_BUNDLE"


@pytest.mark.long
def test_time_grows_linearly_up_to_the_limit(client):
    text = (NOTE * (MOST_BYTES // len(NOTE) + 1))[:MOST_BYTES]
    quarter, whole = (checked(part, client.summarize(part)) for part in (text[: MOST_BYTES // 4], text))
    assert whole.sentence_count > 3.9 * quarter.sentence_count
    # Processor time, since the machine may have more to do.
    assert whole.usage.cpu_seconds < 1.4 * 4 * quarter.usage.cpu_seconds


def test_samples_are_sent_while_a_long_text_is_read(client):
    events = list(client.stream(NOTE * 200, sample_interval_seconds=0.05))
    samples = [event.usage for event in events if isinstance(event, Sample)]
    working = [usage for usage in samples if usage.cpu_seconds is not None]
    assert working
    assert all(a.cpu_seconds <= b.cpu_seconds for a, b in pairwise(working))
    assert all(usage.rss_peak_bytes >= usage.rss_start_bytes > 0 for usage in working)
