"""An `AsyncClient` where it cannot work: on a second event loop, and in a process forked beside it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from briefd_client import AsyncClient, MisplacedClientError

TEXT = "one two three four"
WAIT_SECONDS = 60


def test_a_client_on_a_second_loop_is_refused_in_our_words(daemon):
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    client = AsyncClient(daemon.address)
    assert first.run_until_complete(client.summarize(TEXT)).summary == "one two three!"
    with pytest.raises(MisplacedClientError, match="another event loop; make one for each") as caught:
        second.run_until_complete(client.summarize(TEXT))
    assert caught.value.reason == "OTHER_EVENT_LOOP"
    with pytest.raises(MisplacedClientError):
        second.run_until_complete(client.health())
    assert first.run_until_complete(client.summarize(TEXT)).summary == "one two three!"
    first.run_until_complete(client.close())
    first.close()
    second.close()


FORKING = """
import asyncio, os, sys
from briefd_client import AsyncClient, BriefdError, Client

ADDRESS, STATE = sys.argv[1:]
loop = asyncio.new_event_loop()
client = AsyncClient(ADDRESS)

async def ask():
    return (await client.summarize("one two three", timeout_seconds=20)).summary

async def ask_anew():
    async with AsyncClient(ADDRESS) as another:
        return (await another.summarize("one two three", timeout_seconds=20)).summary

if STATE != "unused":
    loop.run_until_complete(ask())
if STATE == "closed":
    loop.run_until_complete(client.close())
if child := os.fork():
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if STATE == "open":
        print("parent", loop.run_until_complete(ask()))
    os._exit(code)
for attempt in (ask, ask_anew):
    try:
        print(loop.run_until_complete(attempt()))
    except BriefdError as error:
        print(error.reason)
loop.run_until_complete(client.close())
with Client(ADDRESS) as synchronous:
    print(synchronous.summarize("one two three").summary)
sys.stdout.flush()
os._exit(0)
"""


@pytest.mark.parametrize(
    ("state", "printed"),
    [
        ("unused", ["one two three!", "one two three!", "one two three!"]),
        ("closed", ["CLIENT_CLOSED", "FORKED", "one two three!"]),
        ("open", ["FORKED", "FORKED", "one two three!", "parent one two three!"]),
    ],
)
def test_a_forked_process_is_told_what_cannot_work(daemon, state, printed):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", FORKING, daemon.address, state]
    process = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False
    )
    assert (process.returncode, process.stdout.splitlines()) == (0, printed), process.stderr
