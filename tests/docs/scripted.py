"""A server that plays what a test says, to see what the clients to copy make of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.server import ServerConnection, serve

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from tests.support.sockets import listening, url_of

STORE = SchemaStore(locations.schema_root())


class Host(NamedTuple):
    """A server that does as it is told: its address, what it got, and its connections' ends."""

    url: str
    sockets: list[ServerConnection]
    opened: asyncio.Queue[float]
    got: asyncio.Queue[dict[str, Any]]
    ended: asyncio.Queue[int | None]
    is_refusing: asyncio.Event

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
    opened, got, ended = asyncio.Queue[float](), asyncio.Queue[Any](), asyncio.Queue[int | None]()
    is_refusing = asyncio.Event()

    async def talk(socket: ServerConnection) -> None:
        assert socket.subprotocol == "coda.v1"
        sockets.append(socket)
        opened.put_nowait(time.monotonic())
        if is_refusing.is_set():
            return
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
        yield Host(f"ws://127.0.0.1:{port}/", sockets, opened, got, ended, is_refusing)


def event_of(seq: int) -> str:
    """An event, as text."""
    common = {"version": "1.0", "timestamp": 0, "type": "lamp_dimmed", "data": {}}
    return json.dumps({**common, "seq": seq})


def saying(*texts: str) -> Any:
    """What says these texts in each session."""

    async def play(socket: ServerConnection) -> None:
        for text in texts:
            await socket.send(text)

    return play


class Line(NamedTuple):
    """A line to a server that can be cut."""

    url: str
    writers: set[asyncio.StreamWriter]

    def cut(self) -> None:
        """End all connections without a close frame."""
        for writer in self.writers:
            writer.transport.abort()


@asynccontextmanager
async def line_to(url: str) -> AsyncIterator[Line]:
    target, writers = urlsplit(url), set[asyncio.StreamWriter]()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        while data := await reader.read(1 << 16):
            writer.write(data)
        writer.transport.abort()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection(target.hostname, target.port)
        try:
            await asyncio.gather(pump(reader, ahead), pump(behind, writer), return_exceptions=True)
        finally:
            ahead.transport.abort()

    async with listening(talk) as server:
        yield Line(url_of(server), writers)
