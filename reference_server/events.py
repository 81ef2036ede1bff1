"""Events: one numbered stream for all, with the newest kept for replay."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from reference_server.replay import MAX_HIGH_PRIORITY, Place, Replay, Retained

__all__ = ["HIGH_PRIORITY", "EventStream", "Snapshot", "Subscription"]

# How much longer an event may be than a client's longest message: its wrapping.
_WRAPPING = 4096

HIGH_PRIORITY = frozenset(
    {
        "conversation_start",
        "conversation_end",
        "tts_stop",
        "memory_store",
        "system_info",
        "system_error",
        "system_status",
    }
)


class _Event(msgspec.Struct, frozen=True, gc=False):
    """The envelope of every event (EVENT-01)."""

    version: str
    seq: int
    timestamp: float
    type: str
    data: Any


class Snapshot(NamedTuple):
    """The stream at the moment of joining: its epoch, its last number, and the replay."""

    epoch: str
    seq: int
    replay: Replay | None


class Subscription:
    """A receiver of the stream, and how far into the waiting events it has been served."""

    __slots__ = ("_stream", "served", "write")

    def __init__(self, stream: EventStream, write: Callable[[bytes], None], served: int) -> None:
        self._stream = stream
        self.write = write
        self.served = served

    def send(self, data: bytes) -> None:
        """Write something for this receiver alone, after every event that happened before.

        ORDER-01: answer the messages of one connection in the order in which they arrive.
        """
        waiting = self._stream.waiting[self.served :]
        self.served += len(waiting)
        self.write(b"".join(waiting) + data)


class EventStream:
    """Numbers events and hands them to all subscriptions; events may come from any thread.

    ``wake`` is called, in the thread of the event, when events begin to wait; ``flush`` must then
    be called in the one thread that subscribes. ``frame`` prepares an event's JSON text for
    writing, once rather than once per receiver. ``clock`` gives Unix time in seconds.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        *,
        replay_limit: int = 50,
        retains_all: bool = True,
        max_message_bytes: int = 1 << 20,
        frame: Callable[[bytes], bytes] = bytes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.epoch = secrets.token_hex(16)
        self.seq = 0
        self.waiting: list[bytes] = []
        self._timestamp = 0.0
        self._wake = wake
        self._frame = frame
        self._clock = clock
        self._max_event_bytes = max_message_bytes + _WRAPPING
        high = min(replay_limit, MAX_HIGH_PRIORITY)
        self._high_priority = Retained(high, max_message_bytes)
        self._all = Retained(replay_limit if retains_all else 0, max_message_bytes)
        self._subscriptions: dict[Subscription, None] = {}
        self._encoder = msgspec.json.Encoder()
        self._lock = threading.Lock()

    def push_event(
        self, event_type: str, data: Mapping[str, Any], priority: str | None = None
    ) -> int:
        """Send an event to everybody and return its number; may be called in any thread.

        ``priority`` "high" keeps it for replay, any other does not, None goes by the type. Raises
        ``ValueError`` or ``TypeError`` if ``data`` is not a JSON object, or too long.
        """
        # EVENT-09: An event that cannot be serialised MUST NOT delay, alter or lose any other:
        # it fails here, before it has a number.
        if not isinstance(data, Mapping):
            raise TypeError("the data of an event must be an object")
        text = json.dumps(dict(data), allow_nan=False, ensure_ascii=False).encode()
        is_high = event_type in HIGH_PRIORITY if priority is None else priority == "high"
        return self.append(event_type, msgspec.Raw(text), retain=is_high)

    def append(self, event_type: str, data: object, *, retain: bool = False) -> int:
        """Give an event its number and let it wait for ``flush``; return the number."""
        with self._lock:
            # EVENT-07: timestamp MUST NOT go back from one event to the next.
            timestamp = max(self._timestamp, self._clock())
            event = _Event("1.0", self.seq + 1, timestamp, event_type, data)
            text = self._encoder.encode(event)
            if len(text) > self._max_event_bytes:
                raise ValueError("the event is too long to be sent")
            # EVENT-03: seq MUST grow by exactly 1 from each event to the next.
            self.seq, self._timestamp = event.seq, timestamp
            # REPLAY-11: also while no client is connected.
            self._all.add(event.seq, text)
            if retain:
                self._high_priority.add(event.seq, text)
            self.waiting.append(self._frame(text))
            is_first = len(self.waiting) == 1
        if is_first:
            self._wake()
        return event.seq

    def subscribe(
        self, write: Callable[[bytes], None], place: Place | None = None
    ) -> tuple[Subscription, Snapshot]:
        """Join: every event after the snapshot is written, none before it (EVENT-05).

        The snapshot replays what was missed since ``place``, else the events of high priority.
        """
        with self._lock:
            subscription = Subscription(self, write, len(self.waiting))
            self._subscriptions[subscription] = None
            if place is None:
                replay = self._high_priority.high_priority()
            else:
                replay = self._all.after(place, self.epoch, self.seq)
            return subscription, Snapshot(self.epoch, self.seq, replay)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Leave; leaving twice is harmless."""
        self._subscriptions.pop(subscription, None)

    def flush(self) -> None:
        """Write the waiting events to all subscriptions, as one piece each."""
        with self._lock:
            batch, self.waiting = self.waiting, []
            receivers = [(item, item.served) for item in self._subscriptions]
            for receiver, _ in receivers:
                receiver.served = 0
        # EVENT-04: the same seq and content on every connection: one piece is written to all.
        whole = b"".join(batch)
        for receiver, served in receivers:
            if served == 0:
                receiver.write(whole)
            elif served < len(batch):
                receiver.write(b"".join(batch[served:]))
