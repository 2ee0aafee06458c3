"""Requests: from bytes to a checked order, or a refusal that states the fix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from google.protobuf.message import DecodeError

from briefd.v1 import briefd_pb2
from briefd_server.bundle import OPTIMIZED
from briefd_server.errors import NotServedError, RequestError, WrongTaskError
from briefd_server.service.variants import VARIANT_NAMES
from briefd_server.text.words import blank_terminal_escapes

if TYPE_CHECKING:
    from google.protobuf.duration_pb2 import Duration

    from briefd_server.bundle import Bundle
    from briefd_server.engines.base import AnyTask
    from briefd_server.forms import Forms
    from briefd_server.service.methods import Method

    Request = briefd_pb2.SummarizeRequest | briefd_pb2.ClassifyRequest

ResultT = TypeVar("ResultT")

_MIN_SAMPLE_SECONDS = 0.01
_MAX_SAMPLE_SECONDS = 60.0

_LETTER_OR_DIGIT = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Order(Generic[ResultT]):
    """A checked request; `variant` is what was asked for, `form` what the bundle has for it."""

    task: AnyTask[ResultT]
    variant: str
    form: str
    sample_seconds: float | None


def read_order(
    data: bytes, method: Method[ResultT], bundle: Bundle, forms: Forms, max_text_bytes: int
) -> Order[ResultT]:
    """Read a request of a method and check it against what is served.

    Raises:
        RequestError: the request is malformed or asks for something that no daemon does.
        WrongTaskError: the bundle is not one that does what the method does.
        NotServedError: it names a bundle or a variant that is not served.

    """
    request = _parse(data, method)
    if bundle.manifest.task != method.task:
        raise WrongTaskError(bundle.manifest.name, bundle.manifest.task, method.task)
    _check_bundle(request.bundle, bundle)
    _check_text(request.text, max_text_bytes)
    task = method.read_task(request)
    variant = _checked_variant(request.variant, forms)
    return Order(
        task=task,
        variant=variant,
        form=forms.by_variant()[variant],
        sample_seconds=_checked_interval(request.sample_interval) if request.HasField("sample_interval") else None,
    )


def has_words(text: str) -> bool:
    """Tell whether `find_words` would find any, without looking at all of a long text."""
    return _LETTER_OR_DIGIT.search(blank_terminal_escapes(text)) is not None


def _parse(data: bytes, method: Method[ResultT]) -> Request:
    try:
        return cast("Request", method.request.FromString(data))
    except DecodeError:
        raise RequestError(
            "MALFORMED_REQUEST",
            f"the request is no {method.name}Request, or its text is not valid UTF-8; encode it as UTF-8",
        ) from None


def _check_bundle(asked: str, bundle: Bundle) -> None:
    if asked not in {"", bundle.manifest.name, bundle.digest}:
        raise NotServedError(
            "UNKNOWN_BUNDLE", f"this daemon serves the bundle {bundle.manifest.name}; leave `bundle` empty or name that"
        )


def _check_text(text: str, max_text_bytes: int) -> None:
    if not text:
        raise RequestError("EMPTY_TEXT", "the text is empty; send at least one word")
    if len(text) > max_text_bytes or len(text.encode()) > max_text_bytes:
        raise RequestError(
            "TEXT_TOO_LARGE", f"the text is longer than {max_text_bytes} bytes in UTF-8; send a part of it"
        )
    if "\0" in text:
        raise RequestError("TEXT_HAS_NUL", "the text holds a NUL character; send text, without NUL")
    if not has_words(text):
        raise RequestError("TEXT_WITHOUT_WORDS", "the text holds no letter or digit; send at least one word")


def _checked_variant(asked: briefd_pb2.Variant.ValueType, forms: Forms) -> str:
    if asked == briefd_pb2.VARIANT_UNSPECIFIED:
        return OPTIMIZED
    if asked not in VARIANT_NAMES:
        raise RequestError("UNKNOWN_VARIANT", "the variant is not known; ask for VARIANT_OPTIMIZED or VARIANT_BASELINE")
    variant = VARIANT_NAMES[asked]
    if variant not in (served := forms.by_variant()):
        raise NotServedError(
            "VARIANT_NOT_IN_BUNDLE", f"this bundle has no {variant} variant; ask for {' or '.join(served)}"
        )
    return variant


def _checked_interval(interval: Duration) -> float:
    seconds: float = interval.seconds + interval.nanos / 1e9
    if not _MIN_SAMPLE_SECONDS <= seconds <= _MAX_SAMPLE_SECONDS:
        raise RequestError("SAMPLE_INTERVAL_OUT_OF_RANGE", "sample_interval is out of range; ask for 10 ms to 60 s")
    return seconds
