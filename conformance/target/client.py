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
from conformance.json_text import encode
from conformance.target.lifetime import how
from conformance.target.notices import Notice, Notices, is_notice
from conformance.target.process_group import GROUPED, words
from conformance.target.target import Command

URL: Final = "{url}"
"""The word that stands for the address of the kit in the command of a client."""

TOKEN: Final = "CODA_TOKEN"  # noqa: S105 - the name of a variable
BACKOFF: Final = "CODA_BACKOFF_SCALE"

LONGEST_NOTICE: Final = 2 * 1024 * 1024
"""Bytes of the longest notice (spec/driver.md)."""
LONGEST_LINE: Final = 64 * 1024
"""Bytes that are read of a line on the standard error."""
MOST_LINES: Final = 100
LINES_A_TURN: Final = 100
"""Lines that are taken before others have their turn."""
LINES_A_SECOND: Final = 2_000
BYTES_A_SECOND: Final = 2 * LONGEST_NOTICE
"""How much is searched for secrets; a client that floods its output is not searched further."""
ENDS_WITHIN: Final = 2.0
"""Seconds after which a client that was asked to end is killed."""
READS_WITHIN: Final = 2.0
SLOWEST: Final = 1024 * 1024
"""Seconds in which a driver reads a command, and bytes that it reads in each further one."""

_OWN: Final = "CODA_"
_PIECE: Final = 64 * 1024


class _Allowance:
    """How much of what a client prints is searched in each second."""

    def __init__(self) -> None:
        self._lines = self._bytes = 0
        self._until = 0.0

    def covers(self, size: int) -> bool:
        """Return whether a line of this size is to be searched as well."""
        now = perf_counter()
        if now >= self._until:
            self._lines, self._bytes, self._until = 0, 0, now + 1.0
        self._lines += 1
        self._bytes += size
        return self._lines <= LINES_A_SECOND and self._bytes <= BYTES_A_SECOND


class Client:
    """A client's process; `notices` are what it reported and nobody has taken.

    `said` are the last lines that are no notices, from both of its streams.
    """

    def __init__(self, process: asyncio.subprocess.Process, printed: Callable[[str], None]) -> None:
        self._process = process
        self._printed = printed
        self.notices = Notices()
        self.reported = Notices()
        """All notices, those included that a step has taken or passed over."""
        self.said: deque[str] = deque(maxlen=MOST_LINES)
        self.cut = 0
        """Lines on its standard output that were longer than a notice may be."""
        self.not_searched = 0
        """Lines that came too fast to be searched."""
        self._allowance = _Allowance()
        self.driver_found = asyncio.Event()
        """Set once it has written a notice."""
        self.changed = asyncio.Event()
        self._readers = [
            asyncio.create_task(self._read(process.stdout, self._line, LONGEST_NOTICE)),
            asyncio.create_task(self._read(process.stderr, self._said, LONGEST_LINE)),
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

    async def _read(
        self, stream: asyncio.StreamReader | None, take: Callable[[str, int], None], longest: int
    ) -> None:
        """Take the lines of a stream, each cut to `longest` bytes, until it ends."""
        assert stream is not None
        line = bytearray()
        while piece := await stream.read(_PIECE):
            *ended, rest = piece.split(b"\n")
            for number, other in enumerate(ended, 1):
                line += other[: longest + 1 - len(line)]
                self._take(line, take, longest)
                if number % LINES_A_TURN == 0:
                    await asyncio.sleep(0)
            line += rest[: longest + 1 - len(line)]
        self._take(line, take, longest)
        self.changed.set()

    def _take(self, line: bytearray, take: Callable[[str, int], None], longest: int) -> None:
        """Take a line, unless it is empty, and begin the next one."""
        self.cut += len(line) > longest == LONGEST_NOTICE
        del line[longest:]
        text = line.decode("utf-8", "replace").removesuffix("\r")
        size = len(line)
        line.clear()
        if not text:
            return
        if self._allowance.covers(size):
            self._printed(text)
        else:
            self.not_searched += 1
        take(text, size)

    def _said(self, text: str, size: int) -> None:
        self.said.append(text)

    def _line(self, text: str, size: int) -> None:
        if is_notice(text):
            self.driver_found.set()
            notice = Notice(text, size)
            self.notices.add(notice)
            self.reported.add(notice)
        else:
            self.said.append(text[:LONGEST_LINE])
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
        """Write a command as a line of JSON; one to a process that has ended is lost.

        Raises `TimeoutError` if the process does not read it.
        """
        stream = self._process.stdin
        assert stream is not None
        text = encode(value).encode("utf-8", "surrogatepass") + b"\n"
        with contextlib.suppress(ConnectionError):
            stream.write(text)
            await asyncio.wait_for(stream.drain(), READS_WITHIN + len(text) / SLOWEST)

    async def end(self) -> None:
        """End the process and whatever it started, by force if need be.

        That which began a session of its own is out of reach.
        """
        self._signal(signal.SIGTERM)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), ENDS_WITHIN)
        finally:  # even if this is cut short: nothing may outlive the run
            self._signal(signal.SIGKILL)
            for reader in self._readers:
                reader.cancel()
        await self._process.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)
        transport = getattr(self._process, "_transport", None)
        if transport is not None:  # which whoever holds the pipes would keep open
            transport.close()

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number) if GROUPED else self._process.send_signal(number)
