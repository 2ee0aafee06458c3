"""The client library and the `brief` command.

    from briefd_client import Client

    with Client() as client:
        result = client.summarize(text)
    print(result.summary, result.usage.total_seconds)

Of a daemon that serves a classifier, `client.classify(text)` tells the `label`.

`AsyncClient` is the same for an event loop. Results are described in `briefd_client.results`, errors in
`briefd_client.errors`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from briefd_client.errors import (
    BriefdError,
    CancelledCallError,
    ClosedClientError,
    DeadlineError,
    EngineError,
    LowConfidenceError,
    MisplacedClientError,
    NotServedError,
    OptionError,
    QueueFullError,
    RequestError,
    ShuttingDownError,
    TextError,
    UnavailableError,
    UnexpectedAnswerError,
    WrongTaskError,
)
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
from briefd_client.retry import NO_RETRY, RetryPolicy
from briefd_client.word_choices import Polarity, Span, WordChoice

if TYPE_CHECKING:
    from briefd_client.async_client import AsyncClient
    from briefd_client.client import Client
else:
    # Importing gRPC takes longer than all that `brief --help` and shell completion need together.
    _MODULES = {"AsyncClient": "briefd_client.async_client", "Client": "briefd_client.client"}

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)


__all__ = [
    "NO_RETRY",
    "Accepted",
    "AsyncClient",
    "BriefdError",
    "Bundle",
    "CancelledCallError",
    "Carbon",
    "Chunk",
    "ClassificationResult",
    "ClassifyEvent",
    "Client",
    "ClosedClientError",
    "DeadlineError",
    "Energy",
    "EnergyMethod",
    "EngineError",
    "Event",
    "HealthReport",
    "Label",
    "Latency",
    "LengthShortfall",
    "Limits",
    "LowConfidenceError",
    "MisplacedClientError",
    "NotServedError",
    "OptionError",
    "Polarity",
    "QueueFullError",
    "RequestError",
    "Result",
    "RetryPolicy",
    "Sample",
    "ServingStatus",
    "ShuttingDownError",
    "Span",
    "SummaryResult",
    "Task",
    "TextError",
    "Totals",
    "UnavailableError",
    "UnexpectedAnswerError",
    "Usage",
    "Variant",
    "WordChoice",
    "WrongTaskError",
]
