"""Passive checks of replays: their events, and what is said about them."""

from itertools import pairwise
from typing import Any, Final

from conformance.documents.schemas import SchemaStore
from conformance.loader.monitor import Monitor
from conformance.model import Failure
from conformance.suites.coda.event_monitors import OneOrder
from conformance.suites.coda.state_monitors import (
    authenticates,
    data_of,
    message_type,
    unexpected,
)
from conformance.transport import Connection, Message

LIMIT: Final = 50
"""Events of a replay, where a server does not state otherwise."""

MOST_OF_HIGH_PRIORITY: Final = 50


def is_replay(message: Message) -> bool:
    """Whether a message is a replay, and no event."""
    return message_type(message) == "replay" and "seq" not in message.value


def has_data(message: Message) -> bool:
    """Whether a replay is one for a client that sent a last_seq."""
    return isinstance(message.value, dict) and "data" in message.value


def events_of(message: Message) -> list[Any]:
    """The events of a replay; empty where it has none that are an array."""
    events = message.value.get("events")
    return events if isinstance(events, list) else []


def seqs_of(message: Message) -> list[int]:
    """The numbers of a replay's events that have one."""
    found = (event.get("seq") for event in events_of(message) if isinstance(event, dict))
    return [seq for seq in found if isinstance(seq, int) and not isinstance(seq, bool)]


def is_number(value: Any) -> bool:
    """Whether a value is an integer, which true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)


def limit_of(session: dict[str, Any]) -> int:
    """How many events a replay of a session may hold."""
    stated = session.get("replay_limit", LIMIT)
    return int(stated) if is_number(stated) else LIMIT


def _claims_replay(session: dict[str, Any]) -> bool:
    features = session.get("features")
    return isinstance(features, list) and "replay" in features


class OfSession(Monitor):
    """A check of replays, beside what their session stated."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Keeps what a session states, and judges every replay behind it."""
        if authenticates(message):
            session = data_of(message).get("session")
            self.noted[connection] = session if isinstance(session, dict) else {}
            return None
        if not is_replay(message):
            return None
        return self.judge(connection, self.noted.get(connection, {}), message)

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """What is wrong with a replay."""
        raise NotImplementedError


class ReplayShape(OfSession, kw_only=True):
    """The events of a replay are an array of events; without data, in ascending order."""

    schemas: SchemaStore
    live: Monitor

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges the array, then every event in it, and the order of one without data."""
        self.observed += 1
        return self._judge(session, message)

    def _judge(self, session: dict[str, Any], message: Message) -> Failure | None:
        events = message.value.get("events")
        if not isinstance(events, list):
            return unexpected("a replay has no array of events", "an array", message, "/events")
        # What is wrong with every event is the affair of the check of live ones.
        for place, event in enumerate(events if not self.live.violated else ()):
            for fault in self.schemas.explain("event", event):
                where = f"/events/{place}{fault.pointer}"
                summary = f"an event of a replay breaks its schema at {where}"
                return unexpected(summary, "an event of schemas/event.json", message, where)
        if has_data(message):
            return None
        if len(events) > MOST_OF_HIGH_PRIORITY and not _claims_replay(session):
            summary = f"a replay holds {len(events)} events"
            return unexpected(summary, f"{MOST_OF_HIGH_PRIORITY} at most", message, "/events")
        return disorder(seqs_of(message), session.get("seq"), message)


def disorder(seqs: list[int], last: Any, message: Message) -> Failure | None:
    """What is wrong with the order of replayed events."""
    for one, other in pairwise(seqs):
        if other <= one:
            summary = f"seq {other} follows seq {one} in a replay"
            return unexpected(summary, "events in ascending order of seq", message, "/events")
    if seqs and isinstance(last, int) and seqs[-1] > last:
        summary = f"a replay holds seq {seqs[-1]} after session.seq {last}"
        return unexpected(summary, f"no event after seq {last}", message, "/events")
    return None


class ReplayedAsSent(OfSession, kw_only=True):
    """Replayed events are as they were sent live, to several connections of this run."""

    with_data: bool
    order: OneOrder

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every replayed event that came live before."""
        if not is_replay(message) or has_data(message) is not self.with_data:
            return None
        for place, event in enumerate(events_of(message)):
            seq = event.get("seq") if isinstance(event, dict) else None
            live = self.order.live(connection, seq) if isinstance(seq, int) else None
            if live is None:
                continue
            self.observed += 1
            if not live.says(event):
                summary = f"seq {seq} is replayed as a different event than was sent live"
                where = f"/events/{place}"
                return unexpected(summary, "the event as it was sent live", message, where)
        return None


class ReplayBound(OfSession, kw_only=True):
    """A replay holds no more events, and is no longer, than the session states."""

    with_data: bool

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges the number of events and the length of every replay of one sort."""
        if has_data(message) is not self.with_data or not _claims_replay(session):
            return None
        self.observed += 1
        limit = limit_of(session)
        most = limit if self.with_data else min(limit, MOST_OF_HIGH_PRIORITY)
        held = len(events_of(message))
        if held > most:
            return unexpected(f"a replay holds {held} events", f"{most} at most", message)
        longest = session.get("max_message_bytes")
        size = len(message.text.encode("utf-8", "surrogatepass"))
        if self.with_data and isinstance(longest, int) and size > longest:
            return unexpected(f"a replay has {size} bytes", f"{longest} at most", message)
        return None


def replay_monitors(schemas: SchemaStore, order: OneOrder, live: Monitor) -> list[Monitor]:
    """The passive checks of this module."""
    kinds = frozenset({"auth_result", "replay"})
    as_sent = "Replayed events are as they were sent live"
    return [
        ReplayShape(
            "replay-events",
            "EVENT-10",
            "Every replay has an array of events, in order if it has no data",
            kinds=kinds,
            schemas=schemas,
            live=live,
        ),
        ReplayedAsSent(
            "replayed-as-sent", "EVENT-10", as_sent, kinds=kinds, order=order, with_data=False
        ),
        ReplayedAsSent(
            "missed-as-sent", "REPLAY-03", as_sent, kinds=kinds, order=order, with_data=True
        ),
        ReplayBound(
            "replay-bound",
            "REPLAY-06",
            "A replay with data keeps to replay_limit and max_message_bytes",
            kinds=kinds,
            with_data=True,
        ),
        ReplayBound(
            "newcomers-bound",
            "REPLAY-09",
            "A replay without data keeps to replay_limit and to 50 events",
            kinds=kinds,
            with_data=False,
        ),
    ]
