"""What a daemon answers, as frozen dataclasses that keep the words of the wire contract (briefd.proto).

A reading that was not taken is `None`, never 0. Times are seconds as `float`. An enumeration is `None` where the daemon
left it unspecified or sent a value that this version does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Generic, TypeVar

from briefd_client.word_choices import Span, WordChoice

if TYPE_CHECKING:
    from datetime import datetime

AnswerT = TypeVar("AnswerT")


class Task(str, Enum):
    """What a bundle was made for."""

    SUMMARIZE = "summarize"
    """`summarize` and `stream` are answered."""
    CLASSIFY = "classify"
    """`classify` and `classify_stream` are answered."""


class Variant(str, Enum):
    """A form of a bundle's model."""

    OPTIMIZED = "optimized"
    """Pruned, quantized or both: what a device should run; `Accepted.form` says which, where a bundle has several."""
    BASELINE = "baseline"
    """The float32 model before pruning and quantization, where the bundle kept it: for comparison."""


class LengthShortfall(str, Enum):
    """Why a summary lies outside the asked length."""

    TEXT_TOO_SHORT = "text_too_short"
    """The text has fewer words than were asked for: all that it says was kept."""


class EnergyMethod(str, Enum):
    """How an energy figure came about."""

    MEASURED = "measured"
    """Read from a meter."""
    ESTIMATED = "estimated"
    """Computed from processor time and a stated power model."""


class ServingStatus(str, Enum):
    """Whether calls are served."""

    SERVING = "serving"
    NOT_SERVING = "not_serving"
    """The daemon is starting or draining: new calls are refused."""


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a call.

    Attributes:
        energy_joules: Joules, above 0.
        method: Whether a meter was read or a model computed it.
        source: What gave the figure, for example `cpu-time-model`.
        interval_seconds: Length of time that the figure covers.
    """

    energy_joules: float | None
    method: EnergyMethod | None
    source: str
    interval_seconds: float | None


@dataclass(frozen=True, slots=True)
class Carbon:
    """Emissions of a call.

    Attributes:
        co2e_grams: Grams of carbon dioxide equivalent.
        grid_grams_per_kwh: Grid intensity used, in grams of carbon dioxide equivalent a kilowatt-hour.
        grid_source: Where the intensity is from.
    """

    co2e_grams: float | None
    grid_grams_per_kwh: float | None
    grid_source: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used: so far in a `Sample`, in all in a `SummaryResult` or a `ClassificationResult`.

    Attributes:
        queue_seconds: Waiting for a free worker.
        tokenize_seconds: Splitting the text into sentences, words and the model's pieces.
        inference_seconds: Running the model, and choosing the words or the label.
        total_seconds: From the request's arrival in the daemon to this reading.
        cpu_seconds: Processor time, all threads.
        rss_start_bytes: Resident memory of the daemon when the call's work began.
        rss_end_bytes: Resident memory of the daemon at this reading.
        rss_peak_bytes: Highest resident memory of the daemon seen while the call ran.
        rss_delta_bytes: `rss_end_bytes` less `rss_start_bytes`.
        energy: Energy; `None` where neither a meter nor a power model applies.
        carbon: Emissions of that energy.
        model_threads: Threads that run the model.
    """

    queue_seconds: float | None
    tokenize_seconds: float | None
    inference_seconds: float | None
    total_seconds: float | None
    cpu_seconds: float | None
    rss_start_bytes: int | None
    rss_end_bytes: int | None
    rss_peak_bytes: int | None
    rss_delta_bytes: int | None
    energy: Energy | None
    carbon: Carbon | None
    model_threads: int | None


