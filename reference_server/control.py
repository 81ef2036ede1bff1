"""Control: hooks for tests, which make the server do what no client can."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from reference_server import json_domain
from reference_server.handshake import match_host
from reference_server.logs import sparse_logger
from reference_server.messages import Identifier
from reference_server.server import ReferenceServer
from reference_server.settings import SettingsError

__all__ = ["Control"]

_HOST = "127.0.0.1"
_BATCH = 100
_http_logger = sparse_logger("reference_server.http")


class _IssueToken(Struct, frozen=True):
    identity: Identifier
    ttl: Annotated[float, Meta(gt=0)] | None = None


class _EmitEvent(Struct, frozen=True):
    type: Identifier
    data: dict[str, Any]
    priority: str | None = None
    count: Annotated[int, Meta(ge=1, le=10_000)] = 1


class _AdvanceClock(Struct, frozen=True):
    seconds: Annotated[float, Meta(ge=0, le=1e9)]


class _Nothing(Struct, frozen=True):
    """The arguments of a hook that takes none."""


class Control:
    """Serves the hooks over HTTP, only on loopback; ``shutdown`` sets ``stopping``.

    Use it as an asynchronous context manager, which raises ``SettingsError`` if the port is not
    available. Web pages cannot reach it: they cannot send JSON elsewhere without being asked for
    their origin, and every origin is refused.
    """

    def __init__(self, server: ReferenceServer, port: int, stopping: asyncio.Event) -> None:
        self._server = server
        self._port = port
        self._stopping = stopping
        # One after the other: each hook finishes before the next begins.
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Control:
        # An event that is too long has to get here, with every character written as an escape.
        app = web.Application(client_max_size=4 * self._server.settings.max_message_bytes)
        app.router.add_post("/{hook}", self._answer)
        self._runner = web.AppRunner(
            app, handle_signals=False, access_log=None, logger=_http_logger, shutdown_timeout=2.0
        )
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, _HOST, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or type(error).__name__
            raise SettingsError(f"cannot listen on {_HOST}:{self._port}: {reason}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """The HTTP address of the hooks."""
        return f"http://{_HOST}:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """Check a request, do what it asks for, and answer."""
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        hook = _HOOKS.get(request.match_info["hook"])
        if hook is None:
            return _refuse(404, f"The hooks are {', '.join(_HOOKS)}")
        shape, perform = hook
        try:
            asked = msgspec.convert(json_domain.parse(await request.read()), shape)
            async with self._turn:
                return await perform(self, request, asked)
        except (ValueError, TypeError, RuntimeError) as error:
            return _refuse(400, str(error))

    async def _issue_token(self, request: web.Request, asked: _IssueToken) -> web.Response:
        """Issue an access token."""
        return _json({"token": self._server.issue_token(asked.identity, asked.ttl)})

    async def _emit_event(self, request: web.Request, asked: _EmitEvent) -> web.Response:
        """Send the same event several times, without keeping the connections waiting."""
        seq = 0
        for number in range(asked.count):
            seq = self._server.push_event(asked.type, asked.data, asked.priority)
            if number % _BATCH == _BATCH - 1:
                await asyncio.sleep(0)
        return _json({"seq": seq, "epoch": self._server.epoch})

    async def _advance_clock(self, request: web.Request, asked: _AdvanceClock) -> web.Response:
        """Let time pass."""
        self._server.clock.advance(asked.seconds)
        return _json({})

    async def _restart(self, request: web.Request, asked: _Nothing) -> web.Response:
        """Stop the server and start it again."""
        await self._server.restart()
        return _json({})

    async def _shut_down(self, request: web.Request, asked: _Nothing) -> web.StreamResponse:
        """Answer, then end the process like SIGTERM."""
        response = _json({})
        response.force_close()
        await response.prepare(request)
        await response.write_eof()
        self._stopping.set()
        return response


_HOOKS: dict[str, tuple[type[Struct], Callable[..., Awaitable[web.StreamResponse]]]] = {
    "issue_token": (_IssueToken, Control._issue_token),
    "emit_event": (_EmitEvent, Control._emit_event),
    "advance_clock": (_AdvanceClock, Control._advance_clock),
    "restart": (_Nothing, Control._restart),
    "shutdown": (_Nothing, Control._shut_down),
}


def _refusal(request: web.Request) -> web.Response | None:
    """Refuse what a web page could send, whatever name it has given this address (ORIGIN-03)."""
    if "Origin" in request.headers:
        return _refuse(403, "No origin is allowed here")
    hosts = request.headers.getall("Host", ())
    host = match_host(hosts[0]) if len(hosts) == 1 and request.raw_path.startswith("/") else None
    if host is None or host["name"] not in (_HOST, "localhost"):
        return _refuse(421, "This host is not served here")
    if request.content_type != "application/json":
        return _refuse(415, "The Content-Type must be application/json")
    return None


def _refuse(status: int, reason: str) -> web.Response:
    """Return one clear line."""
    return web.Response(status=status, text=f"{reason}\n")


def _json(answer: dict[str, Any]) -> web.Response:
    """Return an answer."""
    return web.json_response(answer)
