"""Listens for the connections of a client, on a port of the loopback interface."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from conformance.transport.accepted import Accepted
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

    `changed` is called when one arrives, sends something or ends.
    """

    def __init__(self, watcher: Watcher, longest: int, changed: Callable[[], None]) -> None:
        self._watcher = watcher
        self._longest = longest
        self._changed = changed
        self._port = 0
        self._server: asyncio.Server | None = None
        self._waiting: deque[Accepted] = deque()

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
            if not self._server.sockets:
                self.stop()
                raise Unreachable("cannot listen: the system has no more sockets for the kit")
            self._port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Refuse connections from now on, as a server that is down; those that exist stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _arriving(self) -> asyncio.Protocol:
        self._forget_probes()
        if len(self._waiting) >= MOST_WAITING:
            return _Unwanted()
        connection = Accepted(self._watcher, self._longest, self._changed)
        self._waiting.append(connection)
        self._changed()
        return connection

    @property
    def first(self) -> Accepted | None:
        """The first waiting connection whose request is complete, or never will be.

        A client may open others beforehand or beside it, and end them without a byte.
        """
        self._forget_probes()
        return next((row for row in self._waiting if row.is_answered), None)

    async def take(self) -> Accepted:
        """Remove the first connection, and return it; raise an error of the kit on it."""
        connection = self.first
        assert connection is not None
        self._waiting.remove(connection)
        await connection.requested(0.0)
        return connection

    def _forget_probes(self) -> None:
        """Forget the connections that ended without a byte."""
        if any(row.is_probe for row in self._waiting):
            self._waiting = deque(row for row in self._waiting if not row.is_probe)

    @property
    def waiting(self) -> tuple[Accepted, ...]:
        """The connections that wait to be accepted."""
        return tuple(self._waiting)

    def close(self) -> None:
        """Stop listening, and reset what was never accepted."""
        self.stop()
        while self._waiting:
            self._waiting.popleft().leave()
