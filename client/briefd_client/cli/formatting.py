"""Usage and health for people: units that fit the size, estimates marked, `not measured` where there is no reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_client.results import (
    ClassificationResult,
    EnergyMethod,
    LengthShortfall,
    ServingStatus,
    SummaryResult,
    Task,
    Variant,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from briefd_client.results import (
        Bundle,
        Carbon,
        Energy,
        HealthReport,
        Latency,
        Limits,
        Totals,
        Usage,
    )

NOT_MEASURED = "not measured"
_UNKNOWN = "unknown"
_SMALL = (("", 1.0), ("m", 1e-3), ("µ", 1e-6), ("n", 1e-9))
_LARGE = (("G", 1e9), ("M", 1e6), ("k", 1e3), ("", 1.0))
_LABEL_WIDTH = 9
# What older daemons say, and what a bundle says that has only this one: it needs no words.
_PLAIN_FORMS = ("", Variant.OPTIMIZED.value)


def quantity(value: float | None, unit: str) -> str:
    """Write a reading with three digits and the prefix that fits; bytes are counted in powers of 1000."""
    if value is None:
        return NOT_MEASURED
    prefixes = _LARGE if unit == "B" else _SMALL
    # What rounds to 1000 with three digits belongs to the next prefix.
    fitting = ((prefix, scale) for prefix, scale in prefixes if abs(value) >= 0.9995 * scale)
    prefix, scale = next(fitting, prefixes[-1])
    scaled = value / scale
    digits = f"{scaled:,.0f}" if abs(scaled) >= 999.5 else f"{scaled:.3g}"
    return f"{digits} {prefix}{unit}" if value else f"0 {unit}"


def labels_line(result: ClassificationResult) -> str:
    """Write the labels with their probabilities, the most probable one first."""
    return ", ".join(f"{label.name} {label.probability:.3f}" for label in result.labels)


def metrics_lines(result: SummaryResult | ClassificationResult) -> list[str]:
    """Tell what one answer cost, a line a resource."""
    usage = result.usage
    form = [] if result.form in _PLAIN_FORMS else [("form", result.form)]
    return _table(
        ("words", _words(result) if isinstance(result, SummaryResult) else f"{result.words_read:,} read"),
        *_confidence(result),
        *form,
        ("latency", _latency_of_call(usage)),
        ("memory", _memory(usage)),
        ("CPU", f"{quantity(usage.cpu_seconds, 's')} (threads for the model: {_count(usage.model_threads)})"),
        ("energy", _energy(usage.energy)),
        ("CO2e", _carbon(usage.carbon)),
    )


def health_lines(report: HealthReport) -> list[str]:
    """Tell how a daemon is, a line a topic."""
    is_serving = report.status is ServingStatus.SERVING
    return _table(
        ("status", f"{'serving' if is_serving else 'not serving'}, up {_long_time(report.uptime_seconds)}"),
        ("version", f"briefd {report.version}"),
        ("bundle", _bundle(report.bundle)),
        ("calls", f"{report.running_call_count} running, {report.queued_call_count} queued{_limits(report.limits)}"),
        ("totals", _totals(report.totals)),
        ("latency", _latency_of_daemon(report.latency)),
        ("memory", f"{quantity(report.rss_bytes, 'B')} resident"),
        ("threads", f"{_count(report.thread_count)} (for the model: {_count(report.model_threads)})"),
        (
            "device",
            f"load {_number(report.load_1m, '.2f')}, temperature {_number(report.temperature_celsius, '.1f', ' °C')}",
        ),
    )


def _table(*rows: tuple[str, str]) -> list[str]:
    width = max(_LABEL_WIDTH, *(len(label) + 2 for label, _ in rows))
    return [f"{label:{width}}{text}" for label, text in rows]


def _confidence(result: SummaryResult | ClassificationResult) -> list[tuple[str, str]]:
    if not isinstance(result, SummaryResult) or result.confidence is None:
        return []
    return [("confidence", f"{result.confidence:.3f} that no needed word was cut")]


def _words(result: SummaryResult) -> str:
    if result.length_met:
        return str(result.word_count)
    if result.length_shortfall is LengthShortfall.TEXT_TOO_SHORT:
        return f"{result.word_count}, fewer than asked: the text has no more"
    return f"{result.word_count}, not the length asked"


def _latency_of_call(usage: Usage) -> str:
    parts = (
        f"queue {quantity(usage.queue_seconds, 's')}, tokenize {quantity(usage.tokenize_seconds, 's')}, "
        f"inference {quantity(usage.inference_seconds, 's')}"
    )
    return f"{quantity(usage.total_seconds, 's')} ({parts})"


def _memory(usage: Usage) -> str:
    delta = quantity(usage.rss_delta_bytes, "B")
    change = f"+{delta}" if (usage.rss_delta_bytes or 0) > 0 else delta
    return (
        f"{quantity(usage.rss_end_bytes, 'B')} resident (peak {quantity(usage.rss_peak_bytes, 'B')}, change {change})"
    )


def _energy(energy: Energy | None) -> str:
    if energy is None or energy.energy_joules is None:
        return NOT_MEASURED
    if energy.method is EnergyMethod.MEASURED:
        return f"{quantity(energy.energy_joules, 'J')} measured ({energy.source})"
    return f"~{quantity(energy.energy_joules, 'J')} estimated ({energy.source})"


def _carbon(carbon: Carbon | None) -> str:
    if carbon is None or carbon.co2e_grams is None:
        return NOT_MEASURED
    # An estimate even where the energy was measured: the grid's intensity is an average.
    grid = f"{_number(carbon.grid_grams_per_kwh, 'g', ' g/kWh')}, {carbon.grid_source}"
    return f"~{quantity(carbon.co2e_grams, 'g')} estimated ({grid})"


def _bundle(bundle: Bundle | None) -> str:
    if bundle is None:
        return _UNKNOWN
    variants = ", ".join(_variant(variant, bundle.forms) for variant in bundle.variants)
    kind = ", a classifier" if bundle.task is Task.CLASSIFY else ""
    return (
        f"{bundle.name}{kind} ({bundle.language}; {variants}), {quantity(bundle.size_bytes, 'B')}, {bundle.digest[:19]}"
    )


def _variant(variant: Variant, forms: Sequence[str]) -> str:
    if variant is not Variant.OPTIMIZED or not forms or (len(forms) == 1 and forms[0] in _PLAIN_FORMS):
        return variant.value
    served, *others = forms
    return f"{variant.value} as {served}" + (f", else {' or '.join(others)}" if others else "")


def _limits(limits: Limits | None) -> str:
    return "" if limits is None else f" (at most {limits.worker_count} and {limits.max_queued_call_count})"


def _totals(totals: Totals | None) -> str:
    if totals is None:
        return _UNKNOWN
    outcomes = [f"{count:,} {outcome}" for outcome, count in sorted(totals.call_count_by_outcome.items())]
    costs = [
        f"{totals.words_read:,} words in, {totals.words_written:,} out",
        f"CPU {quantity(totals.cpu_seconds, 's')}",
        f"energy {quantity(totals.energy_joules, 'J')}",
        f"CO2e {quantity(totals.co2e_grams, 'g')}",
    ]
    return "; ".join([", ".join(outcomes) or "no calls yet", *costs])


def _latency_of_daemon(latency: Latency | None) -> str:
    if latency is None:
        return "no calls yet"
    percentiles = f"p50 {quantity(latency.p50_seconds, 's')}, p95 {quantity(latency.p95_seconds, 's')}"
    return f"{percentiles} ({latency.call_count:,} calls in the last {_long_time(latency.window_seconds)})"


def _count(count: int | None) -> str:
    return _number(count, ",d")


def _number(value: float | None, form: str, unit: str = "") -> str:
    return NOT_MEASURED if value is None else f"{value:{form}}{unit}"


def _long_time(seconds: float | None) -> str:
    if seconds is None:
        return _UNKNOWN
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = _named((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(parts[:2]) or "0 s"


def _named(*counts: tuple[int, str]) -> Sequence[str]:
    return [f"{count} {name}" for count, name in counts if count]
