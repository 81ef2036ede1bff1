"""Server: the protocol on an address, on aiohttp."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from reference_server.authentication import Challenge
from reference_server.codes import CloseCode
from reference_server.connection import Connection
from reference_server.deduplication import MessageDeduplicator
from reference_server.events import EventStream
from reference_server.frames import text_frame
from reference_server.handshake import Handshake, Refusal
from reference_server.session import Session
from reference_server.settings import Settings

__all__ = ["ReferenceServer"]

_http_logger = logging.getLogger("reference_server.http")


def _leave_out_details(record: logging.LogRecord) -> bool:
    """Keep the kind of an HTTP fault and not its text, which quotes what a stranger sent."""
    if record.exc_info and record.exc_info[0]:
        record.msg = f"{record.msg}: {record.exc_info[0].__name__}"
    record.exc_info = record.exc_text = None
    return True


_http_logger.addFilter(_leave_out_details)


class ReferenceServer:
    """A server of the profiles core and compat: WebSocket at ``/``, its health at ``/healthz``.

    Use it as an asynchronous context manager, or call ``start`` and ``stop``. ``clock`` gives
    monotonic seconds for windows, ``wall_clock`` gives Unix time for timestamps.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or Settings()
        self._deduplicator = MessageDeduplicator(
            dedup_window=self.settings.dedup_window,
            id_window=self.settings.id_window,
            identity_bound=self.settings.dedup_identity_bound,
            total_bound=self.settings.dedup_total_bound,
            clock=clock,
        )
        self._stream = EventStream(
            self._wake,
            replay_limit=self.settings.replay_limit,
            max_replay_bytes=self.settings.max_message_bytes,
            frame=text_frame,
            clock=wall_clock,
        )
        self._sessions: set[Session] = set()
        self._runner: web.AppRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_id = 0

    async def start(self) -> None:
        """Listen; raises ``OSError`` when the address cannot be had."""
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        app = web.Application()
        app.router.add_get("/", self._open)
        app.router.add_get("/healthz", self._show_health)
        self._runner = web.AppRunner(
            app,
            handle_signals=False,
            access_log=None,
            logger=_http_logger,
            keepalive_timeout=self.settings.http_idle_timeout,
            shutdown_timeout=self.settings.close_timeout,
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self.settings.host, self.settings.port).start()
        except OSError:
            await self.stop()
            raise
        names = self.settings.server_names
        self._handshake = Handshake(names, self.port, self.settings.allowed_origins)

    async def stop(self) -> None:
        """Stop listening, close every connection and wait for their ends; bounded in time."""
        if self._runner is None:
            return
        # A connection that is being opened finds no runner and is closed like the others.
        runner, self._runner = self._runner, None
        for site in list(runner.sites):
            await site.stop()
        # ERROR-09: A server that shuts down MUST close every connection with close code 1001.
        for session in list(self._sessions):
            session.close(CloseCode.GOING_AWAY)
        await asyncio.gather(*(session.done for session in self._sessions))
        await runner.cleanup()
        self._loop = None

    @property
    def port(self) -> int:
        """The TCP port that is listened on."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the server is not running")
        return int(self._runner.addresses[0][1])

    @property
    def url(self) -> str:
        """The WebSocket address to connect to."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"ws://{host}:{self.port}/"

    def push_event(
        self, event_type: str, data: Mapping[str, Any], priority: str | None = None
    ) -> int:
        """Send an event to all clients and return its number; may be called in any thread.

        Raises ``ValueError`` or ``TypeError`` when ``data`` is no JSON object.
        """
        return self._stream.push_event(event_type, data, priority)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _wake(self) -> None:
        """Have the waiting events written at the end of this turn of the event loop.

        Whatever else happens in this turn goes out with them in one piece.
        """
        loop = self._loop
        if loop is None:
            self._stream.flush()
        elif threading.get_ident() == self._thread_id:
            loop.call_soon(self._stream.flush)
        else:
            loop.call_soon_threadsafe(self._stream.flush)

    async def _show_health(self, request: web.Request) -> web.Response:
        """Answer that the server is alive."""
        return web.json_response({"status": "ok", "protocol_version": "1.0"})

    async def _open(self, request: web.Request) -> web.StreamResponse:
        """Answer a handshake, and wait for the end of the connection it opens."""
        refusal = self._refusal(request)
        if refusal is not None:
            headers = {"Upgrade": "websocket"} if refusal.status == 426 else {}
            return web.Response(status=refusal.status, text=refusal.reason, headers=headers)
        answer = self._handshake.answer(lambda name: request.headers.getall(name, ()))
        response = web.StreamResponse(status=101, headers=answer)
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            return response
        challenge = Challenge()
        connection = Connection(self.settings, challenge, self._deduplicator)
        session = Session(request.protocol, transport, connection, self._stream, self.settings)
        self._sessions.add(session)
        try:
            session.start()
            if self._runner is None:
                session.close(CloseCode.GOING_AWAY)
            await session.done
        finally:
            self._sessions.discard(session)
        return response

    def _refusal(self, request: web.Request) -> Refusal | None:
        """Return why a request does not get a connection, or None."""
        refusal = self._handshake.refusal(lambda name: request.headers.getall(name, ()))
        if refusal is None and len(self._sessions) >= self.settings.max_connections:
            return Refusal(503, "There are too many connections")
        return refusal
