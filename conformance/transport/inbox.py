"""Messages of a connection that wait to be looked at: in order, and bounded in memory."""

from collections import deque
from typing import Final

import msgspec

from conformance.transport.messages import End, Message, Received, read_message

MAX_WAITING: Final = 2_000
MAX_BYTES: Final = 4 * 1024 * 1024
WORTH_IT: Final = 8
"""Waiting messages that nobody awaits are dropped once they are one in so many: looking through all
of them at every message would take longer the more there are."""
READY: Final = 64 * 1024
"""Bytes of waiting messages that are kept as values; later ones are parsed again when they are due,
as a value may take fifty times the room of its text."""


class _Packed(msgspec.Struct, frozen=True):
    """A message as the bytes that came."""

    data: bytes | bytearray
    binary: bool
    time: float
    compressed: bool
    ordinal: int | None
    own: bool
    awaited: bool

    def unpack(self) -> Message:
        """Return the message as it was when it came."""
        message = read_message(self.data, self.binary, self.time, self.compressed)
        message.ordinal, message.own, message.awaited = self.ordinal, self.own, self.awaited
        return message


class Inbox:
    """Messages that wait to be looked at, followed by the end of the connection."""

    def __init__(self) -> None:
        self.end: End | None = None
        self._items: deque[tuple[Message | _Packed, int]] = deque()
        self._bytes = 0
        self._idle = self._idle_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._items or self.end)

    def add(self, message: Message, data: bytes | bytearray, binary: bool) -> None:
        """Add a message that was read from these bytes."""
        self._bytes += len(data)
        item: Message | _Packed = message
        if self._bytes > READY:
            item = _Packed(
                data,
                binary,
                message.time,
                message.compressed,
                message.ordinal,
                message.own,
                message.awaited,
            )
        self._items.append((item, len(data)))
        if not message.awaited:
            self._idle += 1
            self._idle_bytes += len(data)
        if self.is_full and self._has_much_idle:
            self._forget()

    def take(self) -> Received:
        """Return the next message or, once no more can come, the end."""
        if not self._items:
            assert self.end is not None
            return self.end
        item, size = self._items.popleft()
        self._bytes -= size
        if not item.awaited:
            self._idle -= 1
            self._idle_bytes -= size
        return item.unpack() if isinstance(item, _Packed) else item

    @property
    def _has_much_idle(self) -> bool:
        """Whether much would be dropped."""
        return self._idle * WORTH_IT > len(self._items) or self._idle_bytes * WORTH_IT > self._bytes

    def _forget(self) -> None:
        """Drop what no step waits for, so that a server need not keep it for a scenario that waits.

        A client that does not read what others cause may be cut off, rightly.
        """
        self._items = deque(row for row in self._items if row[0].awaited)
        self._bytes = sum(size for _, size in self._items)
        self._idle = self._idle_bytes = 0

    def clear(self) -> None:
        """Drop all messages, but not the end."""
        self._items.clear()
        self._bytes = self._idle = self._idle_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether nothing more should be read before something is taken."""
        return len(self._items) > MAX_WAITING or self._bytes > MAX_BYTES

    @property
    def has_room(self) -> bool:
        """Whether reading can go on."""
        return len(self._items) < MAX_WAITING // 2 and self._bytes < MAX_BYTES // 2
