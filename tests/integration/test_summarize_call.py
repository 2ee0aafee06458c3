"""The `Summarize` call against a real server on a Unix socket, with a fake engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from serving import Served, metadata_of, reason_of, retry_seconds_of, serving

from briefd.v1 import briefd_pb2
from briefd_server.bundle import VariantEntry
from briefd_server.service import serving as serving_module
from briefd_server.text.words import count_words

SUMMARIZE = "/briefd.v1.SummarizerService/Summarize"


def run(scenario: Callable[[Served], Awaitable[None]], **settings: object) -> None:
    async def live() -> None:
        async with serving(**settings) as served:
            await asyncio.wait_for(scenario(served), 30)

    asyncio.run(live())


async def rest_of(call: grpc.aio.UnaryStreamCall) -> list[briefd_pb2.SummarizeResponse]:
    """Read what is left of a stream of which `read` has read some."""
    events = []
    while (event := await call.read()) is not grpc.aio.EOF:
        events.append(event)
    return events


async def error_of(call: Awaitable[object]) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value


def test_events_come_in_the_contracts_order() -> None:
    async def scenario(served: Served) -> None:
        text = " ".join(f"word{number}" for number in range(30))
        events = await served.events(text)
        assert [event.sequence_number for event in events] == list(range(len(events)))
        kinds = [event.WhichOneof("event") for event in events]
        assert kinds[0] == "accepted"
        assert kinds[-1] == "result"
        assert set(kinds[1:-1]) == {"chunk"}
        accepted, result = events[0].accepted, events[-1].result
        health = await served.health()
        assert accepted.bundle_digest == health.bundle.digest
        assert accepted.variant == briefd_pb2.VARIANT_OPTIMIZED
        assert accepted.queue_position == 0
        assert "".join(event.chunk.text for event in events[1:-1]) == result.summary
        assert result.word_count == count_words(result.summary) == 15
        assert result.length_met
        assert result.length_shortfall == briefd_pb2.LENGTH_SHORTFALL_UNSPECIFIED
        assert [(span.start, span.end) for span in result.spans] == [(0, 5)]
        assert (result.language, result.sentence_count) == ("en", 1)

    run(scenario)


def test_request_ids_differ() -> None:
    async def scenario(served: Served) -> None:
        ids = {(await served.events())[0].accepted.request_id for _ in range(3)}
        assert len(ids) == 3

    run(scenario)


def test_the_asked_length_reaches_the_engine_and_a_shortfall_comes_back() -> None:
    async def scenario(served: Served) -> None:
        result = (await served.events("a b c d e f g", min_word_count=3, max_word_count=4))[-1].result
        assert (result.summary, result.length_met) == ("a b c d", True)
        result = (await served.events("a b c"))[-1].result
        assert not result.length_met
        assert result.length_shortfall == briefd_pb2.LENGTH_SHORTFALL_TEXT_TOO_SHORT

    run(scenario)


def test_a_result_has_a_confidence_where_the_engine_gives_one() -> None:
    async def scenario(served: Served) -> None:
        assert (await served.events("sure a b"))[-1].result.confidence == 0.97
        assert not (await served.events("a b c"))[-1].result.HasField("confidence")

    run(scenario)


@pytest.mark.parametrize("bound", [0.0, 0.5, 0.97])
def test_a_summary_that_is_certain_enough_is_sent_whole(bound: float) -> None:
    async def scenario(served: Served) -> None:
        accepted, *chunks, last = await served.events("sure a b c", min_confidence=bound)
        assert accepted.HasField("accepted")
        assert "".join(event.chunk.text for event in chunks) == last.result.summary == "sure a b c"

    run(scenario)


def test_below_the_bound_there_is_no_summary_and_not_a_word_of_it() -> None:
    async def scenario(served: Served) -> None:
        call = served.call("unsure my secret", min_confidence=0.9)
        assert (await call.read()).HasField("accepted")
        error = await error_of(call.read())
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.FAILED_PRECONDITION, "LOW_CONFIDENCE")
        assert metadata_of(error) == {"confidence": "0.4", "minConfidence": "0.9"}
        assert error.details() == (
            "the summary's confidence is 0.4, below the asked 0.9; "
            "read the text itself, or ask for a lower min_confidence"
        )
        health = await served.health()
        assert dict(health.totals.call_count_by_outcome) == {"FAILED_PRECONDITION": 1}
        assert (health.running_call_count, health.totals.words_written) == (0, 0)
        assert (await served.events("unsure too", min_confidence=0.4))[-1].result.confidence == 0.4

    run(scenario)


@pytest.mark.parametrize("bound", [0.0, 1.0])
def test_an_engine_without_a_confidence_cannot_meet_a_bound(bound: float) -> None:
    async def scenario(served: Served) -> None:
        error = await error_of(served.events("a b c", min_confidence=bound))
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.FAILED_PRECONDITION, "CONFIDENCE_NOT_SERVED")
        assert "ask without min_confidence" in (error.details() or "")

    run(scenario)


def test_samples_come_while_the_summary_is_withheld() -> None:
    async def scenario(served: Served) -> None:
        call = served.call("hold a b", sample_interval=Duration(nanos=10_000_000), min_confidence=0.9)
        assert (await call.read()).HasField("accepted")
        assert (await call.read()).HasField("sample")

    run(scenario)


def test_words_are_explained_only_when_asked() -> None:
    async def scenario(served: Served) -> None:
        text = "no pump  stopped here"
        assert not (await served.events(text, min_word_count=3, max_word_count=3))[-1].result.explanation
        result = (await served.events(text, min_word_count=3, max_word_count=3, explain=True))[-1].result
        choices = result.explanation
        assert [text[choice.span.start : choice.span.end] for choice in choices] == text.split()
        assert [choice.kept for choice in choices] == [True, True, True, False]
        assert [choice.rule for choice in choices] == ["first-words"] * 3 + ["price:rest"]
        assert {choice.polarity for choice in choices} == {briefd_pb2.POLARITY_UP}
        assert [choice.HasField("serves") for choice in choices] == [False, True, True, True]
        assert (choices[1].serves.start, choices[1].serves.end) == (0, 2)

    run(scenario)


def test_of_a_sentence_without_end_only_the_kept_words_are_explained() -> None:
    async def scenario(served: Served) -> None:
        within = (await served.events("a " * 1024, explain=True))[-1].result
        beyond = (await served.events("a " * 1025, explain=True))[-1].result
        assert (len(within.explanation), len(beyond.explanation)) == (1024, 15)
        # As large as the daemon takes: more than a message may hold, if every word were told of.
        longest = (await served.events("a " * (1 << 17), explain=True))[-1].result
        assert [choice.kept for choice in longest.explanation] == [True] * 15

    run(scenario)


def test_usage_is_whole_and_consistent() -> None:
    async def scenario(served: Served) -> None:
        usage = (await served.events())[-1].result.usage
        parts = [usage.queue_time, usage.tokenize_time, usage.inference_time]
        total = usage.total_time.ToTimedelta()
        assert all(usage.HasField(field) for field in ("queue_time", "tokenize_time", "inference_time", "cpu_seconds"))
        assert sum((part.ToTimedelta() for part in parts), start=total * 0) <= total
        assert 0 < usage.cpu_seconds < 1
        assert usage.rss_peak_bytes >= max(usage.rss_start_bytes, usage.rss_end_bytes) > 1 << 20
        assert usage.rss_delta_bytes == usage.rss_end_bytes - usage.rss_start_bytes
        assert usage.energy.energy_joules == pytest.approx(usage.cpu_seconds * 2)
        assert usage.energy.method == briefd_pb2.ENERGY_METHOD_ESTIMATED
        assert usage.carbon.co2e_grams == pytest.approx(usage.energy.energy_joules / 3.6e6 * 100)
        assert usage.carbon.grid_grams_per_kwh == 100
        assert usage.carbon.grid_source == "configured"
        assert usage.model_threads == 3

    run(scenario, threads="3", watts_per_core="2", grid_grams_per_kwh="100")


def test_samples_come_while_the_call_runs_and_while_it_waits() -> None:
    async def scenario(served: Served) -> None:
        every = Duration(nanos=10_000_000)
        running = served.call("hold a b", sample_interval=every)
        waiting = served.call("c d e", sample_interval=every)
        for call, has_begun in ((running, True), (waiting, False)):
            assert (await call.read()).WhichOneof("event") == "accepted"
            for _ in range(3):
                sample = (await call.read()).sample
            assert sample.total_time.ToNanoseconds() >= 30_000_000
            assert sample.HasField("cpu_seconds") is has_begun
            assert sample.HasField("rss_start_bytes") is has_begun
            assert sample.HasField("model_threads") is has_begun
        assert sample.queue_time.ToNanoseconds() >= 30_000_000
        served.engine.released.set()
        for call in (running, waiting):
            kinds = [event.WhichOneof("event") for event in await rest_of(call)]
            assert kinds[-1] == "result"

    run(scenario)


def test_no_samples_unless_asked_for() -> None:
    async def scenario(served: Served) -> None:
        call = served.call("hold a b")
        await call.read()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(call.read())), 0.1)

    run(scenario)


@pytest.mark.parametrize(
    ("fields", "code", "reason"),
    [
        ({"text": ""}, "INVALID_ARGUMENT", "EMPTY_TEXT"),
        ({"text": "…! --- 🙂"}, "INVALID_ARGUMENT", "TEXT_WITHOUT_WORDS"),
        ({"text": "a" * 1001}, "INVALID_ARGUMENT", "TEXT_TOO_LARGE"),
        ({"text": "é" * 501}, "INVALID_ARGUMENT", "TEXT_TOO_LARGE"),
        ({"text": "a" * 60_000}, "INVALID_ARGUMENT", "TEXT_TOO_LARGE"),
        ({"text": "a\0b"}, "INVALID_ARGUMENT", "TEXT_HAS_NUL"),
        ({"text": "a", "min_word_count": 2}, "INVALID_ARGUMENT", "LENGTH_OUT_OF_RANGE"),
        ({"text": "a", "max_word_count": 61}, "INVALID_ARGUMENT", "LENGTH_OUT_OF_RANGE"),
        ({"text": "a", "min_word_count": 0}, "INVALID_ARGUMENT", "LENGTH_OUT_OF_RANGE"),
        ({"text": "a", "min_confidence": 1.001}, "INVALID_ARGUMENT", "MIN_CONFIDENCE_OUT_OF_RANGE"),
        ({"text": "a", "min_confidence": float("nan")}, "INVALID_ARGUMENT", "MIN_CONFIDENCE_OUT_OF_RANGE"),
        ({"text": "a", "sample_interval": Duration()}, "INVALID_ARGUMENT", "SAMPLE_INTERVAL_OUT_OF_RANGE"),
        ({"text": "a", "variant": 9}, "INVALID_ARGUMENT", "UNKNOWN_VARIANT"),
        ({"text": "a", "bundle": "other"}, "NOT_FOUND", "UNKNOWN_BUNDLE"),
    ],
)
def test_bad_requests_are_refused_with_their_reason(fields: dict[str, object], code: str, reason: str) -> None:
    async def scenario(served: Served) -> None:
        error = await error_of(served.events(**fields))
        assert error.code() is grpc.StatusCode[code]
        assert reason_of(error) == reason
        assert str(fields["text"])[:30] not in (error.details() or "") or len(str(fields["text"])) < 3
        assert served.engine.seen == []

    run(scenario, max_text_bytes="1000")


@pytest.mark.parametrize("data", [b"\x0a\x02\xff\xfe", b"\xff", b"\x0a\x05ab"])
def test_malformed_requests_are_refused_in_our_words(data: bytes) -> None:
    async def scenario(served: Served) -> None:
        error = await error_of(served.channel.unary_stream(SUMMARIZE)(data).read())
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert reason_of(error) == "MALFORMED_REQUEST"
        assert "UTF-8" in (error.details() or "")

    run(scenario)


def test_the_bundle_may_be_named_by_name_or_digest() -> None:
    async def scenario(served: Served) -> None:
        bundle = (await served.health()).bundle
        for name in (bundle.name, bundle.digest):
            assert (await served.events(bundle=name))[-1].HasField("result")

    run(scenario)


def test_the_baseline_is_loaded_when_first_asked_for() -> None:
    async def scenario(served: Served) -> None:
        assert [engine.variant for engine in served.engines.engines] == ["optimized"]
        for _ in range(2):
            accepted = (await served.events(variant=briefd_pb2.VARIANT_BASELINE))[0].accepted
            assert accepted.variant == briefd_pb2.VARIANT_BASELINE
        assert [engine.variant for engine in served.engines.engines] == ["optimized", "baseline"]

    run(scenario)


def test_the_form_that_answers_is_told() -> None:
    variants = {
        "baseline": VariantEntry("baseline.onnx"),
        "int4": VariantEntry("optimized.onnx", rank=1),
        "int8": VariantEntry("optimized.onnx"),
        "int2": VariantEntry("optimized.onnx", cpu_features=("no_such_feature",)),
    }

    async def scenario(served: Served) -> None:
        assert [engine.variant for engine in served.engines.engines] == ["int8"]
        health = await served.health()
        assert list(health.bundle.forms) == ["int8", "int4"]
        assert list(health.bundle.variants) == [briefd_pb2.VARIANT_OPTIMIZED, briefd_pb2.VARIANT_BASELINE]
        for variant, form in ((briefd_pb2.VARIANT_OPTIMIZED, "int8"), (briefd_pb2.VARIANT_BASELINE, "baseline")):
            first, *_, last = await served.events(variant=variant)
            assert (first.accepted.variant, first.accepted.form, last.result.form) == (variant, form, form)

    run(scenario, variants=variants)


def test_a_form_that_cannot_be_loaded_fails_its_call_alone_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    variants = {"int8": VariantEntry("optimized.onnx"), "baseline": VariantEntry("baseline.onnx", memory_bytes=1 << 60)}

    async def scenario(served: Served) -> None:
        error = await error_of(served.events(variant=briefd_pb2.VARIANT_BASELINE))
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.INTERNAL, "ENGINE_FAILED")
        assert (await served.events())[-1].result.form == "int8"
        assert [engine.variant for engine in served.engines.engines] == ["int8"]
        assert "its form baseline takes" in caplog.text
        assert "Traceback" not in caplog.text

    run(scenario, variants=variants)


def test_a_failing_engine_tells_neither_client_nor_log_the_text(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(served: Served) -> None:
        error = await error_of(served.events("crash my secret"))
        assert error.code() is grpc.StatusCode.INTERNAL
        assert reason_of(error) == "ENGINE_FAILED"
        assert "secret" not in str(error)
        assert (await served.events())[-1].HasField("result")

    run(scenario)
    assert "secret" not in caplog.text
    assert "ValueError at " in caplog.text
    assert "fake_engine.py" in caplog.text


def test_a_panic_of_a_library_is_a_failed_call_like_any_other(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(served: Served) -> None:
        error = await error_of(served.events("panic my secret"))
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.INTERNAL, "ENGINE_FAILED")
        assert "secret" not in str(error)
        assert "secret" not in caplog.text
        assert "fake_engine.py" in caplog.text
        assert (await served.events("a b c"))[-1].result.summary == "a b c"
        assert (await served.health()).totals.call_count_by_outcome["INTERNAL"] == 1

    run(scenario)


def test_beyond_the_queue_calls_are_refused_at_once_with_a_hint() -> None:
    async def scenario(served: Served) -> None:
        calls = [served.call("hold a b") for _ in range(3)]
        positions = [(await call.read()).accepted.queue_position for call in calls]
        assert positions == [0, 1, 2]
        error = await error_of(served.events())
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason_of(error) == "QUEUE_FULL"
        assert 0 < retry_seconds_of(error) < 60
        health = await served.health()
        assert (health.running_call_count, health.queued_call_count) == (1, 2)
        served.engine.released.set()
        for call in calls:
            assert (await rest_of(call))[-1].HasField("result")
        assert (await served.events())[-1].HasField("result")

    run(scenario, queue="2")


def test_workers_run_calls_side_by_side_each_with_an_engine_of_its_own() -> None:
    async def scenario(served: Served) -> None:
        calls = [served.call("hold a b") for _ in range(2)]
        assert [(await call.read()).accepted.queue_position for call in calls] == [0, 0]
        for number in range(2):
            await served.started(number)
            served.engines.engines[number].released.set()
        for call in calls:
            assert (await rest_of(call))[-1].HasField("result")

    run(scenario, workers="2")


@pytest.mark.parametrize("manner", ["hold", "spin"])
def test_a_cancelled_call_stops_its_work(manner: str) -> None:
    async def scenario(served: Served) -> None:
        call = served.call(f"{manner} a b")
        await served.started()
        call.cancel()
        health = await served.until(lambda health: health.running_call_count == 0)
        assert served.engine.stopped_count == 1
        assert dict(health.totals.call_count_by_outcome) == {"CANCELLED": 1}

    run(scenario)


def test_a_cancelled_call_leaves_the_queue_at_once() -> None:
    async def scenario(served: Served) -> None:
        running, waiting = served.call("hold a b"), served.call("never seen")
        await served.started()
        await waiting.read()
        waiting.cancel()
        await served.until(lambda health: health.queued_call_count == 0)
        served.engine.released.set()
        assert (await rest_of(running))[-1].HasField("result")
        assert served.engine.seen == ["hold a b"]

    run(scenario)


def test_a_call_whose_deadline_passes_stops_or_never_starts() -> None:
    async def scenario(served: Served) -> None:
        running = served.call("stubborn a b")
        await served.started()
        late = await error_of(served.events("never seen", timeout=0.05))
        assert late.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        served.engine.released.set()
        assert (await rest_of(running))[-1].HasField("result")
        served.engine.released.clear()
        stopped = await error_of(served.events("spin a b", timeout=0.05))
        assert stopped.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        health = await served.until(lambda health: sum(health.totals.call_count_by_outcome.values()) == 3)
        assert dict(health.totals.call_count_by_outcome) == {"OK": 1, "DEADLINE_EXCEEDED": 2}
        assert served.engine.seen == ["stubborn a b", "spin a b"]

    run(scenario)


@pytest.mark.parametrize("manner", ["hold", "spin"])
def test_the_work_of_a_call_whose_deadline_passes_stops(manner: str) -> None:
    async def scenario(served: Served) -> None:
        error = await error_of(served.events(f"{manner} a b", timeout=0.05))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        await served.until(lambda health: health.running_call_count == 0)
        assert served.engine.stopped_count == 1

    run(scenario)


def test_other_requests_are_answered_while_a_call_runs() -> None:
    async def scenario(served: Served) -> None:
        served.call("hold a b")
        await served.started()
        assert (await error_of(served.events(""))).code() is grpc.StatusCode.INVALID_ARGUMENT

    run(scenario)


def test_a_call_without_a_request_is_malformed() -> None:
    async def scenario(served: Served) -> None:
        silent = served.channel.stream_stream(SUMMARIZE)(timeout=20)
        await silent.done_writing()
        error = await error_of(silent.read())
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")

    run(scenario)


def test_a_request_that_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_module, "_ARRIVAL_SECONDS", 0.05)

    async def scenario(served: Served) -> None:
        silent = served.channel.stream_stream(SUMMARIZE)(timeout=20)
        error = await error_of(silent.read())
        assert (error.code(), reason_of(error)) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")

    run(scenario)


def test_calls_whose_requests_do_not_arrive_hold_no_place() -> None:
    async def scenario(served: Served) -> None:
        silent = [served.channel.stream_stream(SUMMARIZE)(timeout=20) for _ in range(50)]
        for call in silent:
            await call.wait_for_connection()
        assert (await served.events("a b c"))[-1].result.summary == "a b c"
        for call in silent:
            call.cancel()

    run(scenario, queue="1")