@dataclass(frozen=True, slots=True)
class SummaryResult:
    """The answer to one call.

    Attributes:
        summary: One sentence; up to two, where more than 20 words were allowed.
        word_count: Words of `summary`.
        length_met: Whether `word_count` lies within the asked length.
        length_shortfall: Why it does not.
        spans: Where in the text the summary's words were taken from, in order, without overlap; empty when the model
            writes words of its own.
        language: Language of the text as BCP 47, or `und`.
        sentence_count: Sentences of the text that were read.
        usage: What the call cost.
        form: Which of the bundle's forms of the model answered, as in `Accepted`.
        confidence: The probability, from 0 to 1, that no word was cut that the rest needs, calibrated on held-out gold
            trees; it is not a promise that the sentence is right. `None` where the bundle has no proof-reader.
        explanation: Why each word of the sentences that the summary was taken from was kept or dropped, in the text's
            order; empty unless it was asked for, and where the model cannot tell.
    """

    summary: str
    word_count: int
    length_met: bool
    length_shortfall: LengthShortfall | None
    spans: tuple[Span, ...]
    language: str
    sentence_count: int
    usage: Usage
    form: str
    confidence: float | None = None
    explanation: tuple[WordChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A label, and how well it fits.

    Attributes:
        name: Name of the label.
        probability: How probable it is that the text belongs under it, by the model, from 0 to 1; over all labels of
            the model the sum is 1.
    """

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class ClassificationResult:
    """The answer to one call.

    Attributes:
        label: The most probable label.
        probability: Its probability, from 0 to 1.
        labels: All labels that were asked for, the most probable one first.
        words_read: Words of the text that were read: all of them.
        language: Language of the text as BCP 47, or `und`.
        usage: What the call cost.
        form: Which of the bundle's forms of the model answered, as in `Accepted`.
    """

    label: str
    probability: float
    labels: tuple[Label, ...]
    words_read: int
    language: str
    usage: Usage
    form: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The call was admitted to the queue; always the first event.

    Attributes:
        sequence_number: Position of this event in the stream, from 0.
        request_id: Names this call in the daemon's log.
        bundle_digest: Digest of the bundle that will answer: `sha256:` and 64 hexadecimal digits.
        variant: Form of the model that was asked for.
        queue_position: Calls ahead of this one: 0 when a worker is free.
        form: Which of the bundle's forms of the model will answer, as its manifest names it; empty where a daemon of an
            older version does not say.
    """

    sequence_number: int
    request_id: str
    bundle_digest: str
    variant: Variant | None
    queue_position: int
    form: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next piece of the summary: whole words with the white space before them; joined, they are the summary."""

    sequence_number: int
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Resources used so far; only where `sample_interval_seconds` asked for it."""

    sequence_number: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class Result(Generic[AnswerT]):
    """The answer; exactly one, always the last event."""

    sequence_number: int
    result: AnswerT


Event = Accepted | Chunk | Sample | Result[SummaryResult]
ClassifyEvent = Accepted | Sample | Result[ClassificationResult]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A model that is loaded.

    Attributes:
        name: Name from its manifest.
        digest: Digest of its manifest: `sha256:` and 64 hexadecimal digits.
        size_bytes: Bytes of its files on disk.
        variants: What a call may ask for.
        language: Language it was made for, as BCP 47.
        forms: Forms of the model that `Variant.OPTIMIZED` can stand for on the daemon's processor, as the manifest
            names them, the one that does stand first; empty where a daemon of an older version does not say.
        task: What it was made for; `None` where a daemon of an older version does not say: it summarizes.
    """

    name: str
    digest: str
    size_bytes: int
    variants: tuple[Variant, ...]
    language: str
    forms: tuple[str, ...]
    task: Task | None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request may ask for.

    Attributes:
        max_text_bytes: Most bytes of a text in UTF-8.
        min_word_count: Fewest words of a summary that may be asked for.
        max_word_count: Most words of a summary that may be asked for.
        max_queued_call_count: Calls that may wait for a worker.
        worker_count: Calls that may run at the same time.
    """

    max_text_bytes: int
    min_word_count: int
    max_word_count: int
    max_queued_call_count: int
    worker_count: int


@dataclass(frozen=True, slots=True)
class Totals:
    """What the daemon has done since its start.

    Attributes:
        call_count_by_outcome: Calls by `OK` or the name of the gRPC status they ended with.
        words_read: Words of the texts that were summarized or classified.
        words_written: Words of the summaries; 0 where texts are classified.
        cpu_seconds: Processor time of answered calls.
        energy_joules: Energy of answered calls.
        co2e_grams: Emissions of answered calls, in grams of carbon dioxide equivalent.
    """

    call_count_by_outcome: dict[str, int]
    words_read: int
    words_written: int
    cpu_seconds: float | None
    energy_joules: float | None
    co2e_grams: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Service times of successful calls, from arrival to result.

    Attributes:
        window_seconds: Length of time that the figures look back.
        call_count: Calls in the window.
        p50_seconds: Median.
        p95_seconds: 95th percentile.
    """

    window_seconds: float | None
    call_count: int
    p50_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How the daemon is.

    Attributes:
        status: Whether calls are served.
        version: Version of the daemon.
        ready_at: When the daemon became ready, in UTC.
        uptime_seconds: Time since the process began to start.
        bundle: The active bundle.
        limits: What a request may ask for.
        running_call_count: Calls being worked on now.
        queued_call_count: Calls waiting for a worker now.
        totals: What was done since the start.
        latency: Service times of the last minutes; `None` before the first call.
        thread_count: Threads of the daemon process, all of them.
        model_threads: Threads that run the model, a worker.
        rss_bytes: Resident memory of the daemon.
        load_1m: Load average of the device over one minute.
        temperature_celsius: Hottest sensor of the processor.
    """

    status: ServingStatus
    version: str
    ready_at: datetime | None
    uptime_seconds: float | None
    bundle: Bundle | None
    limits: Limits | None
    running_call_count: int
    queued_call_count: int
    totals: Totals | None
    latency: Latency | None
    thread_count: int | None
    model_threads: int | None
    rss_bytes: int | None
    load_1m: float | None
    temperature_celsius: float | None
