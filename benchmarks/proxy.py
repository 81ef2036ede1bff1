"""A slow line: a TCP proxy that delays each way and cuts everything into small pieces.

Whatever arrives leaves the other side `--delay` seconds after its arrival, however much is on the
line, with one write and, by TCP_NODELAY, one segment for every `--pieces` bytes (0: as it came).
Of what arrives at once, so much as 25 pieces is cut up, and the rest follows whole: a write takes
5 to 40 µs, and sixteen copies of a 64 KiB message would hold everything else up for seconds.
The end of a stream and a reset travel as slowly as the bytes.

It listens at ::1, at the port at which the target listens at 127.0.0.1, so that its address is one
of the target's own. It prints `listening on URL`, and when it is interrupted, whether it kept up.

    python benchmarks/proxy.py ws://127.0.0.1:8765/ [--delay 0.1] [--pieces 7]
"""

import argparse
import asyncio
import signal
import socket
import struct
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Final, Self, cast
from urllib.parse import urlsplit

PIECES_A_READ: Final = 25
"""Pieces that are cut from what arrives at once, at most."""

MAX_HELD: Final = 4 * 1024 * 1024
"""Bytes on the line in one direction after which nothing more is read."""

LATE: Final = 0.05
"""Seconds after its moment from which a delivery counts as late."""


class End(Enum):
    """How one direction of a connection ends."""

    CLOSED = "the end of the stream"
    RESET = "a reset"


@dataclass(slots=True)
class Counts:
    """What a proxy did; `latest` is the longest time in seconds by which a delivery was late."""

    connections: int = 0
    deliveries: int = 0
    late: int = 0
    latest: float = 0.0

    def delivered(self, lag: float) -> None:
        """Counts a delivery that left `lag` seconds after its moment."""
        self.deliveries += 1
        self.late += lag > LATE
        self.latest = max(self.latest, lag)

    def __str__(self) -> str:
        return (
            f"{self.connections} connections, {self.deliveries} deliveries, "
            f"{self.late} more than {LATE * 1000:.0f} ms late, "
            f"the latest by {self.latest * 1000:.0f} ms"
        )


