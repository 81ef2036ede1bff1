"""Driver: commands on the standard input, notices on the standard output (spec/driver.md)."""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable
from typing import Any, Final

from coda_client.client import Client
from coda_client.errors import CodaError, TokenFailed
from coda_client.incoming import Event
from coda_client.notices import Gap, MessageDone, MessageTaken, StateChanged, TokenChanged

__all__ = ["Driver", "main"]

LONGEST_LINE: Final = 2 * 1024 * 1024
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
        except (ValueError, KeyError, TypeError, CodaError, RecursionError) as error:
            print(f"cannot be done: {type(error).__name__}", file=sys.stderr, flush=True)  # noqa: T201

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


def _write(notice: dict[str, Any]) -> None:
    """Write a notice at once; whoever no longer reads it does not matter."""
    try:
        sys.stdout.write(json.dumps(notice) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


async def run(url: str, token: str | None, scale: float) -> None:
    """Drive a client until the standard input ends."""
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with Client(url, token, scale=scale) as client:
        driver = Driver(client, _write)
        while line := await _line(reader):
            driver.obey(line)
            await asyncio.sleep(0)


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; one that is too long is passed over. Empty at the end."""
    while True:
        try:
            return await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            return end.partial
        except asyncio.LimitOverrunError as overrun:
            await reader.readexactly(overrun.consumed)


def main(arguments: list[str]) -> int:
    """Run the driver; returns the exit status."""
    try:
        (url,) = arguments
        scale = float(os.environ.get("CODA_BACKOFF_SCALE") or 1)
        if not 0 < scale < float("inf"):
            raise ValueError("CODA_BACKOFF_SCALE is a number above 0")
        asyncio.run(run(url, os.environ.get("CODA_TOKEN") or None, scale))
    except ValueError as error:
        print(f"usage: python -m coda_client URL\n{error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
