"""What is said on the wire, from plain values; what was not measured is left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.duration_pb2 import Duration

from briefd.v1 import briefd_pb2
from briefd_server.bundle import CLASSIFY, SUMMARIZE
from briefd_server.engines.base import Polarity, Shortfall
from briefd_server.service.variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_server.bundle import Bundle
    from briefd_server.engines.base import Classification, Span, Summary, WordChoice
    from briefd_server.forms import Forms
    from briefd_server.metering.totals import LatencyFigures, Totals
    from briefd_server.metering.usage import Carbon, Energy, Usage

_TASKS = {SUMMARIZE: briefd_pb2.TASK_SUMMARIZE, CLASSIFY: briefd_pb2.TASK_CLASSIFY}
_SHORTFALLS = {
    None: briefd_pb2.LENGTH_SHORTFALL_UNSPECIFIED,
    Shortfall.TEXT_TOO_SHORT: briefd_pb2.LENGTH_SHORTFALL_TEXT_TOO_SHORT,
}
_POLARITIES = {
    Polarity.UP: briefd_pb2.POLARITY_UP,
    Polarity.DOWN: briefd_pb2.POLARITY_DOWN,
    Polarity.NONE: briefd_pb2.POLARITY_NONE,
}
# Keeps the explanation of a text without a full stop within what gRPC takes for one message: 4 MiB by default.
_MAX_EXPLAINED_WORDS = 1024


def duration(seconds: float | None) -> Duration | None:
    """Say a length of time, to the nanosecond."""
    if seconds is None:
        return None
    whole, part = divmod(round(seconds * 1e9), 1_000_000_000)
    return Duration(seconds=whole, nanos=part)


def usage_message(usage: Usage) -> briefd_pb2.Usage:
    """Say what a call used."""
    both = usage.rss_start_bytes is not None and usage.rss_end_bytes is not None
    return briefd_pb2.Usage(
        queue_time=duration(usage.queue_seconds),
        tokenize_time=duration(usage.tokenize_seconds),
        inference_time=duration(usage.inference_seconds),
        total_time=duration(usage.total_seconds),
        cpu_seconds=usage.cpu_seconds,
        rss_start_bytes=usage.rss_start_bytes,
        rss_end_bytes=usage.rss_end_bytes,
        rss_peak_bytes=usage.rss_peak_bytes,
        rss_delta_bytes=(usage.rss_end_bytes or 0) - (usage.rss_start_bytes or 0) if both else None,
        energy=_energy(usage.energy) if usage.energy else None,
        carbon=_carbon(usage.carbon) if usage.carbon else None,
        model_threads=usage.model_threads,
    )


def summarize_result(summary: Summary, usage: Usage, form: str) -> briefd_pb2.SummarizeResult:
    """Say a summary, and which form of the model gave it."""
    return briefd_pb2.SummarizeResult(
        summary=summary.text,
        word_count=summary.word_count,
        length_met=summary.shortfall is None,
        length_shortfall=_SHORTFALLS[summary.shortfall],
        spans=[_span(span) for span in summary.spans],
        language=summary.language,
        sentence_count=summary.sentence_count,
        usage=usage_message(usage),
        form=form,
        confidence=summary.confidence,
        explanation=[_word_choice(choice) for choice in _bounded(summary.explanation)],
    )


def classify_result(classification: Classification, usage: Usage, form: str) -> briefd_pb2.ClassifyResult:
    """Say the labels of a text, and which form of the model gave them."""
    return briefd_pb2.ClassifyResult(
        labels=[briefd_pb2.Label(name=label.name, probability=label.probability) for label in classification.labels],
        words_read=classification.words_read,
        language=classification.language,
        usage=usage_message(usage),
        form=form,
    )


def bundle_message(bundle: Bundle, forms: Forms) -> briefd_pb2.Bundle:
    """Say which model is loaded, and which forms of it are served."""
    return briefd_pb2.Bundle(
        name=bundle.manifest.name,
        digest=bundle.digest,
        size_bytes=bundle.size_bytes,
        variants=[VARIANTS[name] for name in forms.by_variant()],
        language=bundle.manifest.language,
        forms=forms.choices,
        task=_TASKS[bundle.manifest.task],
    )


def totals_message(totals: Totals) -> briefd_pb2.Totals:
    """Say what was done since the start."""
    return briefd_pb2.Totals(
        call_count_by_outcome=totals.call_count_by_outcome,
        words_read=totals.words_read,
        words_written=totals.words_written,
        cpu_seconds=totals.cpu_seconds,
        energy_joules=totals.energy_joules,
        co2e_grams=totals.co2e_grams,
    )


def latency_message(figures: LatencyFigures) -> briefd_pb2.Latency:
    """Say how long the calls of the last minutes took."""
    return briefd_pb2.Latency(
        window=duration(figures.window_seconds),
        call_count=figures.call_count,
        p50=duration(figures.p50_seconds),
        p95=duration(figures.p95_seconds),
    )


def _span(span: Span) -> briefd_pb2.Span:
    return briefd_pb2.Span(start=span.start, end=span.end)


def _bounded(choices: Sequence[WordChoice]) -> Sequence[WordChoice]:
    if len(choices) <= _MAX_EXPLAINED_WORDS:
        return choices
    return [choice for choice in choices if choice.is_kept]


def _word_choice(choice: WordChoice) -> briefd_pb2.WordChoice:
    return briefd_pb2.WordChoice(
        span=_span(choice.span),
        kept=choice.is_kept,
        rule=choice.rule,
        polarity=_POLARITIES[choice.polarity],
        serves=_span(choice.serves) if choice.serves else None,
    )


def _energy(energy: Energy) -> briefd_pb2.Energy:
    method = briefd_pb2.ENERGY_METHOD_MEASURED if energy.is_measured else briefd_pb2.ENERGY_METHOD_ESTIMATED
    return briefd_pb2.Energy(
        energy_joules=energy.joules, method=method, source=energy.source, interval=duration(energy.interval_seconds)
    )


def _carbon(carbon: Carbon) -> briefd_pb2.Carbon:
    return briefd_pb2.Carbon(
        co2e_grams=carbon.co2e_grams, grid_grams_per_kwh=carbon.grid_grams_per_kwh, grid_source=carbon.grid_source
    )