class Line:
    """One direction of a connection: what was put on it arrives when its time has come."""

    def __init__(self, proxy: "Proxy", source: asyncio.Transport, sink: asyncio.Transport) -> None:
        self.is_blocked = False
        self.is_done = False
        self.way_back: Line | None = None
        self._proxy = proxy
        self._source = source
        self._sink = sink
        self._items: deque[tuple[float, list[bytes] | End]] = deque()
        self._held = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def put(self, item: bytes | End) -> None:
        """Puts bytes, cut into pieces, or the end of the stream on the line."""
        due = self._loop.time() + self._proxy.delay
        if isinstance(item, End):
            self._items.append((due, item))
        else:
            self._items.append((due, self._cut(item)))
            self._hold(len(item))
        self.schedule()

    def _cut(self, data: bytes) -> list[bytes]:
        piece = self._proxy.pieces or len(data)
        end = min(piece * PIECES_A_READ, len(data))
        pieces = [data[i : min(i + piece, end)] for i in range(0, end, piece)]
        return [*pieces, data[end:]] if end < len(data) else pieces

    def schedule(self) -> None:
        """Sets the timer for the first item, unless the sink takes nothing now."""
        if self._timer is None and self._items and not self.is_blocked:
            self._timer = self._loop.call_at(self._items[0][0], self._deliver)

    def _deliver(self) -> None:
        self._timer = None
        due, item = self._items.popleft()
        self._proxy.counts.delivered(self._loop.time() - due)
        if isinstance(item, End):
            self._end(item)
        else:
            self._write(item)
            self._hold(-sum(map(len, item)))
        self.schedule()

    def _write(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            if self._sink.is_closing():
                return
            self._sink.write(piece)

    def _hold(self, count: int) -> None:
        was_full = self._held > MAX_HELD
        self._held += count
        is_full = self._held > MAX_HELD
        if is_full is not was_full and not self._source.is_closing():
            (self._source.pause_reading if is_full else self._source.resume_reading)()

    def _end(self, end: End) -> None:
        self.is_done = True
        if end is End.RESET:
            reset(self._sink)
        elif not self._sink.is_closing():
            with suppress(OSError):  # the other side was reset just now
                self._sink.write_eof()
        if self.way_back is None or self.way_back.is_done:
            self._source.close()
            self._sink.close()


def reset(transport: asyncio.Transport) -> None:
    """Ends a TCP connection with a reset, if it is still open."""
    if transport.is_closing():
        return
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Side(asyncio.Protocol):
    """One of the two sides of a connection; `out` leads from it to the other."""

    def __init__(self, proxy: "Proxy") -> None:
        self.proxy = proxy
        self.out: Line | None = None
        self.back: Line | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Has every write sent at once, and reads nothing before there is a line to put it on."""
        self.transport = cast(asyncio.Transport, transport)
        self.transport.pause_reading()
        self.proxy.transports.add(self.transport)
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Puts what arrived on the line."""
        if self.out is not None:
            self.out.put(data)

    def eof_received(self) -> bool:
        """Puts the end of the stream on the line, and keeps the way back open."""
        if self.out is not None:
            self.out.put(End.CLOSED)
        return True

    def pause_writing(self) -> None:
        """Holds back what is for this side."""
        if self.back is not None:
            self.back.is_blocked = True

    def resume_writing(self) -> None:
        """Goes on."""
        if self.back is not None:
            self.back.is_blocked = False
            self.back.schedule()

    def connection_lost(self, exc: Exception | None) -> None:
        """Puts a reset on the line; without an error the proxy itself has closed."""
        if self.transport is not None:
            self.proxy.transports.discard(self.transport)
        if exc is not None and self.out is not None:
            self.out.put(End.RESET)


class Accepted(Side):
    """The side that a client opened; it opens the other one."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Opens the connection to the target."""
        super().connection_made(transport)
        self.proxy.counts.connections += 1
        self.proxy.start(self._reach())

    async def _reach(self) -> None:
        assert self.transport is not None
        far = Side(self.proxy)
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_connection(lambda: far, "127.0.0.1", self.proxy.port)
        except OSError:
            reset(self.transport)
            return
        self.out = far.back = Line(self.proxy, self.transport, transport)
        self.back = far.out = Line(self.proxy, transport, self.transport)
        self.out.way_back, self.back.way_back = self.back, self.out
        self.transport.resume_reading()
        transport.resume_reading()


class Proxy:
    """Listens at ::1 and passes everything on to the same port at 127.0.0.1, slowly."""

    def __init__(self, port: int, delay: float, pieces: int) -> None:
        self.port = port
        self.delay = delay
        self.pieces = pieces
        self.counts = Counts()
        self.transports: set[asyncio.Transport] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Runs a coroutine as a task that is kept until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Accepted(self), "::1", self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for transport in tuple(self.transports):
            transport.abort()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()


async def _serve(url: str, delay: float, pieces: int) -> None:
    interrupted = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, interrupted.set)
    async with Proxy(urlsplit(url).port or 80, delay, pieces) as proxy:
        print(f"listening on ws://[::1]:{proxy.port}/", flush=True)
        await interrupted.wait()
        print(proxy.counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add_options(parser)
    parser.add_argument("url", help="of the target, at 127.0.0.1")
    options = parser.parse_args()
    asyncio.run(_serve(options.url, options.delay, options.pieces))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds what describes the line."""
    parser.add_argument("--delay", type=float, default=0.1, help="seconds, each way")
    parser.add_argument("--pieces", type=int, default=7, help="bytes a write; 0: as they came")


if __name__ == "__main__":
    main()
