"""What `--json` and `--jsonl` write: one object a line, pure ASCII, so that no terminal or locale can spoil it."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from briefd_client.errors import LowConfidenceError

if TYPE_CHECKING:
    from briefd_client.errors import BriefdError
    from briefd_client.results import ClassificationResult, HealthReport, SummaryResult

AnswerT = TypeVar("AnswerT", bound="SummaryResult | ClassificationResult")
"""What the daemon answers about a text, by what it was asked."""

Record = dict[str, Any]


def record_of(answer: SummaryResult | ClassificationResult | HealthReport) -> Record:
    """Return an answer's fields under their names; what was not measured is `None`."""
    return asdict(answer)


def error_record_of(failure: BriefdError) -> Record:
    """Return what takes the place of an answer; of one that is not certain enough, how certain it is."""
    error: Record = {"reason": failure.reason, "message": str(failure)}
    if isinstance(failure, LowConfidenceError):
        error["confidence"] = failure.confidence
    return {"error": error}


def json_line_of(record: Record) -> str:
    """Write a record as one line, without its end."""
    return json.dumps(record, default=_iso_8601, allow_nan=False)


def _iso_8601(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
