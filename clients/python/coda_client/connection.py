"""Connection: one WebSocket connection, from the attempt to open it to its end."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    WebSocketException,
)
from websockets.typing import Subprotocol

from coda_client import ends
from coda_client.audience import dialled
from coda_client.ends import End
from coda_client.members import shown

__all__ = ["Connection"]

LONGEST: Final = 16 * 1024 * 1024
CLOSES_WITHIN: Final = 2.0

_LOGGER: Final = logging.getLogger("coda_client.websocket")
_LOGGER.setLevel(logging.WARNING)  # CLIENT-18: at DEBUG, the library logs whole messages


class _Opening(connect):
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc  # CLIENT-10


class _Heard(ClientConnection):
    """A connection that tells of every byte that arrives."""

    on_bytes: Callable[[], None] = staticmethod(lambda: None)

    def data_received(self, data: bytes) -> None:
        self.on_bytes()  # CLIENT-85
        super().data_received(data)


class Connection:
    """Reads and writes until it ends; `take` returns the next message to send, or None."""

    def __init__(
        self,
        url: str,
        received: Callable[[str | bytes], None],
        heard: Callable[[], None],
        take: Callable[[], str | bytes | None],
    ) -> None:
        self._url = url
        self._received, self._heard, self._take = received, heard, take
        self._wanted = asyncio.Event()
        self._leaving = asyncio.Event()
        self._abrupt = False

    def write(self) -> None:
        """There may be something to send."""
        self._wanted.set()

    def close(self) -> None:
        """Close with code 1000, or give up the attempt."""
        self._leaving.set()

    def drop(self) -> None:
        """Let go of the connection."""
        self._abrupt = True
        self._leaving.set()

    async def run(self) -> End:
        """Open the connection and use it; returns how it ended, and raises nothing."""
        opening = asyncio.ensure_future(self._open())
        leaving = asyncio.ensure_future(self._leaving.wait())
        try:
            await asyncio.wait({opening, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                return ends.UNREACHABLE
            socket = opening.result()
            return socket if isinstance(socket, End) else await self._use(socket, leaving)
        finally:
            opening.cancel()
            leaving.cancel()
            await asyncio.gather(opening, leaving, return_exceptions=True)

    async def _open(self) -> _Heard | End:
        try:
            socket = await _Opening(
                dialled(self._url),  # CLIENT-04
                subprotocols=[Subprotocol("coda.v1")],  # CLIENT-09, CLIENT-17
                compression=None,  # a secret is never compressed next to what others chose
                proxy=None,
                open_timeout=None,
                ping_interval=None,
                close_timeout=CLOSES_WITHIN,
                max_size=LONGEST,  # CLIENT-28
                logger=_LOGGER,  # CLIENT-86 is kept by websockets
                create_connection=_Heard,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            return replace(ends.by_status(status), detail=f"HTTP status {status}")
        except (OSError, WebSocketException, EOFError, ValueError) as error:
            return replace(ends.UNREACHABLE, detail=shown(f"{type(error).__name__}: {error}"))
        assert isinstance(socket, _Heard)
        socket.on_bytes = self._heard
        return socket

    async def _use(self, socket: _Heard, leaving: "asyncio.Future[Any]") -> End:
        """Read from the very first message on (CLIENT-01), and write what there is."""
        reading = asyncio.ensure_future(self._read(socket))
        writing = asyncio.ensure_future(self._write(socket))
        try:
            await asyncio.wait({reading, writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
                await asyncio.wait({reading, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if self._abrupt:
                socket.transport.abort()
            elif not reading.done():
                await socket.close()  # CLIENT-71
            return await reading
        finally:
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)
            socket.transport.abort()

    async def _read(self, socket: ClientConnection) -> End:
        try:
            while True:
                self._received(await socket.recv())
        except ConnectionClosed as closed:
            return _end(closed)

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                self._wanted.clear()
                while (message := self._take()) is not None:
                    if isinstance(message, bytes):  # PING_FRAME
                        await socket.ping()
                    else:
                        await socket.send(message)
                await self._wanted.wait()
        except ConnectionClosed:
            return  # the reader tells how


def _end(closed: ConnectionClosed) -> End:
    """The end by the server's own close frame; one that repeats the client's is none."""
    theirs, ours = closed.rcvd, closed.sent
    is_answer = ours is not None and not closed.rcvd_then_sent
    if theirs is None or (is_answer and ours is not None and theirs.code == ours.code):
        return ends.LOST
    end = ends.by_close_code(None if theirs.code == 1005 else theirs.code)
    return replace(end, detail=f"close code {theirs.code} {shown(theirs.reason)}")
