"""The driver of the legacy dashboard (spec/driver.md): it tells what a user of it could see."""

import asyncio
import contextlib
import json
import os
import sys
from typing import Any, Final

from conformance.selftest.legacy_dashboard.dashboard import Dashboard, Message

LONGEST: Final = 2 * 1024 * 1024
"""Bytes of a command."""
ENDS_WITHIN: Final = 2.0
"""Seconds for the close of the connection, once the standard input has ended."""


class _Watched(Dashboard):
    """A dashboard that listens to events of all types, and writes a notice of each."""

    def _pass_on(self, message: Message) -> None:
        kind, seq = message.get("type"), message.get("seq")
        if isinstance(kind, str) and type(seq) is int and seq > 0:
            _write({"notice": "event", "type": kind, "seq": seq})
        super()._pass_on(message)


class Driver:
    """Carries out those commands that the dashboard has something for."""

    def __init__(self, url: str, scale: float) -> None:
        self._url = url
        self._dashboard = _Watched(scale)
        self._dashboard.add_state_listener(
            lambda state: _write({"notice": "state", "state": state})
        )

    def obey(self, line: bytes) -> None:
        """Carry out a command; what is none has no effect."""
        with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
            command = json.loads(line)
            match command["command"]:
                case "connect":
                    self._dashboard.connect(command.get("url", self._url))
                case "send":
                    self._dashboard.send_client_message(
                        command["message_type"], command["message_data"]
                    )
                    _write({"notice": "sent", "id": None})
                case "disconnect":
                    self._dashboard.disconnect()

    async def end(self) -> None:
        """End the connection, as the page is closed."""
        socket = self._dashboard.socket
        self._dashboard.disconnect()
        if socket is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(socket.ended(), ENDS_WITHIN)


async def _drive(url: str, scale: float) -> None:
    driver = Driver(url, scale)
    while line := await asyncio.to_thread(sys.stdin.buffer.readline, LONGEST):
        driver.obey(line)
    await driver.end()


def _write(notice: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(notice) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Drive a dashboard until the standard input ends; return the exit status."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m conformance.selftest.legacy_dashboard URL\n")
        return 2
    try:
        asyncio.run(_drive(arguments[0], float(os.environ.get("CODA_BACKOFF_SCALE", "1"))))
    except KeyboardInterrupt:
        return 130
    return 0
