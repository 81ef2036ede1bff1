"""The reference server with a control that lies: a hook answers as if it had done its work.

`python -m tests.support.liar HOOK [OPTION...]`, with options of the reference server. `none` is a
control that does not lie; with `lost` it is the server that is at fault: an event takes its number,
and nobody gets it. `once` refuses to restart, and lies when it is asked again. With `hourly` it is
a legal server whose timestamps are those of the full hour. With `alone` an event comes alone,
however many were asked for.
"""

import secrets
import sys
import time
from typing import Any

import msgspec
from aiohttp import web

from reference_server import control
from reference_server.__main__ import main
from reference_server.events import EventStream
from reference_server.server import ReferenceServer

LIES = ("issue_token", "emit_event", "advance_clock", "restart", "shutdown")


async def _answer(own: control.Control, request: web.Request, asked: Any) -> web.Response:
    """Answers as the hook of that name would, and does nothing."""
    server = own._server
    answers: dict[str, Any] = {
        "issue_token": lambda: {"token": f"liar-1.{secrets.token_urlsafe(32)}"},
        "emit_event": lambda: {"seq": 1_000, "epoch": server.epoch},
    }
    value = answers.get(request.match_info["hook"], dict)()
    return web.json_response(value)


async def _busy_once(own: control.Control, request: web.Request, asked: Any) -> web.Response:
    """Refuses what it is asked the first time, and lies from then on."""
    control._HOOKS["restart"] = (control._HOOKS["restart"][0], _answer)
    return web.Response(status=503, text="busy")


class _Alone(control._EmitEvent, frozen=True):
    """What is asked of an emit_event that raises one event, whatever is asked."""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "count", 1)


def _lose(self: ReferenceServer, *event: Any) -> int:
    """Numbers an event and sends it to nobody."""
    with self._stream._lock:
        self._stream.seq += 1
        return self._stream.seq


if __name__ == "__main__":
    name = sys.argv.pop(1)
    if name == "lost":
        ReferenceServer.push_event = _lose  # type: ignore[assignment, method-assign]  # that is the fault
    elif name == "hourly":
        whole = EventStream.__init__
        hour = time.time() // 3600 * 3600

        def hourly(self: EventStream, *words: Any, **more: Any) -> None:
            whole(self, *words, **{**more, "clock": lambda: hour})

        EventStream.__init__ = hourly  # type: ignore[method-assign]  # that is its way
    elif name == "alone":
        control._HOOKS["emit_event"] = (_Alone, control.Control._emit_event)
    elif name == "once":
        control._HOOKS["restart"] = (control._HOOKS["restart"][0], _busy_once)
    elif name != "none":
        control._HOOKS[name] = (control._HOOKS[name][0], _answer)
    sys.exit(main(sys.argv[1:]))
