"""What stands between the kit and a right server, or talks beside it, changes no outcome."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from conformance.suite import Suite
from tests.support.kit import server
from tests.support.relay import relaying
from tests.support.survival import judged, survived

CONFORMANT = (0,)


async def test_a_right_server_whose_answers_come_byte_by_byte_is_conformant(
    suite: Suite, tmp_path: Path
) -> None:
    words = ("states/", "errors/", "transport/ping", "client-messages/id", "--max-wait=2")
    with server("reference_server", "--auth-timeout=10") as url:
        async with relaying(url, piece=1) as recording:
            done = await judged(tmp_path, recording.url, *words)
    survived(done, suite, CONFORMANT)
    assert recording.data


@dataclass(slots=True)
class Traffic:
    """How much another client has said."""

    messages: int = 0


@asynccontextmanager
async def others_talking(url: str) -> AsyncIterator[Traffic]:
    """Let other clients talk through a server, each as fast as it gets its own words back."""
    traffic = Traffic()

    async def talk(socket: ClientConnection) -> None:
        challenge = json.loads(await socket.recv())
        answer = {"type": "auth_response", "data": {"token": challenge["data"]["token"]}}
        await socket.send(json.dumps(answer))
        await socket.recv()
        for number in itertools.count():
            data = {"message_type": "foreign", "message_data": {"number": number}}
            await socket.send(json.dumps({"type": "client_message", "data": data}))
            while f'"number":{number}}}' not in str(await socket.recv()).replace(" ", ""):
                pass
            traffic.messages += 1

    async with connect(url, proxy=None) as one, connect(url, proxy=None) as other:
        tasks = [asyncio.create_task(talk(socket)) for socket in (one, other)]
        try:
            yield traffic
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert {type(error) for error in ended} == {asyncio.CancelledError}


async def test_other_clients_events_between_any_two_messages_change_no_outcome(
    suite: Suite, tmp_path: Path
) -> None:
    words = ("states/", "client-messages/i", "order/", "--max-wait=2")
    options = ("--auth-timeout=10", "--dedup-window=1", "--rate-messages=1000000")
    with server("reference_server", *options) as url:
        async with others_talking(url) as traffic:
            done = await judged(tmp_path, url, *words)
    survived(done, suite, CONFORMANT)
    assert traffic.messages > 100
