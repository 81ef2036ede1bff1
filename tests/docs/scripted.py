"""A server that plays what a test says, to see what the clients to copy make of it."""

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

from websockets.asyncio.server import ServerConnection, serve

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from tests.support.kit import ROOT

STORE = SchemaStore(locations.schema_root())


SERVERS = {
    "reference": [sys.executable, "-m", "reference_server"],
    "second": ["node", "tests/second_server/server.mjs"],
}


class Served(NamedTuple):
    """A server in a process of its own: its address, and that of its hooks."""

    url: str
    control: str

    async def ask(self, hook: str, **arguments: Any) -> Any:
        """Call a hook."""
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(
            f"{self.control}/{hook}", body, {"Content-Type": "application/json"}
        )
        with await asyncio.to_thread(urllib.request.urlopen, request) as answer:
            return json.load(answer)


@contextmanager
def serving(name: str, *options: str) -> Iterator[Served]:
    words = [*SERVERS[name], "--port=0", "--control-port=0", *options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            found = re.search(r"(ws://\S+) control (http://\S+)", process.stdout.readline())
            assert found
            yield Served(found[1], found[2])
        finally:
            process.terminate()


class Host(NamedTuple):
    """A server that does as it is told: its address, what it got, and its connections' ends."""

    url: str
    sockets: list[ServerConnection]
    got: asyncio.Queue[dict[str, Any]]
    ended: asyncio.Queue[int | None]

    async def end(self, code: int) -> None:
        """Close the newest connection."""
        await self.sockets[-1].close(code)


async def silent(socket: ServerConnection) -> None:
    """Say nothing."""


async def strange(socket: ServerConnection) -> None:
    """Say what no client knows, then an event with what none knows."""
    await socket.send(json.dumps({"type": "weather", "data": {"wind": 3}, "request_id": 7}))
    await socket.send(json.dumps({"type": "mood"}))
    event = {"version": "1.0", "seq": 1, "timestamp": 0, "type": "lamp_dimmed", "data": {}, "x": 1}
    await socket.send(json.dumps(event))


@asynccontextmanager
async def hosting(play: Any, *sessions: dict[str, Any]) -> AsyncIterator[Host]:
    """Yield a server that authenticates everybody, plays something and keeps what it gets.

    `sessions` says what it states one connection after another; the last holds from then on.
    """
    sockets: list[ServerConnection] = []
    got, ended = asyncio.Queue[Any](), asyncio.Queue[int | None]()

    async def talk(socket: ServerConnection) -> None:
        assert socket.subprotocol == "coda.v1"
        sockets.append(socket)
        challenge = {"methods": ["challenge_token"], "token": "t", "message": "Echo"}
        await socket.send(json.dumps({"type": "auth_challenge", "data": challenge}))
        response = json.loads(await socket.recv())
        assert STORE.is_valid("auth_response", response)
        session = {"session": sessions[: len(sockets)][-1]} if sessions else {}
        data = {"success": True, "client_id": "c", **session}
        await socket.send(json.dumps({"type": "auth_result", "data": data}))
        await play(socket)
        async for text in socket:
            got.put_nowait(json.loads(text))
        ended.put_nowait(socket.close_code)

    async with serve(talk, "127.0.0.1", 0, subprotocols=["coda.v1"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        yield Host(f"ws://127.0.0.1:{port}/", sockets, got, ended)


def event_of(seq: int) -> str:
    """An event, as text."""
    common = {"version": "1.0", "timestamp": 0, "type": "lamp_dimmed", "data": {}}
    return json.dumps({**common, "seq": seq})


def saying(*texts: str | bytes) -> Any:
    """What says these texts in each session."""

    async def play(socket: ServerConnection) -> None:
        for text in texts:
            await socket.send(text)

    return play
