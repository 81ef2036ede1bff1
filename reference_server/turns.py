"""Turns: how connections that send more than is read at once share the event loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

__all__ = ["SLICE_COST", "Turns"]

# How much of a connection is read at once, in the unit of ``FrameReader``.
SLICE_COST = 16
# How many connections continue in one turn of the event loop.
_SLICES = 8
# How many bytes one connection may have received but not read.
_BUFFER = 1 << 16


class Turns:
    """A queue of connections that have frames left to read.

    However many there are and however much they send, together they read only a few slices between
    two polls of all sockets, so that whoever sends little is answered at once. ``buffer``
    receives the bytes of all connections, each of which has to copy them at once.
    """

    def __init__(self) -> None:
        self.buffer = memoryview(bytearray(_BUFFER))
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_scheduled = False

    def wait(self, go_on: Callable[[], None]) -> None:
        """Have ``go_on`` called when it is this connection's turn."""
        self._waiting.append(go_on)
        if not self._is_scheduled:
            self._schedule()

    def _serve(self) -> None:
        """Let the first ones go on; those that wait again go to the end."""
        try:
            for _ in range(min(_SLICES, len(self._waiting))):
                self._waiting.popleft()()
        finally:
            self._is_scheduled = False
            if self._waiting:
                self._schedule()

    def _schedule(self) -> None:
        """Go on in the next turn of the event loop."""
        self._is_scheduled = True
        asyncio.get_running_loop().call_soon(self._serve)
