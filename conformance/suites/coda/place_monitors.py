"""Passive checks beside what clients said in their auth_response: replays, and identities."""

import re
from itertools import pairwise
from typing import Any, Final

import msgspec

from conformance.json_text import equal
from conformance.loader.monitor import ByConnection, Monitor
from conformance.model import Failure
from conformance.suites.coda.event_monitors import KEPT_WHOLE, OneOrder
from conformance.suites.coda.replay_monitors import (
    OfSession,
    disorder,
    events_of,
    has_data,
    is_number,
    limit_of,
    seqs_of,
)
from conformance.suites.coda.state_monitors import authenticates, data_of, message_type, unexpected
from conformance.text.excerpts import shown
from conformance.transport import Connection, Message

_CLIENT_ID: Final = "/data/client_id"
_OTHERWISE: Final = re.compile(r'"last_seq"\s*:(?!\s*\d+\s*[,}])')


class Asked(msgspec.Struct, frozen=True):
    """What a client said of the last event that it saw; whether the server can know the place."""

    last_seq: int
    is_known: bool

    @property
    def first(self) -> int:
        """The number of the first event that is to be replayed, if it is retained."""
        return self.last_seq + 1 if self.is_known else 1


class OfPlace(OfSession):
    """A check of replays with data, beside what their clients said in their auth_response."""

    all_said: ByConnection[list[dict[str, Any]]] = msgspec.field(default_factory=ByConnection)
    results: ByConnection[int] = msgspec.field(default_factory=ByConnection)

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Keeps what an auth_response says, until its auth_result comes."""
        if not isinstance(value, dict) or value.get("type") != "auth_response":
            return
        data = value.get("data")
        said = dict(data) if isinstance(data, dict) else {}
        # How a number is spelled is another requirement's affair.
        if _OTHERWISE.search(text):
            said.pop("last_seq", None)
        self.all_said.setdefault(connection, []).append(said)

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Counts results, so that each is taken for that of its own auth_response."""
        if message_type(message) == "auth_result":
            self.results[connection] = self.results.get(connection, 0) + 1
        return super().received(connection, message)

    def said(self, connection: Connection) -> dict[str, Any] | None:
        """The data of the auth_response that the latest auth_result answers, if that is certain."""
        said = self.all_said.get(connection, [])
        is_certain = len(said) == self.results.get(connection)
        return said[-1] if said and is_certain else None

    def asked(self, connection: Connection, session: dict[str, Any]) -> Asked | None:
        """What the client of a session asked for; None where that cannot be told."""
        said = self.said(connection) or {}
        last_seq, seq = said.get("last_seq", ""), session.get("seq", "")
        if not is_number(last_seq) or not is_number(seq):
            return None
        epoch = said.get("last_epoch")
        is_known = epoch is not None and epoch == session.get("epoch") and last_seq <= seq
        return Asked(last_seq, is_known)


class ReplayRun(OfPlace, kw_only=True):
    """A replay with data holds each missed event once, in order and without a gap."""

    order: OneOrder

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges the numbers of every replay with data."""
        asked = self.asked(connection, session) if has_data(message) else None
        if asked is None:
            return None
        self.observed += 1
        seqs = seqs_of(message)
        failure = disorder(seqs, session.get("seq"), message) or _gap(seqs, message)
        if failure is not None or not asked.is_known:
            return failure
        if seqs and seqs[0] < asked.first:
            summary = f"a replay holds seq {seqs[0]}, and last_seq is {asked.last_seq}"
            return unexpected(summary, f"no event before seq {asked.first}", message, "/events")
        missed = range(asked.first, session["seq"] + 1)
        number = missed.stop - missed.start  # which may be too large for `len`
        if number > limit_of(session) or len(seqs) == number:
            return None
        if not _all_fit(self.order, connection, missed, session):
            return None
        summary = f"a replay holds {len(seqs)} events of {len(missed)} that were missed"
        expected = f"the events {missed.start} to {missed.stop - 1}"
        return unexpected(summary, expected, message, "/events")


def _gap(seqs: list[int], message: Message) -> Failure | None:
    """What is wrong with numbers in ascending order, of which none may be left out."""
    for one, other in pairwise(seqs):
        if other != one + 1:
            summary = f"seq {other} follows seq {one} in a replay"
            return unexpected(summary, f"seq {one + 1}", message, "/events")
    return None


def _all_fit(order: OneOrder, connection: Connection, seqs: range, session: dict[str, Any]) -> bool:
    """Whether events are known to be so short that one message holds all of them."""
    most = session.get("max_message_bytes", 0)
    if not is_number(most) or (len(seqs) + 1) * 2 * KEPT_WHOLE > most:
        return False
    return all(order.is_short(connection, seq) for seq in seqs)


class ReplayFull(OfPlace, kw_only=True):
    """A replay with data is as long as it may be where more was missed."""

    order: OneOrder

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges replays for clients that missed more short events than replay_limit."""
        asked = self.asked(connection, session) if has_data(message) else None
        if asked is None or not asked.is_known:
            return None
        last, limit, seqs = session["seq"], limit_of(session), seqs_of(message)
        newest = range(last - limit + 1, last + 1)
        if newest.start <= asked.first or not _all_fit(self.order, connection, newest, session):
            return None
        self.observed += 1
        if len(seqs) >= limit and max(seqs) == last:
            return None
        summary = f"a replay holds {len(seqs)} events up to {seqs[-1] if seqs else 'none'}"
        expected = f"the newest {limit}, {newest.start} to {last}"
        return unexpected(summary, expected, message, "/events")


