"""Turns a caller's words into messages of the wire contract, and messages into results."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from briefd.v1 import briefd_pb2 as pb
from briefd_client.errors import NotServedError, OptionError, TextError, UnexpectedAnswerError
from briefd_client.results import (
    Accepted,
    Bundle,
    Carbon,
    Chunk,
    ClassificationResult,
    ClassifyEvent,
    Energy,
    EnergyMethod,
    Event,
    HealthReport,
    Label,
    Latency,
    LengthShortfall,
    Limits,
    Result,
    Sample,
    ServingStatus,
    SummaryResult,
    Task,
    Totals,
    Usage,
    Variant,
)
from briefd_client.word_choices import Polarity, Span, WordChoice

if TYPE_CHECKING:
    from google.protobuf.message import Message
    from google.protobuf.timestamp_pb2 import Timestamp

    Request = pb.SummarizeRequest | pb.ClassifyRequest
    Response = pb.SummarizeResponse | pb.ClassifyResponse

_VARIANTS = {pb.VARIANT_OPTIMIZED: Variant.OPTIMIZED, pb.VARIANT_BASELINE: Variant.BASELINE}
_VARIANT_NUMBERS = {variant: number for number, variant in _VARIANTS.items()}
_SHORTFALLS = {pb.LENGTH_SHORTFALL_TEXT_TOO_SHORT: LengthShortfall.TEXT_TOO_SHORT}
_POLARITIES = {
    pb.POLARITY_UP: Polarity.UP,
    pb.POLARITY_DOWN: Polarity.DOWN,
    pb.POLARITY_NONE: Polarity.NONE,
}
_TASKS = {pb.TASK_SUMMARIZE: Task.SUMMARIZE, pb.TASK_CLASSIFY: Task.CLASSIFY}
_ENERGY_METHODS = {
    pb.ENERGY_METHOD_MEASURED: EnergyMethod.MEASURED,
    pb.ENERGY_METHOD_ESTIMATED: EnergyMethod.ESTIMATED,
}


def summarize_request(  # noqa: PLR0913 - one argument a field of the request
    text: str,
    *,
    min_words: int,
    max_words: int,
    explain: bool,
    min_confidence: float | None,
    bundle: str,
    variant: Variant | None,
    sample_interval_seconds: float | None,
) -> pb.SummarizeRequest:
    """Build a request; what it may ask for is the daemon's to judge, except for what no message can carry.

    Raises:
        TextError: the text holds half of a surrogate pair.
        NotServedError: the bundle's name does.
        OptionError: a number does not fit into its field.
    """
    request = pb.SummarizeRequest()
    _fill(request, text, bundle, variant, sample_interval_seconds)
    try:
        request.min_word_count, request.max_word_count = min_words, max_words
    except ValueError:
        raise OptionError("a word count is out of range; ask for 3 to 60 words", reason="LENGTH_OUT_OF_RANGE") from None
    request.explain = explain
    if min_confidence is not None:
        request.min_confidence = min_confidence
    return request


def classify_request(
    text: str,
    *,
    label_count: int | None,
    bundle: str,
    variant: Variant | None,
    sample_interval_seconds: float | None,
) -> pb.ClassifyRequest:
    """Build a request, as `summarize_request` does and with the same errors."""
    request = pb.ClassifyRequest()
    _fill(request, text, bundle, variant, sample_interval_seconds)
    if label_count is not None:
        try:
            request.label_count = label_count
        except ValueError:
            message = "the number of labels is out of range; ask for 1 to 1024"
            raise OptionError(message, reason="LABEL_COUNT_OUT_OF_RANGE") from None
    return request


def event_of(response: Response) -> Event | ClassifyEvent | None:
    """Read one event of a running call; `None` for a kind of event that only newer daemons send."""
    number = response.sequence_number
    kind = response.WhichOneof("event")
    if kind == "accepted":
        accepted = response.accepted
        variant = _VARIANTS.get(accepted.variant)
        return Accepted(
            number, accepted.request_id, accepted.bundle_digest, variant, accepted.queue_position, accepted.form
        )
    if kind == "sample":
        return Sample(number, _usage_of(response.sample))
    if isinstance(response, pb.ClassifyResponse):
        return Result(number, _classification_of(response.result)) if kind == "result" else None
    if kind == "chunk":
        return Chunk(number, response.chunk.text)
    return Result(number, _summary_of(response.result)) if kind == "result" else None


def health_report_of(health: pb.HealthResponse) -> HealthReport:
    """Read the state of a daemon."""
    return HealthReport(
        status=ServingStatus.SERVING if health.status == pb.SERVING_STATUS_SERVING else ServingStatus.NOT_SERVING,
        version=health.version,
        ready_at=_time_of(health.ready_at) if health.HasField("ready_at") else None,
        uptime_seconds=_seconds(health, "uptime"),
        bundle=_bundle_of(health.bundle) if health.HasField("bundle") else None,
        limits=_limits_of(health.limits) if health.HasField("limits") else None,
        running_call_count=health.running_call_count,
        queued_call_count=health.queued_call_count,
        totals=_totals_of(health.totals) if health.HasField("totals") else None,
        latency=_latency_of(health.latency) if health.HasField("latency") else None,
        thread_count=_reading(health, "thread_count"),
        model_threads=_reading(health, "model_threads"),
        rss_bytes=_reading(health, "rss_bytes"),
        load_1m=_reading(health, "load_1m"),
        temperature_celsius=_reading(health, "temperature_celsius"),
    )


def _time_of(timestamp: Timestamp) -> datetime:
    try:
        return timestamp.ToDatetime(timezone.utc)
    except (ValueError, OverflowError):
        raise UnexpectedAnswerError("the daemon gave a time that is none; check its version") from None


def _fill(
    request: Request, text: str, bundle: str, variant: Variant | None, sample_interval_seconds: float | None
) -> None:
    """Set what every request has."""
    if variant is not None:
        request.variant = _VARIANT_NUMBERS[variant]
    try:
        request.text = text
    except UnicodeEncodeError:
        message = "the text cannot be written as UTF-8; decode its bytes with errors='replace' before you send it"
        raise TextError(message, reason="MALFORMED_REQUEST") from None
    try:
        request.bundle = bundle
    except UnicodeEncodeError:
        message = "the name of the bundle is not UTF-8, and no bundle has such a name; give another"
        raise NotServedError(message, reason="UNKNOWN_BUNDLE") from None
    if sample_interval_seconds is not None:
        _set_sample_interval(request, sample_interval_seconds)


def _set_sample_interval(request: Request, seconds: float) -> None:
    try:
        request.sample_interval.FromNanoseconds(round(seconds * 1e9))
    except (ValueError, OverflowError):  # not a number, infinite, or more than a Duration holds
        message = "the sample interval is out of range; ask for 0.01 to 60 seconds"
        raise OptionError(message, reason="SAMPLE_INTERVAL_OUT_OF_RANGE") from None


def _summary_of(result: pb.SummarizeResult) -> SummaryResult:
    confidence = result.confidence if result.HasField("confidence") else None
    if confidence is not None and not math.isfinite(confidence):
        raise UnexpectedAnswerError("the daemon gave a confidence that is no number; check its version")
    return SummaryResult(
        summary=result.summary,
        word_count=result.word_count,
        length_met=result.length_met,
        length_shortfall=_SHORTFALLS.get(result.length_shortfall),
        spans=tuple(map(_span_of, result.spans)),
        language=result.language,
        sentence_count=result.sentence_count,
        usage=_usage_of(result.usage),
        form=result.form,
        confidence=confidence,
        explanation=tuple(map(_word_choice_of, result.explanation)),
    )


def _span_of(span: pb.Span) -> Span:
    return Span(span.start, span.end)


def _word_choice_of(choice: pb.WordChoice) -> WordChoice:
    return WordChoice(
        span=_span_of(choice.span),
        kept=choice.kept,
        rule=choice.rule,
        polarity=_POLARITIES.get(choice.polarity),
        serves=_span_of(choice.serves) if choice.HasField("serves") else None,
    )


def _classification_of(result: pb.ClassifyResult) -> ClassificationResult:
    labels = tuple(Label(label.name, label.probability) for label in result.labels)
    if not labels:
        raise UnexpectedAnswerError("the daemon gave an answer without a label; check its version")
    if not all(math.isfinite(label.probability) for label in labels):
        raise UnexpectedAnswerError("the daemon gave a probability that is no number; check its version")
    best = labels[0]
    return ClassificationResult(
        label=best.name,
        probability=best.probability,
        labels=labels,
        words_read=result.words_read,
        language=result.language,
        usage=_usage_of(result.usage),
        form=result.form,
    )


def _usage_of(usage: pb.Usage) -> Usage:
    return Usage(
        queue_seconds=_seconds(usage, "queue_time"),
        tokenize_seconds=_seconds(usage, "tokenize_time"),
        inference_seconds=_seconds(usage, "inference_time"),
        total_seconds=_seconds(usage, "total_time"),
        cpu_seconds=_reading(usage, "cpu_seconds"),
        rss_start_bytes=_reading(usage, "rss_start_bytes"),
        rss_end_bytes=_reading(usage, "rss_end_bytes"),
        rss_peak_bytes=_reading(usage, "rss_peak_bytes"),
        rss_delta_bytes=_reading(usage, "rss_delta_bytes"),
        energy=_energy_of(usage.energy) if usage.HasField("energy") else None,
        carbon=_carbon_of(usage.carbon) if usage.HasField("carbon") else None,
        model_threads=_reading(usage, "model_threads"),
    )


def _energy_of(energy: pb.Energy) -> Energy:
    return Energy(
        energy_joules=_reading(energy, "energy_joules"),
        method=_ENERGY_METHODS.get(energy.method),
        source=energy.source,
        interval_seconds=_seconds(energy, "interval"),
    )


def _carbon_of(carbon: pb.Carbon) -> Carbon:
    return Carbon(
        co2e_grams=_reading(carbon, "co2e_grams"),
        grid_grams_per_kwh=_reading(carbon, "grid_grams_per_kwh"),
        grid_source=carbon.grid_source,
    )


def _bundle_of(bundle: pb.Bundle) -> Bundle:
    return Bundle(
        name=bundle.name,
        digest=bundle.digest,
        size_bytes=bundle.size_bytes,
        variants=tuple(_VARIANTS[number] for number in bundle.variants if number in _VARIANTS),
        language=bundle.language,
        forms=tuple(bundle.forms),
        task=_TASKS.get(bundle.task),
    )


def _limits_of(limits: pb.Limits) -> Limits:
    return Limits(
        max_text_bytes=limits.max_text_bytes,
        min_word_count=limits.min_word_count,
        max_word_count=limits.max_word_count,
        max_queued_call_count=limits.max_queued_call_count,
        worker_count=limits.worker_count,
    )


def _totals_of(totals: pb.Totals) -> Totals:
    return Totals(
        call_count_by_outcome=dict(totals.call_count_by_outcome),
        words_read=totals.words_read,
        words_written=totals.words_written,
        cpu_seconds=_reading(totals, "cpu_seconds"),
        energy_joules=_reading(totals, "energy_joules"),
        co2e_grams=_reading(totals, "co2e_grams"),
    )


def _latency_of(latency: pb.Latency) -> Latency:
    return Latency(
        window_seconds=_seconds(latency, "window"),
        call_count=latency.call_count,
        p50_seconds=_seconds(latency, "p50"),
        p95_seconds=_seconds(latency, "p95"),
    )


def _reading(message: Message, field: str) -> Any:
    """Read what may not have been measured; a number that is none was not."""
    value = getattr(message, field) if message.HasField(field) else None
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _seconds(message: Message, field: str) -> float | None:
    duration = _reading(message, field)
    return None if duration is None else duration.ToNanoseconds() / 1e9
