"""Driver: commands on the standard input, notices on the standard output (spec/driver.md)."""

import asyncio
import contextlib
import json
import os
import re
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

from coda_client.client import Client
from coda_client.errors import CodaError, TokenFailed
from coda_client.incoming import Event
from coda_client.notices import Gap, MessageDone, MessageTaken, StateChanged, TokenChanged

__all__ = ["Driver", "main"]

LONGEST_LINE: Final = 2 * 1024 * 1024
PIECE: Final = 64 * 1024
MOST_LINES: Final = 100
_TOKEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

Write = Callable[[dict[str, Any]], None]


class Driver:
    """Carries out commands, and writes a notice of everything that the client tells."""

    def __init__(self, client: Client, write: Write) -> None:
        self._client = client
        self._write = write
        self._tasks: set[asyncio.Task[None]] = set()
        client.on(StateChanged, self._state)
        client.on(Event, self._event)
        client.on(MessageTaken, lambda taken: write({"notice": "sent", "id": taken.id}))
        client.on(MessageDone, self._done)
        client.on(Gap, lambda gap: write({"notice": "gap"}))
        client.on(TokenChanged, self._token)

    def _state(self, changed: StateChanged) -> None:
        notice = {"notice": "state", "state": changed.state}
        self._write(notice if changed.reason is None else {**notice, "reason": changed.reason})
        if changed.detail:
            _complain(changed.detail)

    def _event(self, event: Event) -> None:
        self._write({"notice": "event", "type": event.type, "seq": event.seq})

    def _done(self, done: MessageDone) -> None:
        if done.outcome == "gave_up":
            self._write({"notice": "gave_up", "id": done.id})
            return
        notice = {"notice": "acknowledged", "id": done.id, "outcome": done.outcome}
        self._write(notice if done.code is None else {**notice, "code": done.code})

    def _token(self, changed: TokenChanged) -> None:
        notice = {"notice": "token", "action": changed.action, "success": changed.success}
        if changed.token is not None:
            notice["token_id"] = changed.token.token_id  # CLIENT-18
        if changed.code is not None:
            notice["code"] = changed.code
        self._write(notice)

    def obey(self, line: bytes) -> None:
        """Carry out a command, or say on the standard error why that cannot be done."""
        try:
            command = json.loads(line)
            action = _COMMANDS.get(command["command"])
            if action is not None:
                action(self, command)
        except (LookupError, TypeError, AttributeError, RecursionError):
            _complain("a line is no command")
        except ValueError as error:
            _complain(f"a command cannot be carried out: {ascii(str(error))[1:-1]}")

    def _connect(self, command: dict[str, Any]) -> None:
        self._client.start(command.get("url"))

    def _send(self, command: dict[str, Any]) -> None:
        self._client.post(
            command["message_type"],
            command["message_data"],
            command.get("id"),
            command.get("priority"),
            command.get("once") is True,
        )

    def _refresh(self, command: dict[str, Any]) -> None:
        self._start("refresh", self._client.refresh)

    def _revoke(self, command: dict[str, Any]) -> None:
        token_id = command.get("token_id")
        if token_id is not None and not _TOKEN_ID.fullmatch(token_id):
            raise ValueError("no token_id")
        self._start("revoke", lambda: self._client.revoke(token_id))

    def _start(self, action: str, begin: Callable[[], Any]) -> None:
        async def run() -> None:
            try:
                await begin()
            except TokenFailed:
                return  # its notice has been written
            except CodaError:
                self._write({"notice": "token", "action": action, "success": False})

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _use(self, command: dict[str, Any]) -> None:
        self._client.use_token(command["token"])

    def _disconnect(self, command: dict[str, Any]) -> None:
        self._client.stop()


_COMMANDS: Final[dict[str, Callable[[Driver, dict[str, Any]], None]]] = {
    "connect": Driver._connect,
    "send": Driver._send,
    "refresh": Driver._refresh,
    "revoke": Driver._revoke,
    "token": Driver._use,
    "disconnect": Driver._disconnect,
}


def _complain(words: str) -> None:
    """Say something to a person."""
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def _write(notice: dict[str, Any]) -> None:
    """Write a notice at once; whoever no longer reads it does not matter."""
    try:
        sys.stdout.write(json.dumps(notice) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


async def run(url: str, token: str | None, scale: float) -> None:
    """Drive a client until the standard input ends; raise ValueError for a mistake of the user."""
    async with Client(url, token, scale=scale) as client:
        driver, lines = Driver(client, _write), _Lines()
        while line := await lines.take():
            driver.obey(line)
            await asyncio.sleep(0)  # what it began comes before the next command


class _Lines:
    """The lines of the standard input, read by a thread: not everything can be waited for."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(MOST_LINES)
        threading.Thread(target=self._read, daemon=True).start()

    async def take(self) -> bytes:
        """The next line, which is never empty; nothing at the end."""
        line = await self._lines.get()
        self._room.release()
        return line

    def _put(self, line: bytes) -> None:
        self._room.acquire()
        self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    def _read(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, RuntimeError):  # the loop may have ended
            while piece := os.read(0, PIECE):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    self._put(line or b" ")
                rest = rest if len(rest) <= LONGEST_LINE else b"too long"
            self._put(rest or b" ")
            self._put(b"")


def main(arguments: list[str]) -> int:
    """Run the driver; returns the exit status."""
    try:
        if len(arguments) != 1:
            raise ValueError("one address is needed, and nothing else")
        scale = float(os.environ.get("CODA_BACKOFF_SCALE") or 1)
        if not 0 < scale < float("inf"):
            raise ValueError("CODA_BACKOFF_SCALE is a number above 0")
        asyncio.run(run(arguments[0], os.environ.get("CODA_TOKEN") or None, scale))
    except ValueError as error:
        _complain(f"usage: python -m coda_client URL\n{ascii(str(error))[1:-1]}")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