class ReplayTruncated(OfPlace):
    """A replay with data says whether something is lost."""

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges that truncated is a boolean, and the right one where the place is known."""
        if not has_data(message):
            return None
        self.observed += 1
        truncated = data_of(message).get("truncated")
        if not isinstance(truncated, bool):
            return unexpected("truncated is not a boolean", "a boolean", message, "/data/truncated")
        asked, seqs = self.asked(connection, session), seqs_of(message)
        if asked is None or not asked.is_known or len(seqs) != len(events_of(message)):
            return None
        missed = range(asked.first, session["seq"] + 1)
        is_lost = (
            min(seqs) > missed[0] or max(seqs) < missed[-1] if seqs and missed else bool(missed)
        )
        if truncated is is_lost:
            return None
        summary = f"truncated is {shown(truncated)} for last_seq {asked.last_seq}"
        return unexpected(summary, shown(not truncated), message, "/data/truncated")


class ReplayOfNoPlace(OfPlace):
    """A replay for a place that the server cannot know is truncated."""

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges truncated for every last_seq without its epoch, of another or of the future."""
        asked = self.asked(connection, session) if has_data(message) else None
        if asked is None or asked.is_known:
            return None
        self.observed += 1
        if data_of(message).get("truncated") is not False:
            return None
        summary = f"truncated is false for last_seq {asked.last_seq}, whose place is unknown"
        return unexpected(summary, "true", message, "/data/truncated")


class ReplayRange(OfPlace):
    """from_seq and to_seq are those of the first and the last event."""

    def judge(
        self, connection: Connection, session: dict[str, Any], message: Message
    ) -> Failure | None:
        """Judges both, or that neither is there, in every replay with data."""
        asked = self.asked(connection, session) if has_data(message) else None
        if asked is None or len(seqs_of(message)) != len(events_of(message)):
            return None
        self.observed += 1
        seqs, data = seqs_of(message), data_of(message)
        for name, place in (("from_seq", 0), ("to_seq", -1)):
            wanted = seqs[place] if seqs else None
            if wanted is None and name not in data:
                continue
            if wanted is None or not equal(data.get(name), wanted):
                summary = f"{name} of a replay is {shown(data.get(name))}"
                expected = f"{wanted}" if seqs else "nothing, as there is no event"
                return unexpected(summary, expected, message, f"/data/{name}")
        return None


class FreshClient(OfPlace):
    """A challenge_token session that resumes no other has a client_id of its own."""

    seen: set[int] = msgspec.field(default_factory=set)

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the client_id of every session that was opened by a token alone."""
        super().received(connection, message)
        client_id = data_of(message).get("client_id")
        if not authenticates(message) or not isinstance(client_id, str):
            return None
        known = hash(client_id) in self.seen
        self.seen.add(hash(client_id))
        said = self.said(connection)
        by_token = said is not None and said.get("method", "challenge_token") == "challenge_token"
        if said is None or not by_token or not said.keys().isdisjoint(("resume", "proof")):
            return None
        self.observed += 1
        if not known:
            return None
        return unexpected("a client_id was given twice", "a fresh client_id", message, _CLIENT_ID)


def place_monitors(order: OneOrder) -> list[Monitor]:
    """The passive checks of this module."""
    kinds = frozenset({"auth_result", "replay"})
    return [
        FreshClient(
            "client-id-fresh",
            "AUTH-08",
            "No client_id is given twice to clients that resume nothing",
            kinds=frozenset({"auth_result"}),
        ),
        ReplayRange(
            "replay-range", "REPLAY-04", "from_seq and to_seq are those of the events", kinds=kinds
        ),
        ReplayRun(
            "replay-run",
            "REPLAY-03",
            "A replay with data holds every missed event, once and without a gap",
            kinds=kinds,
            order=order,
        ),
        ReplayTruncated(
            "replay-truncated",
            "REPLAY-05",
            "Every replay with data states correctly whether events are lost",
            kinds=kinds,
        ),
        ReplayFull(
            "replay-full",
            "REPLAY-06",
            "A replay is as long as it may be if more was missed",
            kinds=kinds,
            order=order,
        ),
        ReplayOfNoPlace(
            "replay-of-no-place",
            "REPLAY-07",
            "A replay for a place that the server cannot know is truncated",
            kinds=kinds,
        ),
    ]
