"""A client under test: a process that the kit starts, and drives by lines of JSON."""

import asyncio
import contextlib
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Final

from conformance.errors import InputError
from conformance.json_text import NotJSON, decode, encode
from conformance.target.lifetime import how
from conformance.target.process_group import GROUPED, words
from conformance.target.target import Command

URL: Final = "{url}"
"""The word that stands for the address of the kit in the command of a client."""

TOKEN: Final = "CODA_TOKEN"  # noqa: S105 - the name of a variable
BACKOFF: Final = "CODA_BACKOFF_SCALE"

MOST_NOTICES: Final = 10_000
LONGEST_LINE: Final = 64 * 1024
MOST_LINES: Final = 100
ENDS_WITHIN: Final = 2.0
"""Seconds after which a client that was asked to end is killed."""

_OWN: Final = "CODA_"
_PIECE: Final = 64 * 1024


class Notice:
    """One line of JSON that a client wrote, and the moment (`perf_counter`) at which it came."""

    __slots__ = ("time", "value")

    def __init__(self, value: Mapping[str, Any], time: float) -> None:
        self.value = value
        self.time = time


class Client:
    """A client's process; `notices` are what it reported and nobody has taken.

    `said` are the last lines that are no notices, from both of its streams.
    """

    def __init__(self, process: asyncio.subprocess.Process, printed: Callable[[str], None]) -> None:
        self._process = process
        self._printed = printed
        self.notices: deque[Notice] = deque(maxlen=MOST_NOTICES)
        self.reported: deque[Notice] = deque(maxlen=MOST_NOTICES)
        """All notices, those included that a step has taken or passed over."""
        self.said: deque[str] = deque(maxlen=MOST_LINES)
        self.has_driver = False
        """Whether it has written a notice."""
        self.changed = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(process.stdout, self._line)),
            asyncio.create_task(self._read(process.stderr, self._said)),
        ]

    @classmethod
    async def start(
        cls,
        command: Command,
        url: str,
        variables: Mapping[str, str],
        printed: Callable[[str], None] = lambda line: None,
    ) -> "Client":
        """Start the command, for a server at a URL; raise `InputError` if it cannot be run.

        `printed` is called with every line that it writes.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
        try:
            process = await asyncio.create_subprocess_exec(
                *[word.replace(URL, url) for word in words(command.argv)],
                cwd=command.folder,
                env={**kept, **variables},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                start_new_session=GROUPED,
            )
        except OSError as error:
            message = f"the client's command {command.argv[0]} cannot be run: {error.strerror}"
            raise InputError(message, command.location) from None
        return cls(process, printed)

    async def _read(self, stream: asyncio.StreamReader | None, take: Any) -> None:
        """Take the lines of a stream, each cut to `LONGEST_LINE` bytes, until it ends."""
        assert stream is not None
        line = bytearray()
        while piece := await stream.read(_PIECE):
            first, *others = piece.split(b"\n")
            line += first[: LONGEST_LINE - len(line)]
            for other in others:
                take(line.decode("utf-8", "replace").removesuffix("\r"))
                line = bytearray(other[:LONGEST_LINE])
        if line:
            take(line.decode("utf-8", "replace"))
        self.changed.set()

    def _said(self, text: str) -> None:
        self.said.append(text)
        self._printed(text)

    def _line(self, text: str) -> None:
        self._printed(text)
        try:
            value = decode(text)
        except NotJSON:
            value = None
        if isinstance(value, dict) and isinstance(value.get("notice"), str):
            self.has_driver = True
            notice = Notice(value, perf_counter())
            self.notices.append(notice)
            self.reported.append(notice)
        else:
            self.said.append(text)
        self.changed.set()

    @property
    def ended(self) -> str:
        """How the process ended, in words; empty while it is running."""
        status = self._process.returncode
        return "" if status is None else how(status)

    async def wait(self) -> None:
        """Wait for the end of the process."""
        await self._process.wait()

    async def command(self, value: Mapping[str, Any]) -> None:
        """Write a command as a line of JSON; one to a process that has ended is lost."""
        stream = self._process.stdin
        assert stream is not None
        with contextlib.suppress(ConnectionError):
            stream.write(encode(value).encode("utf-8", "surrogatepass") + b"\n")
            await asyncio.wait_for(stream.drain(), ENDS_WITHIN)

    async def end(self) -> None:
        """End the process and whatever it started, by force if need be."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), ENDS_WITHIN)
        self._signal(signal.SIGKILL)
        await self._process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number) if GROUPED else self._process.send_signal(number)
