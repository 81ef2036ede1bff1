"""Output: what a process prints on its two streams, read as it comes; the last of it is kept."""

import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from queue import Full, Queue
from typing import IO, Any, Final, NamedTuple

LONGEST_LINE: Final = 8 * 1024
"""Bytes of a line; the rest of it is not kept."""

MOST_LINES: Final = 200
MOST_CHARACTERS: Final = 64 * 1024

_PIECE: Final = 64 * 1024
_WAITING: Final = 100
_GLANCE: Final = 0.1


class Printed(NamedTuple):
    """One line that a process printed, without its end, and the stream: stdout or stderr."""

    stream: str
    text: str


class ProcessOutput:
    """Reads both streams of a process until they end; `next` returns lines until `let_go`.

    While lines are being returned none is lost: a process that prints faster has to wait.
    """

    def __init__(self, process: "subprocess.Popen[Any]") -> None:
        self._fresh: Queue[Printed | None] = Queue(_WAITING)
        self._handed_out = True
        self._lock = threading.Lock()
        self._tail: deque[Printed] = deque()
        self._characters = 0
        self._open = 2
        streams = (("stdout", process.stdout), ("stderr", process.stderr))
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in streams
        ]
        for reader in self._readers:
            reader.start()

    def next(self, timeout: float) -> Printed | None:
        """Return the next line; None after the last of both streams; raise `queue.Empty`."""
        return self._fresh.get(timeout=timeout)

    def let_go(self) -> None:
        """Stop returning lines."""
        self._handed_out = False

    def join(self, timeout: float) -> None:
        """Wait for each stream to end, up to `timeout` seconds."""
        for reader in self._readers:
            reader.join(timeout)

    def tail(self) -> tuple[Printed, ...]:
        """Return the last lines of both streams, in the order in which they came."""
        with self._lock:
            return tuple(self._tail)

    def _read(self, name: str, stream: IO[bytes]) -> None:
        with stream:
            for text in _lines(stream.fileno()):
                line = Printed(name, text)
                self._keep(line)
                self._hand_out(line)
        with self._lock:
            self._open -= 1
            is_last = not self._open
        if is_last:
            self._hand_out(None)

    def _keep(self, line: Printed) -> None:
        with self._lock:
            self._tail.append(line)
            self._characters += len(line.text)
            while len(self._tail) > MOST_LINES or self._characters > MOST_CHARACTERS:
                self._characters -= len(self._tail.popleft().text)

    def _hand_out(self, line: Printed | None) -> None:
        while self._handed_out:
            try:
                self._fresh.put(line, timeout=_GLANCE)
            except Full:
                continue
            return


def _lines(descriptor: int) -> Iterator[str]:
    """Yield the lines of a stream, each cut to `LONGEST_LINE` bytes."""
    line = bytearray()
    while piece := os.read(descriptor, _PIECE):
        first, *others = piece.split(b"\n")
        line += first[: LONGEST_LINE - len(line)]
        for other in others:
            yield _text(line)
            line = bytearray(other[:LONGEST_LINE])
    if line:
        yield _text(line)


def _text(line: bytearray) -> str:
    return line.decode("utf-8", "replace").removesuffix("\r")
