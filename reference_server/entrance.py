"""Entrance: where TCP connections arrive and make one HTTP request each, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from reference_server import notices

__all__ = ["Entrance"]

# A browser's handshake is shorter than 1 KiB, and its cookies are shorter than 8 KiB.
_REQUEST_BYTES = 1 << 15
_TOO_LARGE = b"HTTP/1.1 431 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
# Connections that have not made their request: more than any system accepts in one go.
_MOST_WAITING = 1024


class Entrance(web.Server):
    """Serves one request per connection, of bounded length, and bounds how many may wait.

    A handshake takes milliseconds, so whoever has waited longest makes room for newcomers.
    """

    def __init__(
        self, handle: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], **options: Any
    ) -> None:
        super().__init__(handle, **options)
        self._options = options
        self._waiting: dict[asyncio.BaseProtocol, asyncio.Transport] = {}

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection."""
        return _Visitor(self, loop=asyncio.get_running_loop(), **self._options)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Let a connection wait for its request."""
        super().connection_made(handler, transport)
        self._waiting[handler] = transport
        if len(self._waiting) > _MOST_WAITING:
            oldest = next(iter(self._waiting))
            self._waiting.pop(oldest).abort()
            notices.crowded_out(_MOST_WAITING)

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        """Note that a connection is gone."""
        self.let_in(handler)
        super().connection_lost(handler, exc)

    def let_in(self, handler: asyncio.BaseProtocol) -> None:
        """Stop counting a connection as waiting: its handshake is done."""
        self._waiting.pop(handler, None)


class _Visitor(web.RequestHandler):
    """A connection that has yet to make its request."""

    __slots__ = ("_received",)

    def __init__(self, entrance: Entrance, **options: Any) -> None:
        super().__init__(entrance, **options)
        self._received = 0

    def data_received(self, data: bytes) -> None:
        """Read the request, or refuse one that is too long."""
        self._received += len(data)
        if self._received <= _REQUEST_BYTES:
            super().data_received(data)
        elif self.transport is not None and not self.transport.is_closing():
            notices.refused(431, f"The request is longer than {_REQUEST_BYTES} bytes")
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a request that cannot be read, or one on which the server failed."""
        if isinstance(exc, HttpProcessingError):
            notices.refused(400, "The request is not HTTP; does the client dial wss://?")
        return super().handle_error(request, status, exc, message)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Log a fault of the server's own; of any other there is a notice."""
        if not isinstance(kw.get("exc_info"), HttpProcessingError):
            super().log_exception(*args, **kw)
