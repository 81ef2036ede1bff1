"""Outbox: what waits to be sent to one peer, at a cost in memory close to its length."""

from __future__ import annotations

from collections import deque

__all__ = ["Outbox"]

# An object of its own costs about 100 bytes: 1/20 of a piece of this length. Longer pieces, which
# are mostly events that wait for many peers, are kept as they are, so that all share one.
_SHARED = 2048
# The length up to which short pieces are joined.
_JOINED = 1 << 16


class Outbox:
    """Pieces of bytes in their order; ``size`` is the number of bytes in all of them."""

    __slots__ = ("_pieces", "size")

    def __init__(self) -> None:
        self._pieces: deque[bytes | bytearray] = deque()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Append a piece."""
        self.size += len(data)
        if len(data) >= _SHARED:
            self._pieces.append(data)
            return
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray) and len(last) < _JOINED:
            last += data
        else:
            self._pieces.append(bytearray(data))

    def take(self) -> bytes | bytearray:
        """Take the first piece out; ``IndexError`` when nothing waits."""
        piece = self._pieces.popleft()
        self.size -= len(piece)
        return piece
