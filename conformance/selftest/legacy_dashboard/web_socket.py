"""A WebSocket as a page in a browser has it."""

import asyncio
from collections.abc import Callable
from enum import Enum

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.protocol import State as Phase


class State(Enum):
    """The ready states of a page's WebSocket."""

    CONNECTING = 0
    OPEN = 1
    CLOSING = 2
    CLOSED = 3


class _Connect(connect):
    """A connection that answers for itself: a browser follows no redirect."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocket:
    """Connects at once; like a browser, it sends no pings and waits as long as the other side does.

    `on_close` is told whether both sides sent a close frame.
    """

    def __init__(
        self,
        url: str,
        on_open: Callable[[], None],
        on_message: Callable[[str | bytes], None],
        on_close: Callable[[bool], None],
    ) -> None:
        self.state = State.CONNECTING
        self._url = url
        self._on_open, self._on_message, self._on_close = on_open, on_message, on_close
        self._outgoing: asyncio.Queue[str | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._live())

    def send(self, text: str) -> None:
        """Send a message; once either side is closing, nothing happens."""
        if self.state is State.OPEN:
            self._outgoing.put_nowait(text)

    def close(self) -> None:
        """Send a close frame without a code, or give up an attempt to connect."""
        if self.state is State.CONNECTING:
            self._task.cancel()
        elif self.state is State.OPEN:
            self._outgoing.put_nowait(None)
        else:
            return
        self.state = State.CLOSING

    async def ended(self) -> None:
        """Wait until `on_close` has been told."""
        await asyncio.wait([self._task])

    async def _live(self) -> None:
        clean = False
        try:
            clean = await self._talk()
        except (OSError, WebSocketException, asyncio.CancelledError):
            pass  # no connection came about: a page learns no more than that
        finally:
            self.state = State.CLOSED
            self._on_close(clean)

    async def _talk(self) -> bool:
        """Exchange messages to the end; return whether it was clean."""
        connecting = _Connect(
            self._url,
            proxy=None,
            max_size=None,
            open_timeout=None,
            ping_interval=None,
            close_timeout=None,
        )
        async with connecting as connection:
            self.state = State.OPEN
            self._on_open()
            writer = asyncio.create_task(self._write(connection))
            try:
                async for message in connection:
                    if self.state is State.OPEN:
                        self._on_message(message)
            except ConnectionClosed:
                pass
            finally:
                writer.cancel()
        protocol = connection.protocol
        was_asked = bool(protocol.close_rcvd_then_sent) or self.state is State.CLOSING
        return protocol.state is Phase.CLOSED and protocol.close_rcvd is not None and was_asked

    async def _write(self, connection: ClientConnection) -> None:
        try:
            while (text := await self._outgoing.get()) is not None:
                await connection.send(text)
            await connection.close(None)  # type: ignore[arg-type] # as close() without arguments
        except ConnectionClosed:
            pass  # the reader sees to it
