"""A relay of messages before a server, which may change what the server says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Data

from tests.support.sockets import deafen

Meddle = Callable[[str], Awaitable[str | None]]
"""What becomes of a text message of the server's; None: it is lost."""

Overtaken = Callable[[str], float]
"""Seconds by which a text message of the server's comes behind those that follow it."""


@dataclass(slots=True)
class Meddler:
    """The URL to dial; `stop` ends every connection and takes no more."""

    url: str
    server: Server

    async def die(self) -> None:
        """End everything at once and without a word, as a process does that is killed."""
        await deafen(self.server.sockets)
        for connection in self.server.connections:
            connection.transport.abort()
        await self.stop()

    async def stop(self) -> None:
        """End everything, as a server does that is switched off."""
        await deafen(self.server.sockets)
        self.server.close()
        await self.server.wait_closed()


@asynccontextmanager
async def meddling(
    url: str,
    meddle: Meddle,
    is_full: Callable[[int], bool] = lambda number: False,
    overtaken: Overtaken = lambda text: 0.0,
    beside: Callable[[ServerConnection], Awaitable[None]] | None = None,
) -> AsyncIterator[Meddler]:
    """Yield a relay on a free port of loopback before the server at a URL.

    Handshakes whose number, from 1, it is full for get HTTP 503; what is `overtaken` comes so many
    seconds later, and holds up nothing behind it. `beside` is done on every connection meanwhile.
    """
    numbers = count(1)

    def admit(near: ServerConnection, request: Request) -> Response | None:
        full = is_full(next(numbers))
        return near.respond(HTTPStatus.SERVICE_UNAVAILABLE, "full\n") if full else None

    async def talk(near: ServerConnection) -> None:
        async with connect(url, compression=None, proxy=None) as far:
            directions = (
                asyncio.create_task(_pump(near, far, as_it_is)),
                asyncio.create_task(_pump(far, near, meddle, overtaken)),
                *([asyncio.ensure_future(beside(near))] if beside else []),
            )
            try:
                await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in directions:
                    task.cancel()
                await asyncio.gather(*directions, return_exceptions=True)
            await _close_like(far, near)

    async with serve(talk, "127.0.0.1", 0, compression=None, process_request=admit) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        meddler = Meddler(f"ws://127.0.0.1:{port}/", server)
        try:
            yield meddler
        finally:
            await meddler.stop()


def breaking(kind: str, wrong: Callable[[int], bool], instead: str = "internal_error") -> Meddle:
    """What breaks some answers with a certain error code: those whose number, from 1, is wrong."""
    numbers = count(1)

    async def meddle(text: str) -> str | None:
        if f'"{kind}"' in text and wrong(next(numbers)):
            return text.replace(f'"{kind}"', f'"{instead}"')
        return text

    return meddle


async def as_it_is(text: str) -> str | None:
    """Leaves what the server says as it is."""
    return text


Side = ClientConnection | ServerConnection


async def _pump(
    source: Side, sink: Side, meddle: Meddle, overtaken: Overtaken = lambda text: 0.0
) -> None:
    """Carries messages until the source ends, and its close code to the sink."""
    with suppress(ConnectionClosed):
        async with asyncio.TaskGroup() as later:
            async for message in source:
                passed_on = await meddle(message) if isinstance(message, str) else message
                seconds = overtaken(passed_on) if isinstance(passed_on, str) else 0.0
                if seconds:
                    later.create_task(_late(sink, passed_on, seconds))
                elif passed_on is not None:
                    await sink.send(passed_on)
    await _close_like(source, sink)


async def _close_like(source: Side, sink: Side) -> None:
    """Closes one side with the code of the other, where that was closed with one."""
    if source.close_code not in (None, 1005, 1006):
        await sink.close(source.close_code or 1000, source.close_reason or "")


async def _late(sink: Side, message: Data | None, seconds: float) -> None:
    with suppress(ConnectionClosed):
        await asyncio.sleep(seconds)
        await sink.send(message or "")
