"""The calls that ask the model, of every method, and the end of them all."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from briefd.v1 import briefd_pb2
from briefd_server.errors import DeadlineError, QueueFullError, RequestError, ShuttingDownError
from briefd_server.heap import RequestHeap
from briefd_server.service.conversation import Conversation
from briefd_server.service.outcome_log import OutcomeLog
from briefd_server.service.requests import read_order
from briefd_server.service.status import guarded
from briefd_server.service.variants import VARIANTS

if TYPE_CHECKING:
    from briefd_server.metering.totals import Ledger
    from briefd_server.service.methods import Method
    from briefd_server.service.served import Served
    from briefd_server.service.status import Context

_LOGGER = logging.getLogger(__name__)
ResultT = TypeVar("ResultT")
# Of a request that is not read, what gRPC takes in all the same: the window of its stream.
_UNREAD_BYTES = 64 << 10
_EOF: object = grpc.aio.EOF
# How long a request may take to arrive, from the call's headers on.
_ARRIVAL_SECONDS = 30.0


class Serving:
    """Serves the methods that ask the model. Lives on the loop's thread."""

    def __init__(self, served: Served, ledger: Ledger) -> None:
        self._served = served
        self._ledger = ledger
        self._request_ids = map("{}-{}".format, itertools.repeat(secrets.token_hex(3)), itertools.count(1))
        self._outcome_log = OutcomeLog()
        self._heap = RequestHeap()
        self._arriving_count = 0
        self._conversations: set[Conversation[Any]] = set()
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    async def serve(self, method: Method[ResultT], _requests: object, context: Context) -> None:
        """Serve one call; the contract says what is written, and with which statuses it can end.

        The request is read here and not by gRPC, which would take in as many as clients send before we see any.
        """
        request_id = next(self._request_ids)
        work = self._answer(method, context, request_id)
        await guarded(work, context, request_id, partial(self._record, request_id))

    def switch(self, served: Served) -> None:
        """Have new calls answered by another set."""
        self._served = served

    async def drain(self, grace_seconds: float) -> None:
        """Refuse new calls and wait until the others are done; those that are not in time end as `SHUTTING_DOWN`."""
        self._served.admission.close()
        if not self._conversations:
            return
        try:
            await asyncio.wait_for(self._is_idle.wait(), grace_seconds)
        except asyncio.TimeoutError:
            _LOGGER.warning("%s calls were not done within %s s and are ended", len(self._conversations), grace_seconds)
            self.abandon()

    def abandon(self) -> None:
        """End every call at once."""
        for conversation in self._conversations:
            conversation.fail(ShuttingDownError())

    def close(self) -> None:
        """Log what is left to say; every call has ended."""
        self._outcome_log.flush()

    async def _answer(self, method: Method[ResultT], context: Context, request_id: str) -> None:
        data = await self._receive(context)
        # Only now: a reload may have put another in its place meanwhile, and ended the workers of the one before.
        served = self._served
        order = read_order(data, method, served.bundle, served.forms, served.max_text_bytes)
        conversation = Conversation(method, order, served.admission, served.meter, context)
        self._enter(conversation)
        try:
            await self._converse(conversation, request_id, served.bundle.digest)
        finally:
            conversation.leave()
            self._exit(conversation)

    async def _receive(self, context: Context) -> bytes:
        try:
            self._served.admission.check_room(self._arriving_count)
        except QueueFullError:
            self._heap.take(_UNREAD_BYTES)
            raise
        self._arriving_count += 1
        try:
            data = await asyncio.wait_for(context.read(), _ARRIVAL_SECONDS)
        except asyncio.TimeoutError:
            raise DeadlineError from None
        finally:
            self._arriving_count -= 1
        if data is _EOF:
            raise RequestError("MALFORMED_REQUEST", "the call ended without a request; send one")
        self._heap.take(len(data))
        return data

    async def _converse(self, conversation: Conversation[ResultT], request_id: str, digest: str) -> None:
        method, order = conversation.method, conversation.order
        position = conversation.enter()
        accepted = briefd_pb2.Accepted(
            request_id=request_id,
            bundle_digest=digest,
            variant=VARIANTS[order.variant],
            queue_position=position,
            form=order.form,
        )
        await conversation.write(accepted=accepted)
        answer = await conversation.follow()
        usage = answer.usage
        usage.total_seconds = conversation.call.age_seconds
        await conversation.write(result=method.result_message(answer.result, usage, order.form))
        self._ledger.totals.add_answer(*method.word_counts(answer.result), usage)
        self._ledger.latency.add(usage.total_seconds)

    def _record(self, request_id: str, outcome: str) -> None:
        self._ledger.totals.call_count_by_outcome[outcome] += 1
        self._outcome_log.note(request_id, outcome)

    def _enter(self, conversation: Conversation[Any]) -> None:
        self._conversations.add(conversation)
        self._is_idle.clear()

    def _exit(self, conversation: Conversation[Any]) -> None:
        self._conversations.discard(conversation)
        if not self._conversations:
            self._is_idle.set()
