"""Server: the protocol on an address, on aiohttp."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from reference_server import notices
from reference_server.access_tokens import AccessTokens
from reference_server.authentication import Challenge
from reference_server.clock import Clock
from reference_server.codes import CloseCode
from reference_server.connection import Connection
from reference_server.entrance import Entrance
from reference_server.events import EventStream
from reference_server.frames import text_frame
from reference_server.handshake import Handshake, Refusal, own_audiences
from reference_server.limits import Admission, Ticket
from reference_server.logs import sparse_logger
from reference_server.pages import HEADERS, find_page
from reference_server.session import Session
from reference_server.settings import HMAC_SHA256, Settings
from reference_server.shared import Shared
from reference_server.token_store import TokenStore
from reference_server.turns import Turns

__all__ = ["ReferenceServer"]

_http_logger = sparse_logger("reference_server.http")
# How often, in seconds, to look for other processes' changes to the token store.
_WATCH = 0.5


class ReferenceServer:
    """A server of every profile but cluster: WebSocket at ``/``, its health at ``/healthz``.

    Who asks for ``/`` without asking for a WebSocket gets the dashboard, unless it is turned off.
    Use it as an asynchronous context manager, or call ``start`` and ``stop``. ``clock`` gives
    monotonic seconds for windows, ``wall_clock`` gives Unix time for timestamps and expiry.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings or Settings()
        self.clock = Clock(clock, wall_clock)
        self._stream = self._new_stream()
        self._admission = Admission(
            self.settings.max_pending, self.settings.max_pending_per_address
        )
        self._sessions: set[Session] = set()
        self._turns = Turns()
        self._tokens: AccessTokens | None = None
        self._watcher: asyncio.TimerHandle | None = None
        self._runner: web.ServerRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread_id = 0

    async def start(self) -> None:
        """Listen; raise ``OSError`` if the address or the token store is not available."""
        self._loop, self._thread_id = asyncio.get_running_loop(), threading.get_ident()
        if HMAC_SHA256 in self.settings.offered_methods:
            self._tokens = self._open_tokens()
        try:
            await self._listen(self.settings.port)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop listening, close every connection and wait for their ends; bounded in time."""
        await self._hang_up()
        if self._watcher is not None:
            self._watcher.cancel()
        if self._tokens is not None:
            self._tokens.close()
        self._tokens = self._loop = self._watcher = None

    async def restart(self) -> None:
        """Close every connection, forget all but the access tokens, and listen again (REPLAY-10).

        The address and the clock stay as they are. Raises ``OSError`` if the address is lost.
        """
        port = self.port
        await self._hang_up()
        # REPLAY-10: a server that starts anew MUST begin a new epoch.
        self._stream = self._new_stream()
        await self._listen(port)

    @property
    def port(self) -> int:
        """The TCP port that the server listens on."""
        if self._runner is None or not self._runner.addresses:
            raise RuntimeError("the server is not running")
        return int(self._runner.addresses[0][1])

    @property
    def url(self) -> str:
        """The WebSocket address to connect to."""
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"ws://{host}:{self.port}/"

    @property
    def epoch(self) -> str:
        """The name of the current series of event numbers."""
        return self._stream.epoch

    def push_event(
        self, event_type: str, data: Mapping[str, Any], priority: str | None = None
    ) -> int:
        """Send an event to all clients and return its number; may be called in any thread.

        Raises ``ValueError`` or ``TypeError`` if ``data`` is not a JSON object, or too long.
        """
        return self._stream.push_event(event_type, data, priority)

    def issue_token(self, identity: str, ttl: float | None = None) -> str:
        """Return the text of a new access token, valid for ``ttl`` seconds.

        Raises ``ValueError`` for values that no token can have, ``TokensFullError`` without room,
        and ``RuntimeError`` when the server does not run or has no tokens.
        """
        if self._tokens is None:
            raise RuntimeError("the server has no access tokens")
        return self._tokens.issue(identity, ttl)

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

    def _new_stream(self) -> EventStream:
        """Begin an epoch."""
        return EventStream(
            self._wake,
            replay_limit=self.settings.replay_limit,
            retains_all="replay" in self.settings.offered_features,
            max_message_bytes=self.settings.max_message_bytes,
            frame=text_frame,
            clock=self.clock.time,
        )

    def _open_tokens(self) -> AccessTokens:
        """Open the store of access tokens and watch it for changes by other processes."""
        path = self.settings.token_store
        tokens = AccessTokens(
            TokenStore(None if path is None else Path(path)),
            clock=self.clock.time,
            lifetime=self.settings.token_lifetime,
            max_tokens=self.settings.max_live_tokens,
        )
        if path is not None:
            self._watch_tokens(tokens, tokens.version())
        return tokens

    def _watch_tokens(self, tokens: AccessTokens, seen: int) -> None:
        """Close the sessions of lines that another process has revoked (TOKEN-07)."""
        version = tokens.version()
        loop = asyncio.get_running_loop()
        self._watcher = loop.call_later(_WATCH, self._watch_tokens, tokens, version)
        if version != seen:
            for line_id in {session.line_id for session in self._sessions}:
                if line_id is not None and tokens.is_revoked(line_id):
                    self._end_line(line_id)

    async def _listen(self, port: int) -> None:
        """Start accepting connections, without any memory of earlier ones."""
        self._entrance = Entrance(
            self._answer,
            access_log=None,
            logger=_http_logger,
            keepalive_timeout=self.settings.http_idle_timeout,
        )
        self._runner = web.ServerRunner(
            self._entrance, shutdown_timeout=self.settings.close_timeout
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self.settings.host, port).start()
        names = self.settings.server_names
        audiences = self.settings.audience
        if audiences is None:
            audiences = own_audiences(names, self.port)
        self._shared = Shared(self.settings, self.clock, self._tokens, frozenset(audiences))
        self._handshake = Handshake(names, self.port, self.settings.allowed_origins)

    async def _hang_up(self) -> None:
        """Stop listening and close every connection."""
        if self._runner is None:
            return
        # A connection that is just being opened finds no runner and is closed like the others.
        runner, self._runner = self._runner, None
        for site in list(runner.sites):
            await site.stop()
        # ERROR-09: A server that shuts down MUST close every connection with close code 1001.
        for session in list(self._sessions):
            session.close(CloseCode.GOING_AWAY)
        await asyncio.gather(*(session.done for session in self._sessions))
        await runner.cleanup()

    def _end_line(self, line_id: str) -> None:
        """Close every session of a line of access tokens (TOKEN-07)."""
        for session in list(self._sessions):
            session.revoke(line_id)

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

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer the one request of a connection."""
        answer = _ANSWERS.get(request.path)
        page = self._page(request)
        if page is not None:
            page.force_close()
            return page
        if answer is None:
            response: web.StreamResponse = web.Response(status=404, text="Not found")
        elif request.method != "GET":
            response = web.Response(status=405, text="Use GET", headers={"Allow": "GET"})
        else:
            response = await answer(self, request)
        # Several requests on one connection would keep others waiting.
        response.force_close()
        if isinstance(response, web.Response):
            refused = request.headers.getall
            notices.refused(response.status, response.text or "", lambda name: refused(name, ()))
        return response

    async def _show_health(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer that the server is alive."""
        return web.json_response({"status": "ok", "protocol_version": "1.0"})

    def _page(self, request: web.BaseRequest) -> web.StreamResponse | None:
        """Return a file of the dashboard, if that is what a request is for."""
        if self.settings.no_dashboard or request.method != "GET":
            return None
        found = find_page(
            request.raw_path.partition("?")[0],
            lambda name: request.headers.getall(name, ()),
            self.settings.server_names,
        )
        if found is None:
            return None
        return web.Response(
            body=found.body, content_type=found.media_type, charset="utf-8", headers=HEADERS
        )

    async def _open(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a handshake, and wait for the end of the connection that it opens."""
        refusal = self._refusal(request)
        if refusal is not None:
            asked = {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
            headers = asked if refusal.status == 426 else {}
            return web.Response(status=refusal.status, text=refusal.reason, headers=headers)
        # LIMIT-09: admit 32 connections that are not authenticated yet, and refuse those beyond
        # its own limit.
        ticket = self._admission.enter(request.remote or "")
        try:
            return await self._serve(request, ticket)
        finally:
            ticket.give_back()

    async def _serve(self, request: web.BaseRequest, ticket: Ticket) -> web.StreamResponse:
        """Upgrade a connection, and wait for its end."""
        answer = self._handshake.answer(lambda name: request.headers.getall(name, ()))
        response = web.StreamResponse(status=101, headers=answer)
        await response.prepare(request)
        transport = request.transport
        if transport is None:
            return response
        self._entrance.let_in(request.protocol)
        connection = Connection(self._shared, Challenge())
        session = Session(
            *(request.protocol, transport, connection, self._stream, self._shared),
            *(self._turns, ticket, self._end_line),
        )
        self._sessions.add(session)
        try:
            session.start()
            if self._runner is None:
                session.close(CloseCode.GOING_AWAY)
            await session.done
        finally:
            self._sessions.discard(session)
        return response

    def _refusal(self, request: web.BaseRequest) -> Refusal | None:
        """Return why a request does not get a connection, or None."""
        refusal = self._handshake.refusal(
            lambda name: request.headers.getall(name, ()),
            target=request.raw_path,
            version=request.version,
        )
        if refusal is None and self._is_full_for(request.remote or ""):
            return Refusal(503, "There are too many connections")
        return refusal

    def _is_full_for(self, address: str) -> bool:
        """Say whether no more connections are possible, in total or from an address."""
        is_full = len(self._sessions) >= self.settings.max_connections
        return is_full or self._admission.is_full_for(address) or self._shared.resumption.is_full()


_ANSWERS: dict[str, Callable[[ReferenceServer, web.BaseRequest], Awaitable[web.StreamResponse]]] = {
    "/": ReferenceServer._open,
    "/healthz": ReferenceServer._show_health,
}
