"""A real gRPC server on real sockets whose answers a test writes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from briefd.address import parse_address
from briefd.v1 import briefd_pb2 as pb
from briefd.v1.briefd_pb2_grpc import SummarizerServiceServicer, add_SummarizerServiceServicer_to_server

Script = Callable[[pb.SummarizeRequest, grpc.ServicerContext], Iterable[pb.SummarizeResponse]]

DIGEST = "sha256:" + "ab" * 32
KEPT_WORD_COUNT = 3


def seconds(value: float) -> Duration:
    duration = Duration()
    duration.FromNanoseconds(round(value * 1e9))
    return duration


USAGE = pb.Usage(
    queue_time=seconds(0.0005),
    tokenize_time=seconds(0.001),
    inference_time=seconds(0.0101),
    total_time=seconds(0.0123),
    cpu_seconds=0.0221,
    rss_start_bytes=117_000_000,
    rss_end_bytes=118_000_000,
    rss_peak_bytes=121_000_000,
    rss_delta_bytes=1_000_000,
    energy=pb.Energy(
        energy_joules=0.065, method=pb.ENERGY_METHOD_ESTIMATED, source="cpu-time-model", interval=seconds(0.0123)
    ),
    carbon=pb.Carbon(co2e_grams=0.0000086, grid_grams_per_kwh=475.0, grid_source="world average 2023"),
    model_threads=2,
)

HEALTH = pb.HealthResponse(
    status=pb.SERVING_STATUS_SERVING,
    version="0.1.0",
    uptime=seconds(3723.0),
    bundle=pb.Bundle(
        name="default-en",
        digest=DIGEST,
        size_bytes=15_900_000,
        variants=[pb.VARIANT_OPTIMIZED],
        language="en",
        forms=["optimized"],
    ),
    limits=pb.Limits(
        max_text_bytes=262_144, min_word_count=3, max_word_count=60, max_queued_call_count=8, worker_count=1
    ),
    running_call_count=1,
    queued_call_count=2,
    totals=pb.Totals(
        call_count_by_outcome={"OK": 120, "INVALID_ARGUMENT": 3},
        words_read=12_345,
        words_written=1_450,
        cpu_seconds=2.5,
    ),
    latency=pb.Latency(window=seconds(300), call_count=32, p50=seconds(0.0102), p95=seconds(0.018)),
    thread_count=12,
    model_threads=2,
    rss_bytes=118_000_000,
    load_1m=0.52,
)


def accepted(queue_position: int = 0, form: str = "optimized") -> pb.SummarizeResponse:
    return pb.SummarizeResponse(
        accepted=pb.Accepted(
            request_id="r1",
            bundle_digest=DIGEST,
            variant=pb.VARIANT_OPTIMIZED,
            queue_position=queue_position,
            form=form,
        )
    )


def summarize_first_words(
    request: pb.SummarizeRequest, context: grpc.ServicerContext
) -> Iterator[pb.SummarizeResponse]:
    """Answer with the first words of the text, told apart by blanks, and an `!`."""
    yield accepted()
    spans = list(_word_spans(request.text))[:KEPT_WORD_COUNT]
    words = [request.text[span.start : span.end] for span in spans]
    if not words:
        fail(context, code_pb2.INVALID_ARGUMENT, "EMPTY_TEXT", "the text is empty; send at least one word")
    summary = " ".join(words) + "!"
    yield pb.SummarizeResponse(sequence_number=1, chunk=pb.Chunk(text=words[0]))
    if summary != words[0]:
        yield pb.SummarizeResponse(sequence_number=2, chunk=pb.Chunk(text=summary[len(words[0]) :]))
    result = pb.SummarizeResult(
        summary=summary,
        word_count=len(words),
        length_met=len(words) >= request.min_word_count,
        length_shortfall=pb.LENGTH_SHORTFALL_UNSPECIFIED
        if len(words) >= request.min_word_count
        else pb.LENGTH_SHORTFALL_TEXT_TOO_SHORT,
        spans=spans,
        language="en",
        sentence_count=1,
        usage=USAGE,
        form="optimized",
    )
    yield pb.SummarizeResponse(sequence_number=3, result=result)


def summarize_with_explanation(
    request: pb.SummarizeRequest, context: grpc.ServicerContext
) -> Iterator[pb.SummarizeResponse]:
    """Answer as `summarize_first_words`, with a confidence, and an explanation where it is asked for."""
    *others, last = summarize_first_words(request, context)
    yield from others
    last.result.confidence = 0.9375
    if request.explain:
        spans = list(_word_spans(request.text))
        for number, span in enumerate(spans):
            is_first = number == 0
            last.result.explanation.add(
                span=span,
                kept=number < KEPT_WORD_COUNT,
                rule="negation" if is_first else "price:amod",
                polarity=pb.POLARITY_DOWN if is_first else pb.POLARITY_UP,
                serves=spans[1] if is_first and len(spans) > 1 else None,
            )
    yield last


def label_mood(request: pb.ClassifyRequest, context: grpc.ServicerContext) -> Iterator[pb.ClassifyResponse]:
    """Answer that the text is in good mood."""
    yield pb.ClassifyResponse(accepted=accepted().accepted)
    yield pb.ClassifyResponse(sequence_number=1, sample=USAGE)
    labels = [pb.Label(name="good", probability=0.75), pb.Label(name="very bad", probability=0.25)]
    result = pb.ClassifyResult(
        labels=labels[: request.label_count or None],
        words_read=len(request.text.split()),
        language="en",
        usage=USAGE,
        form="optimized",
    )
    yield pb.ClassifyResponse(sequence_number=2, result=result)


def _word_spans(text: str) -> Iterator[pb.Span]:
    start = 0
    for word in text.split():
        start = text.index(word, start)
        yield pb.Span(start=start, end=start + len(word))
        start += len(word)


def fail(
    context: grpc.ServicerContext,
    code: int,
    reason: str,
    message: str = "do it another way",
    *,
    retry_seconds: float | None = None,
    domain: str = "briefd",
    metadata: dict[str, str] | None = None,
) -> None:
    """End the call as the daemon does: a status with an `ErrorInfo`, and a `RetryInfo` where there is a hint."""
    details = [error_details_pb2.ErrorInfo(reason=reason, domain=domain, metadata=metadata)]
    if retry_seconds is not None:
        details.append(error_details_pb2.RetryInfo(retry_delay=seconds(retry_seconds)))
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    context.abort_with_status(rpc_status.to_status(status_pb2.Status(code=code, message=message, details=packed)))


def failing(code: int, reason: str, message: str = "do it another way", **hints: object) -> Script:
    def script(request: pb.SummarizeRequest, context: grpc.ServicerContext) -> Iterator[pb.SummarizeResponse]:
        fail(context, code, reason, message, **hints)
        yield accepted()

    return script


def in_turn(*scripts: Script) -> Script:
    """Answer the first call with the first script and so on; the last one answers all further calls."""
    waiting = list(scripts)
    lock = threading.Lock()

    def script(request: pb.SummarizeRequest, context: grpc.ServicerContext) -> Iterable[pb.SummarizeResponse]:
        with lock:
            chosen = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return chosen(request, context)

    return script


@dataclass
class ScriptedDaemon(SummarizerServiceServicer):
    """What a test sees and steers of the server."""

    address: str = ""
    summarize: Script = summarize_first_words
    classify: Callable[[pb.ClassifyRequest, grpc.ServicerContext], Iterable[pb.ClassifyResponse]] = label_mood
    health: pb.HealthResponse = field(default_factory=lambda: pb.HealthResponse.FromString(HEALTH.SerializeToString()))
    requests: list[pb.SummarizeRequest | pb.ClassifyRequest] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)

    def Summarize(self, request, context):  # noqa: N802 - gRPC's name
        self.requests.append(request)
        context.add_callback(lambda: self.cancelled.set() if context.code() is None else None)
        yield from self.summarize(request, context)

    def Classify(self, request, context):  # noqa: N802 - gRPC's name
        self.requests.append(request)
        yield from self.classify(request, context)

    def Health(self, request, context):  # noqa: N802 - gRPC's name
        return self.health


@contextmanager
def running_daemon(address: str) -> Iterator[ScriptedDaemon]:
    """Serve on `address`; of `HOST:0`, the kernel chooses the port, and `daemon.address` tells it."""
    daemon = ScriptedDaemon()
    server = grpc.server(ThreadPoolExecutor(max_workers=16), options=[("grpc.so_reuseport", 0)])
    add_SummarizerServiceServicer_to_server(daemon, server)
    port = server.add_insecure_port(parse_address(address).target)
    daemon.address = address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"
    server.start()
    try:
        yield daemon
    finally:
        server.stop(grace=None).wait()


def socket_address(directory: Path) -> str:
    return f"unix:{directory}/d.sock"
