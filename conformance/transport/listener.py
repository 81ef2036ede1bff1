"""Listens for the connections of a client, on a port of the loopback interface."""

import asyncio
from collections import deque
from time import perf_counter
from typing import Final, cast

from conformance.transport.accepted import Accepted
from conformance.transport.arrivals import Arrivals
from conformance.transport.handshake import Unreachable
from conformance.transport.outgoing import Watcher

LOOPBACK: Final = "127.0.0.1"

MOST_WAITING: Final = 100
"""Connections that may wait to be accepted; any more are reset."""


class _Unwanted(asyncio.Protocol):
    """A connection that is reset at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Reset it."""
        cast(asyncio.Transport, transport).abort()


class Listener:
    """Takes every connection that a client opens while it listens, in their order.

    `dials` are the moments of `perf_counter` at which each of them came.
    """

    def __init__(self, watcher: Watcher, longest: int) -> None:
        self._watcher = watcher
        self._longest = longest
        self._port = 0
        self._server: asyncio.Server | None = None
        self._waiting: deque[Accepted] = deque()
        self._arrivals = Arrivals()
        self.dials: deque[float] = deque(maxlen=10 * MOST_WAITING)

    def url(self, form: str = "") -> str:
        """The address for the client in some form, in which `{port}` is replaced."""
        return (form or f"ws://{LOOPBACK}:{{port}}/").replace("{port}", str(self._port))

    async def listen(self, port: int = 0) -> None:
        """Listen on a port, by default a free one or that of before.

        Raises `Unreachable` if another program does.
        """
        if self._server is None:
            loop = asyncio.get_running_loop()
            try:
                self._server = await loop.create_server(
                    self._arriving, LOOPBACK, port or self._port, reuse_address=True
                )
            except OSError as error:
                raise Unreachable(f"cannot listen at port {port}: {error.strerror}") from None
            self._port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Refuse connections from now on, as a server that is down; those that exist stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _arriving(self) -> asyncio.Protocol:
        self.dials.append(perf_counter())
        if len(self._waiting) >= MOST_WAITING:
            return _Unwanted()
        connection = Accepted(self._watcher, self._longest)
        self._waiting.append(connection)
        self._arrivals.notify()
        return connection

    async def next(self, timeout: float) -> Accepted:
        """Return the next connection whose request is complete; raise `TimeoutError`."""
        deadline = perf_counter() + timeout
        await self._arrivals.until(lambda: bool(self._waiting), timeout)
        connection = self._waiting.popleft()
        await connection.requested(max(0.0, deadline - perf_counter()))
        return connection

    @property
    def waiting(self) -> tuple[Accepted, ...]:
        """The connections that wait to be accepted."""
        return tuple(self._waiting)

    def close(self) -> None:
        """Stop listening, and reset what was never accepted."""
        self.stop()
        while self._waiting:
            self._waiting.popleft().leave()
