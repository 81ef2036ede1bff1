"""Passive checks of the stream of events, on each connection and across all of them."""

import json
import time
from collections import OrderedDict
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import msgspec

from conformance.json_text import decode, encode, equal
from conformance.loader.monitor import Monitor
from conformance.model import Failure
from conformance.suites.coda import EVENT, UNREADABLE
from conformance.suites.coda.state_monitors import (
    authenticates,
    data_of,
    message_type,
    unexpected,
)
from conformance.transport import Connection, Message

REMEMBERED: Final = 20_000
DAY: Final = 86_400.0
KEPT_WHOLE: Final = 512
"""Events in a replay to a client that named no place, where session.replay_limit is not less."""

_SORTED: Final = msgspec.json.Encoder(order="sorted")


def sequence(message: Message) -> int | None:
    """The seq of a live event; None for any other message."""
    seq = message.value.get("seq") if isinstance(message.value, dict) else None
    return seq if isinstance(seq, int) and not isinstance(seq, bool) else None


def timestamp(message: Message) -> float | None:
    """The timestamp of a live event; None for any other message."""
    if sequence(message) is None:
        return None
    found = message.value.get("timestamp")
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


class Gapless(Monitor):
    """seq grows by exactly 1 on a connection."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every event but the first after joining, or after what cannot be read."""
        if message.fault or authenticates(message):
            self.noted.pop(connection, None)
        seq = sequence(message)
        if seq is None:
            return None
        last = self.noted.get(connection)
        self.noted[connection] = seq
        if last is None:
            return None
        self.observed += 1
        if seq == last + 1:
            return None
        return unexpected(f"seq {seq} follows seq {last}", f"seq {last + 1}", message, "/seq")


class FollowsJoining(Monitor):
    """The first live event has the seq after session.seq."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the first event of a connection whose session stated a seq."""
        if authenticates(message):
            session = data_of(message).get("session")
            self.noted[connection] = session.get("seq") if isinstance(session, dict) else None
        if message.fault:
            self.noted.pop(connection, None)
        seq = sequence(message)
        if seq is None:
            return None
        joined = self.noted.pop(connection, None)
        if not isinstance(joined, int):
            return None
        self.observed += 1
        if seq == joined + 1:
            return None
        summary = f"the first event has seq {seq} after session.seq {joined}"
        return unexpected(summary, f"seq {joined + 1}", message, "/seq")


class Content(msgspec.Struct, frozen=True):
    """What an event said: its text where that is short, else digests of text and value."""

    text: str
    digests: tuple[bytes, bytes]

    @classmethod
    def of(cls, message: Message) -> "Content":
        """The content of an event, in a bounded form."""
        if len(message.text) <= KEPT_WHOLE:
            return cls(message.text, (b"", b""))
        return cls(
            "",
            (
                _digest(message.text.encode("utf-8", "surrogatepass")),
                _digest(_ordered(message.value)),
            ),
        )

    def is_of(self, message: Message) -> bool:
        """Whether an event says the same; its members may stand in another order."""
        if self.text == message.text:
            return True
        text, _ = self.digests
        digest = _digest(message.text.encode("utf-8", "surrogatepass")) if text else b""
        return bool(text and text == digest) or self.says(message.value)

    def says(self, event: Any) -> bool:
        """Whether an event, as a value, is the same."""
        if self.text:
            return encode(event) == _compact(self.text) or equal(decode(self.text), event)
        return self.digests[1] == _digest(_ordered(event))


@lru_cache(maxsize=KEPT_WHOLE)
def _compact(text: str) -> str:
    """A short event in the kit's own spelling; the same events are replayed again and again."""
    return encode(decode(text))


def _ordered(value: Any) -> bytes:
    try:
        return bytes(_SORTED.encode(value))
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True).encode()


def _digest(text: bytes) -> bytes:
    return sha256(text).digest()


