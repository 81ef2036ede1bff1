"""The server: carries messages between sockets and sessions."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import MultipleValuesError
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from conformance.selftest.legacy.messages import Message, auth_failure
from conformance.selftest.legacy.session import Outcome, Session, Shared
from conformance.selftest.legacy.settings import Settings

SUBPROTOCOL = Subprotocol("coda.v1")
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
CLOSE_SECONDS = 2.0


class LegacyServer:
    """Serves the protocol like the original; `clock` returns seconds and never goes back."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._shared = Shared(settings)
        self._members: set[ServerConnection] = set()
        self._names = LOOPBACK_NAMES | {settings.host.lower()}

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[Server]:
        """Listen while the context is open; leaving it closes every connection with 1001."""
        async with serve(
            self._handle,
            self._settings.host,
            self._settings.port,
            # FAULT any-origin: ORIGIN-01 asks for an allow-list here.
            origins=None,
            process_request=self._check_host,
            select_subprotocol=_select_subprotocol,
            compression=None,
            max_size=self._settings.max_message_bytes,
            # A session never waits, so nothing queues up, and frames sent after a close are read.
            max_queue=None,
            # FAULT any-length-form: TRANSPORT-26 asks for an end of the connection, and the library
            # takes every form.
            # FAULT close-between-fragments: TRANSPORT-10 asks for the client's code, 1000 or none,
            # and the library answers with 1002.
            # FAULT pong-behind-close: TRANSPORT-19 asks for nothing there, and the library answers
            # every ping.
            # The library ends a connection that answers no pings with 1011, which is none of the
            # protocol's close codes.
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            create_connection=_BoundedConnection,
        ) as server:
            yield server

    def _check_host(self, connection: ServerConnection, request: Request) -> Response | None:
        # ORIGIN-03: A server MUST refuse a handshake whose Host names none of its own names.
        if _host_name(request) in self._names:
            return None
        return connection.respond(403, "This server does not have that name.\n")

    async def _handle(self, connection: ServerConnection) -> None:
        session = Session(self._shared)
        self._send(connection, _encode(session.challenge(self._clock())))
        try:
            code = await self._authenticate(connection, session)
            if code is not None:
                await connection.close(code)
                return
            while True:
                self._deliver(connection, session, await connection.recv())
        except ConnectionClosed:
            pass
        finally:
            self._members.discard(connection)

    async def _authenticate(self, connection: ServerConnection, session: Session) -> int | None:
        """Return None once the session is authenticated, or the close code if it is not to be."""
        try:
            async with asyncio.timeout(self._settings.auth_timeout):
                while not session.authenticated:
                    outcome = self._deliver(connection, session, await connection.recv())
                    if outcome.close_code is not None:
                        return outcome.close_code
        except TimeoutError:
            self._send(connection, _encode(auth_failure("The authentication took too long.")))
            # FAULT timeout-closes-normally: AUTH-14 asks for close code 4408.
            return 1000
        return None

    def _deliver(self, connection: ServerConnection, session: Session, raw: str | bytes) -> Outcome:
        outcome = session.receive(raw, self._clock())
        for answer in outcome.answers:
            self._send(connection, _encode(answer))
        # EVENT-08: at most one replay, before the first live event. Nothing is awaited between.
        if session.authenticated:
            self._members.add(connection)
        if outcome.event is not None:
            text = _encode(outcome.event)
            for member in tuple(self._members):
                self._send(member, text)
        return outcome

    def _send(self, connection: ServerConnection, text: str) -> None:
        # One that stops reading must neither delay the others nor fill the memory.
        if connection.transport.get_write_buffer_size() > 4 * self._settings.max_message_bytes:
            connection.transport.abort()
            return
        broadcast([connection], text)


class _BoundedConnection(ServerConnection):
    """Ends the TCP connection in time when the peer sent a close frame and does not hang up."""

    _deadline: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # TRANSPORT-10: end the TCP connection within 5 seconds of the first close frame.
        if self._deadline is None and self.protocol.close_expected():
            self._deadline = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)


def _select_subprotocol(
    _connection: ServerConnection, offered: Sequence[Subprotocol]
) -> Subprotocol | None:
    # TRANSPORT-02, TRANSPORT-03: "coda.v1" when it is offered, else none.
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def _host_name(request: Request) -> str | None:
    try:
        # FAULT user-in-host: ORIGIN-03 asks for a refusal; a Host has no user, a URL may have one.
        return urlsplit(f"//{request.headers.get('Host', '')}").hostname
    except (MultipleValuesError, ValueError):
        return None


def _encode(message: Message) -> str:
    # FAULT numbers-in-full: MSG-12 and TRANSPORT-25 bound what a relayed message grows by; 1e15 is
    # written with all its digits.
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
