"""Both faces of the library against a real server, on a Unix socket and on TCP."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from types import TracebackType

import pytest
from google.rpc import code_pb2
from scripted_daemon import (
    USAGE,
    accepted,
    failing,
    in_turn,
    label_mood,
    running_daemon,
    socket_address,
    summarize_first_words,
)

from briefd.address import AddressError
from briefd.v1 import briefd_pb2 as pb
from briefd_client import (
    NO_RETRY,
    Accepted,
    AsyncClient,
    BriefdError,
    CancelledCallError,
    Chunk,
    Client,
    ClosedClientError,
    DeadlineError,
    EngineError,
    Label,
    NotServedError,
    QueueFullError,
    Result,
    Sample,
    ServingStatus,
    Span,
    TextError,
    UnavailableError,
    UnexpectedAnswerError,
    Variant,
    WrongTaskError,
)

TEXT = "one two three four five"
# Long enough for a machine that has much else to do; nothing waits so long when all is well.
WAIT_SECONDS = 60


class Blocking:
    """`AsyncClient` driven as a `Client` is, so that one test speaks of both."""

    def __init__(self, *arguments, **options):
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(*arguments, **options)

    def summarize(self, text, **options):
        return self._loop.run_until_complete(self._client.summarize(text, **options))

    def stream(self, text, **options):
        async def collect():
            return [event async for event in self._client.stream(text, **options)]

        return self._loop.run_until_complete(collect())

    def classify(self, text, **options):
        return self._loop.run_until_complete(self._client.classify(text, **options))

    def classify_stream(self, text, **options):
        async def collect():
            return [event async for event in self._client.classify_stream(text, **options)]

        return self._loop.run_until_complete(collect())

    def health(self, **options):
        return self._loop.run_until_complete(self._client.health(**options))

    def close(self):
        self._loop.run_until_complete(self._client.close())

    def __enter__(self):
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        self.close()
        self._loop.close()


@pytest.fixture(params=[Client, Blocking], ids=["sync", "async"])
def make_client(request):
    return request.param


def test_summarize_over_both_kinds_of_socket(make_client, daemon_of_each_kind):
    with make_client(daemon_of_each_kind.address) as client:
        result = client.summarize(TEXT)
    assert result.summary == "one two three!"
    assert result.spans == (Span(0, 3), Span(4, 7), Span(8, 13))
    assert result.usage.total_seconds == 0.0123


def test_classify_over_both_kinds_of_socket(make_client, daemon_of_each_kind):
    with make_client(daemon_of_each_kind.address) as client:
        result = client.classify(TEXT)
    assert (result.label, result.probability) == ("good", 0.75)
    assert result.labels == (Label("good", 0.75), Label("very bad", 0.25))
    assert (result.words_read, result.language, result.form) == (5, "en", "optimized")
    assert result.usage.total_seconds == 0.0123


def test_what_is_asked_of_a_classifier_arrives(make_client, daemon):
    with make_client(daemon.address) as client:
        client.classify(TEXT)
        client.classify(TEXT, label_count=1, bundle="other", variant=Variant.BASELINE)
        events = list(client.classify_stream(TEXT, sample_interval_seconds=0.5))
    plain, full, sampled = daemon.requests
    assert plain == pb.ClassifyRequest(text=TEXT)
    assert full == pb.ClassifyRequest(text=TEXT, label_count=1, bundle="other", variant=pb.VARIANT_BASELINE)
    assert sampled.sample_interval.ToMilliseconds() == 500
    assert [type(event) for event in events] == [Accepted, Sample, Result]


def test_an_answer_without_a_label_is_none(make_client, daemon):
    daemon.classify = lambda request, context: [pb.ClassifyResponse(result=pb.ClassifyResult(usage=USAGE))]
    with make_client(daemon.address) as client, pytest.raises(UnexpectedAnswerError, match="without a label"):
        client.classify(TEXT)


@pytest.mark.parametrize("probability", [float("nan"), float("inf"), float("-inf")])
def test_an_answer_with_a_probability_that_is_no_number_is_none(make_client, daemon, probability):
    labels = [pb.Label(name="a", probability=1.0), pb.Label(name="b", probability=probability)]
    daemon.classify = lambda request, context: [pb.ClassifyResponse(result=pb.ClassifyResult(labels=labels))]
    with (
        make_client(daemon.address) as client,
        pytest.raises(UnexpectedAnswerError, match="a probability that is no number"),
    ):
        client.classify(TEXT)


def test_a_daemon_of_another_task_is_told_as_such(make_client, daemon):
    daemon.summarize = daemon.classify = failing(code_pb2.FAILED_PRECONDITION, "TASK_NOT_SERVED")
    with make_client(daemon.address) as client:
        for ask in (client.summarize, client.classify):
            with pytest.raises(WrongTaskError) as caught:
                ask(TEXT)
            assert isinstance(caught.value, NotServedError)
    assert len(daemon.requests) == 2


def test_a_full_queue_is_waited_for_when_classifying(make_client, daemon):
    daemon.classify = in_turn(failing(code_pb2.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.01), label_mood)
    with make_client(daemon.address) as client:
        assert client.classify(TEXT).label == "good"
    assert len(daemon.requests) == 2


def test_what_is_asked_arrives(make_client, daemon):
    with make_client(daemon.address) as client:
        client.summarize(TEXT, min_words=3, max_words=7, bundle="other", variant=Variant.BASELINE)
        list(client.stream(TEXT, sample_interval_seconds=0.25))
        client.summarize(TEXT, explain=True, min_confidence=0.5)
        list(client.stream(TEXT, explain=True, min_confidence=1))
    first, second, third, fourth = daemon.requests
    assert first == pb.SummarizeRequest(
        text=TEXT, min_word_count=3, max_word_count=7, bundle="other", variant=pb.VARIANT_BASELINE
    )
    assert (second.min_word_count, second.max_word_count, second.variant) == (10, 15, pb.VARIANT_UNSPECIFIED)
    assert second.sample_interval.ToNanoseconds() == 250_000_000
    assert (second.explain, second.HasField("min_confidence")) == (False, False)
    assert (third.explain, third.min_confidence) == (fourth.explain, fourth.min_confidence / 2) == (True, 0.5)


def test_a_stream_tells_what_happens(make_client, daemon):
    def with_a_sample_and_something_new(request, context):
        start, *others = summarize_first_words(request, context)
        yield start
        yield pb.SummarizeResponse(sample=pb.Usage(cpu_seconds=1))
        yield pb.SummarizeResponse()
        yield from others

    daemon.summarize = with_a_sample_and_something_new
    with make_client(daemon.address) as client:
        events = list(client.stream(TEXT))
    assert [type(event) for event in events] == [Accepted, Sample, Chunk, Chunk, Result]
    assert "".join(event.text for event in events if isinstance(event, Chunk)) == events[-1].result.summary


def test_health(make_client, daemon_of_each_kind):
    with make_client(daemon_of_each_kind.address) as client:
        report = client.health()
    assert (report.status, report.bundle.name) == (ServingStatus.SERVING, "default-en")


def test_a_failure_is_raised_as_its_class_and_cause(make_client, daemon):
    daemon.summarize = failing(code_pb2.INTERNAL, "ENGINE_FAILED", "see the log")
    with make_client(daemon.address) as client, pytest.raises(EngineError, match="see the log") as caught:
        client.summarize(TEXT)
    assert caught.value.reason == "ENGINE_FAILED"
    assert caught.value.__cause__ is not None
    assert len(daemon.requests) == 1


def test_a_full_queue_is_tried_again_after_the_hint(make_client, daemon):
    full = failing(code_pb2.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.05)
    daemon.summarize = in_turn(full, full, full, summarize_first_words)
    with make_client(daemon.address) as client:
        began = time.monotonic()
        result = client.summarize(TEXT)
    assert result.word_count == 3
    assert len(daemon.requests) == 4
    assert time.monotonic() - began >= 0.15


def test_a_hint_beyond_the_timeout_is_handed_to_the_caller_at_once(make_client, daemon):
    daemon.summarize = failing(code_pb2.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=30.0)
    began = time.monotonic()
    with make_client(daemon.address, timeout_seconds=25) as client, pytest.raises(QueueFullError) as caught:
        client.summarize(TEXT)
    assert caught.value.retry_after_seconds == 30
    assert time.monotonic() - began < 20
    assert len(daemon.requests) == 1


def test_no_retry_means_none(make_client, daemon):
    daemon.summarize = failing(code_pb2.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=0.01)
    with make_client(daemon.address, retry=NO_RETRY) as client, pytest.raises(QueueFullError):
        client.summarize(TEXT)
    assert len(daemon.requests) == 1


def test_a_daemon_that_shuts_down_is_tried_twice_more(make_client, daemon):
    daemon.summarize = failing(code_pb2.UNAVAILABLE, "SHUTTING_DOWN")
    with make_client(daemon.address) as client, pytest.raises(UnavailableError) as caught:
        client.summarize(TEXT)
    assert caught.value.reason == "SHUTTING_DOWN"
    assert len(daemon.requests) == 3


def test_a_call_that_has_received_something_is_not_repeated(make_client, daemon):
    def fail_late(request, context):
        yield accepted()
        yield from failing(code_pb2.UNAVAILABLE, "SHUTTING_DOWN")(request, context)

    daemon.summarize = fail_late
    with make_client(daemon.address) as client, pytest.raises(UnavailableError):
        client.summarize(TEXT)
    assert len(daemon.requests) == 1


def test_a_stream_without_a_result_is_no_answer(make_client, daemon):
    daemon.summarize = lambda request, context: iter([accepted()])
    with make_client(daemon.address) as client, pytest.raises(UnexpectedAnswerError, match="no result"):
        client.summarize(TEXT)


@pytest.mark.parametrize("ask", [lambda client: client.summarize(TEXT), lambda client: client.health()])
def test_no_daemon_is_told_with_its_address(make_client, short_directory, ask):
    address = socket_address(short_directory)
    with make_client(address) as client, pytest.raises(UnavailableError, match="briefd serve") as caught:
        ask(client)
    assert address in str(caught.value)
    assert caught.value.reason == "UNREACHABLE"


def test_a_daemon_that_comes_back_is_found(make_client, short_directory):
    address = socket_address(short_directory)
    with make_client(address) as client:
        with running_daemon(address):
            client.health()
        with pytest.raises(UnavailableError):
            client.health()
        with running_daemon(address):
            _wait_until(lambda: _succeeds(client.health))
            assert client.summarize(TEXT).word_count == 3


def _succeeds(ask) -> bool:
    try:
        ask()
    except UnavailableError:
        return False
    return True


def _wait_until(condition) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("set_on", ["client", "call"])
def test_the_timeout_ends_a_call(make_client, daemon, set_on):
    released = threading.Event()
    daemon.summarize = hanging_after_acceptance(released)
    options = ({"timeout_seconds": 0.3}, {}) if set_on == "client" else ({}, {"timeout_seconds": 0.3})
    with make_client(daemon.address, **options[0]) as client, pytest.raises(DeadlineError, match=r"within 0\.3 s"):
        client.summarize(TEXT, **options[1])
    released.set()


def test_the_timeout_reaches_the_daemon(make_client, daemon):
    remaining_seconds = []

    def note_and_answer(request, context):
        remaining_seconds.append(context.time_remaining())
        return summarize_first_words(request, context)

    daemon.summarize = note_and_answer
    with make_client(daemon.address) as client:
        client.summarize(TEXT, timeout_seconds=50)
    assert 0 < remaining_seconds[0] < 50.1


@pytest.mark.parametrize("timeout_seconds", [0, -1, float("nan"), float("inf")])
def test_a_timeout_that_is_none_is_refused(make_client, daemon, timeout_seconds):
    with make_client(daemon.address) as client, pytest.raises(ValueError, match="above 0"):
        client.summarize(TEXT, timeout_seconds=timeout_seconds)


def test_a_text_above_the_limit_of_a_message_is_a_text_error(make_client, daemon):
    with make_client(daemon.address) as client, pytest.raises(TextError) as caught:
        client.summarize("word " * 1_000_000)
    assert caught.value.reason == "TEXT_TOO_LARGE"


def test_a_closed_client_says_so(make_client, daemon):
    client = make_client(daemon.address)
    with client:
        client.health()
        client.close()
        for ask in (lambda: client.summarize(TEXT), client.health):
            with pytest.raises(ClosedClientError):
                ask()
        client.close()


@pytest.mark.parametrize("address", ["nonsense", "host:99999", "unix:"])
def test_an_address_that_is_none_is_refused_at_once(address):
    for kind in (Client, AsyncClient):
        with pytest.raises(AddressError):
            kind(address)


def test_without_an_address_the_daemons_default_is_called(short_directory, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_directory))
    with running_daemon(f"unix:{short_directory}/briefd.sock"), Client() as client:
        assert client.health().status is ServingStatus.SERVING


def test_texts_are_not_sent_through_a_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    with running_daemon("127.0.0.1:0") as daemon, Client(daemon.address) as client:
        assert client.summarize(TEXT).word_count == 3


def test_a_socket_path_may_hold_what_a_uri_may_not(short_directory):
    with running_daemon(f"unix:{short_directory}/a b%41?#.sock") as daemon, Client(daemon.address) as client:
        assert client.summarize(TEXT).word_count == 3


def test_the_authority_of_a_unix_socket_is_localhost(short_directory):
    path = f"{short_directory}/d.sock"
    with socket.socket(socket.AF_UNIX) as listener, Client(f"unix:{path}") as client, ThreadPoolExecutor(1) as pool:
        listener.bind(path)
        listener.listen()
        waiting = pool.submit(client.health)
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"\0\0\0\x04\0\0\0\0\0")  # an empty SETTINGS frame: go on
            sent = b""
            while b"localhost" not in sent:
                received = connection.recv(4096)
                assert received
                sent += received
            assert path.encode() not in sent
        client.close()
        assert isinstance(waiting.exception(timeout=WAIT_SECONDS), BriefdError)


def hanging_after_acceptance(release: threading.Event):
    def hang(request, context):
        yield accepted()
        release.wait(WAIT_SECONDS)

    return hang


@pytest.mark.parametrize("leave", [lambda events: events.close(), lambda events: None], ids=["closed", "dropped"])
def test_leaving_a_stream_early_cancels_the_call(daemon, leave):
    release = threading.Event()
    daemon.summarize = hanging_after_acceptance(release)
    with Client(daemon.address) as client:
        events = client.stream(TEXT)
        assert isinstance(next(events), Accepted)
        leave(events)
        del events
        gc.collect()
        assert daemon.cancelled.wait(WAIT_SECONDS)
    release.set()


def test_a_stream_that_was_never_read_never_calls(daemon):
    with Client(daemon.address) as client:
        client.stream(TEXT).close()
        client.health()
    assert daemon.requests == []


def test_closing_the_client_ends_a_call_of_another_thread(daemon):
    release = threading.Event()
    daemon.summarize = hanging_after_acceptance(release)
    client = Client(daemon.address)
    events = client.stream(TEXT)
    next(events)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(next, events)
        client.close()
        assert isinstance(waiting.exception(timeout=WAIT_SECONDS), CancelledCallError)
    release.set()


def test_closing_the_client_ends_a_pause_before_another_try(daemon):
    daemon.summarize = failing(code_pb2.RESOURCE_EXHAUSTED, "QUEUE_FULL", retry_seconds=20.0)
    client = Client(daemon.address, timeout_seconds=60)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.summarize, TEXT)
        _wait_until(lambda: daemon.requests)
        client.close()
        assert isinstance(waiting.exception(timeout=WAIT_SECONDS), (ClosedClientError, CancelledCallError))


def test_many_threads_share_a_client(daemon):
    texts = [f"caller {number} speaks" for number in range(64)]
    with Client(daemon.address) as client, ThreadPoolExecutor(8) as pool:
        summaries = list(pool.map(lambda text: client.summarize(text).summary, texts))
    assert summaries == [f"{text}!" for text in texts]


def test_many_tasks_share_a_client(daemon):
    async def ask_all():
        async with AsyncClient(daemon.address) as client:
            return await asyncio.gather(*(client.summarize(f"caller {number} speaks") for number in range(32)))

    results = asyncio.run(ask_all())
    assert [result.summary for result in results] == [f"caller {number} speaks!" for number in range(32)]


def test_leaving_an_async_stream_early_cancels_the_call(daemon):
    release = threading.Event()
    daemon.summarize = hanging_after_acceptance(release)

    async def take_one():
        async with AsyncClient(daemon.address) as client:
            async with aclosing(client.stream(TEXT)) as events:
                async for event in events:
                    assert isinstance(event, Accepted)
                    break
            assert await asyncio.to_thread(daemon.cancelled.wait, WAIT_SECONDS)

    asyncio.run(take_one())
    release.set()


def test_cancelling_a_task_cancels_its_call(daemon):
    release = threading.Event()
    daemon.summarize = hanging_after_acceptance(release)

    async def cancel_one():
        async with AsyncClient(daemon.address) as client:
            task = asyncio.create_task(client.summarize(TEXT))
            while not daemon.requests:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(daemon.cancelled.wait, WAIT_SECONDS)

    asyncio.run(cancel_one())
    release.set()


def test_closing_an_async_client_fails_its_calls_and_cancels_no_task(daemon):
    release = threading.Event()
    daemon.summarize = hanging_after_acceptance(release)

    async def close_during_a_call():
        client = AsyncClient(daemon.address)
        task = asyncio.create_task(client.summarize(TEXT))
        while not daemon.requests:
            await asyncio.sleep(0.01)
        await client.close()
        with pytest.raises(CancelledCallError):
            await task

    asyncio.run(close_during_a_call())
    release.set()


def test_importing_the_package_does_not_import_grpc():
    program = "import sys, briefd_client as b; print('grpc' in sys.modules, b.Client.__name__, 'grpc' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    printed = subprocess.run([sys.executable, "-c", program], check=True, env=environment, capture_output=True).stdout
    assert printed.split() == [b"False", b"Client", b"True"]


def test_every_failure_is_one_kind_of_error(make_client, daemon):
    with make_client(daemon.address) as client, pytest.raises(BriefdError, match="at least one word"):
        client.summarize("")
