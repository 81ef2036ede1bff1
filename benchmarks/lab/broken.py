"""The reference server, broken in one way, or something else in its place.

`python -m lab.broken KIND [OPTION...]`, with options of the reference server. After `AFTER` turns
of its connections, `mute` blocks its event loop for good, as a lock does that is never let go, and
`crash` ends it; what is the matter with the others is the matter from the start.
"""

import asyncio
import os
import re
import select
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve

from reference_server import session
from reference_server.__main__ import main
from reference_server.actions import Send

AFTER: Final = 400
FOR_GOOD: Final = 3600.0
LATE_BY: Final = 3.0
GLANCE: Final = 0.05

_CLIENT_ID: Final = re.compile(rb'"client_id":"[^"]+"')
_EVENT: Final = b'"type":"client_message"'

Session: Final[Any] = session.Session


def mute() -> None:
    """Never answers anybody again."""
    _at_turn(AFTER, lambda: time.sleep(FOR_GOOD))


def crash() -> None:
    """Ends with status 7 and a word about it."""

    def end() -> None:
        print("panic: everything is lost", file=sys.stderr, flush=True)
        os._exit(7)

    _at_turn(AFTER, end)


def _at_turn(number: int, act: Callable[[], object]) -> None:
    """Acts instead of taking the turn of that number, counted over all connections."""
    whole, turns = Session._perform, 0

    def perform(self: Any, actions: Sequence[Any]) -> None:
        nonlocal turns
        turns += 1
        if turns > number:
            act()
        whole(self, actions)

    Session._perform = perform


def no_own_events() -> None:
    """Relays a message to everybody but its sender."""
    send, write = Session._send, Session._write
    identities: dict[Any, bytes] = {}

    def note(self: Any, action: Send) -> None:
        found = _CLIENT_ID.search(bytes(action.text))
        if found and b'"auth_result"' in bytes(action.text):
            identities[self] = found[0]
        send(self, action)

    def leave_out(self: Any, data: bytes) -> None:
        own = identities.get(self, b"?")
        kept = b"".join(f for f in _frames(bytes(data)) if not (_EVENT in f and own in f))
        if kept:
            write(self, kept)

    session._PERFORM[Send] = note
    Session._write = leave_out


def _frames(data: bytes) -> Sequence[bytes]:
    """The frames of a server, each with its header."""
    found = []
    while data:
        length, header = data[1], 2
        if length > 125:
            header = 4 if length == 126 else 10
            length = int.from_bytes(data[2:header])
        found.append(data[: header + length])
        data = data[header + length :]
    return found


def blocking_writes() -> None:
    """Waits in its event loop until a client reads."""
    whole = Session._write

    def write(self: Any, data: bytes) -> None:
        while self._is_paused:
            sock = self._transport.get_extra_info("socket")
            if sock.fileno() < 0:
                break
            if select.select([], [sock], [], GLANCE)[1]:
                self._transport._write_ready()
        whole(self, data)

    Session._write = write


def late() -> None:
    """Gives every answer some seconds late."""
    whole = Session._perform

    def perform(self: Any, actions: Sequence[Any]) -> None:
        self._loop.call_later(LATE_BY, whole, self, actions)

    Session._perform = perform


async def echo() -> None:
    """Serves WebSocket connections that hear what they say, and speaks no protocol."""

    async def talk(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(talk, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        print(f"listening on ws://127.0.0.1:{port}/ control http://127.0.0.1:{port}", flush=True)
        await server.serve_forever()


BREAKS: Final = {
    "mute": mute,
    "crash": crash,
    "no-own-events": no_own_events,
    "blocking-writes": blocking_writes,
    "late": late,
}


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    if kind == "echo":
        asyncio.run(echo())
    BREAKS[kind]()
    sys.exit(main(sys.argv[1:]))