class OneOrder(Monitor):
    """The same seq is the same event on every connection.

    `confirmed` are the events that came alike to a second one. Where no epoch is stated, one begins
    with every start of the target.
    """

    starts: int = 0

    events: OrderedDict[tuple[Any, int], Content] = msgspec.field(default_factory=OrderedDict)
    confirmed: set[tuple[Any, int]] = msgspec.field(default_factory=set)

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every event against what another connection got under its seq."""
        if authenticates(message):
            session = data_of(message).get("session")
            epoch = session.get("epoch") if isinstance(session, dict) else None
            name = f"start {self.starts}" if epoch is None else str(epoch)
            self.noted[connection] = (name, 0)
        seq = sequence(message)
        if seq is None:
            return None
        epoch, last = self.noted.get(connection, (str(None), 0))
        self.noted[connection] = (epoch, seq)
        known = self._known((epoch, seq), message)
        # The first event after joining is EVENT-05's affair, a gap or a repetition EVENT-03's.
        if known is None or seq != last + 1:
            return None
        self.observed += 1
        if known.is_of(message):
            self.confirmed.add((epoch, seq))
            return None
        self.confirmed.discard((epoch, seq))
        summary = f"seq {seq} is a different event on another connection"
        return unexpected(summary, "the same event everywhere", message, "/seq")

    def restarting(self) -> None:
        """Begins another epoch, where the target states none."""
        self.starts += 1

    def _known(self, key: tuple[str, int], message: Message) -> Content | None:
        """What another connection got under a number; None, and it is kept, where none did."""
        known = self.events.get(key)
        if known is None:
            self.events[key] = Content.of(message)
            if len(self.events) > REMEMBERED:
                self.confirmed.discard(self.events.popitem(last=False)[0])
        return known

    def is_short(self, connection: Connection, seq: int) -> bool:
        """Whether an event came live under a number in the epoch of a connection, a short one."""
        epoch, _ = self.noted.get(connection, (str(None), 0))
        content = self.events.get((epoch, seq))
        return content is not None and content.text != ""

    def live(self, connection: Connection, seq: int) -> Content | None:
        """What came live under a number in the epoch of a connection, to several alike."""
        epoch, _ = self.noted.get(connection, (str(None), 0))
        return self.events.get((epoch, seq)) if (epoch, seq) in self.confirmed else None


class UnixTime(Monitor):
    """Timestamps are Unix time, by the target's clock if the kit moves that."""

    moved: float = 0.0

    def clock_moved(self, seconds: float) -> None:
        """Allows for what is added to the target's clock, by which its timestamps may go."""
        self.moved += seconds

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the timestamp of every event against the kit's own clock."""
        stamp = timestamp(message)
        if stamp is None:
            return None
        self.observed += 1
        now = time.time()
        if -DAY <= stamp - now <= DAY + self.moved:
            return None
        expected = f"Unix time in seconds, about {now:.0f}"
        return unexpected(f"the timestamp {stamp} is not now", expected, message, "/timestamp")


class NeverBack(Monitor):
    """Timestamps do not go back."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every event's timestamp against that of the event before it."""
        stamp = timestamp(message)
        if stamp is None:
            return None
        last = self.noted.get(connection)
        self.noted[connection] = stamp
        if last is None:
            return None
        self.observed += 1
        if stamp >= last:
            return None
        summary = f"the timestamp goes back by {float(last) - float(stamp):g} s"
        return unexpected(summary, f"{last} or more", message, "/timestamp")


class ReplayPlace(Monitor):
    """A replay comes once, before the first live event, and is not empty."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every replay by what came before it."""
        if authenticates(message):
            self.observed += 1
            self.noted[connection] = "joined"
        elif sequence(message) is not None:
            self.noted[connection] = "live"
        elif message_type(message) == "replay":
            self.observed += 1
            before = self.noted.get(connection)
            self.noted[connection] = "replayed"
            return self._judge(before, message)
        return None

    def _judge(self, before: str | None, message: Message) -> Failure | None:
        if before != "joined":
            summary = {
                "replayed": "a second replay came",
                "live": "a replay came after a live event",
            }.get(before or "", "a replay came before the auth_result")
            expected = "at most one replay, between auth_result and the first live event"
            return unexpected(summary, expected, message)
        if message.value.get("events") == [] and "data" not in message.value:
            return unexpected("the replay is empty", "no replay at all", message, "/events")
        return None


def one_order() -> OneOrder:
    """The passive check of the one order, which others ask what came live."""
    return OneOrder(
        "one-order",
        "EVENT-04",
        "All connections see the same events in one order",
        kinds=frozenset({EVENT, "auth_result"}),
    )


def event_monitors(order: OneOrder) -> list[Monitor]:
    """The passive checks of this module."""
    events = frozenset({EVENT})
    joining = events | {"auth_result"}
    return [
        Gapless(
            "seq-gapless",
            "EVENT-03",
            "seq grows by 1 from event to event",
            kinds=joining | {UNREADABLE},
        ),
        order,
        FollowsJoining(
            "first-seq",
            "EVENT-05",
            "The first live event follows session.seq",
            kinds=joining | {UNREADABLE},
        ),
        UnixTime("unix-time", "EVENT-06", "Timestamps are Unix time", kinds=events),
        NeverBack("never-back", "EVENT-07", "Timestamps do not go back", kinds=events),
        ReplayPlace(
            "replay-place",
            "EVENT-08",
            "A replay comes once, before live events",
            kinds=joining | {"replay"},
        ),
    ]
