"""Place: up to which event a client has missed nothing, and which events it passes on."""

from enum import Enum

from coda_client.incoming import Event, Replay
from coda_client.session import Session

__all__ = ["Live", "Place"]


class Live(Enum):
    """What to do with a live event."""

    PASS = "pass it on"  # noqa: S105
    DROP = "drop it: it is known"
    GAP = "there is a gap before it; pass it on"
    GAP_KNOWN = "there is a gap before it; drop it: it is known"
    REJOIN = "there is a gap before it; connect again, and drop it: the replay will bring it"


class Place:
    """The numbers of one client, across its connections."""

    def __init__(self) -> None:
        self.epoch: str | None = None
        self.number: int | None = None
        """The place is (epoch, number), if there is a number."""
        self._passed = 0
        """The greatest number passed on in the epoch."""
        self._before: int | None = None
        """The number before the next live event of this session."""
        self._session: Session | None = None
        self._due = False
        self._joining = False
        self._told = False

    @property
    def stated(self) -> dict[str, object]:
        """The members of an auth_response that state the place."""
        if self.number is None:
            return {}
        return {"last_seq": self.number, "last_epoch": self.epoch}  # CLIENT-39, CLIENT-40

    @property
    def is_due(self) -> bool:
        """Whether a replay with data is still to come."""
        return self._due

    def join(self, session: Session, stated: bool) -> bool:
        """A session begins; `stated` says whether its auth_response stated the place.

        Returns whether the user has to be told that events may be missing.
        """
        again, other = self._session is not None, session.epoch != self.epoch
        self._due = stated and "replay" in session.features
        self._joining = True
        self._before = session.seq
        missed = again and other  # CLIENT-36
        if other or session.epoch is None:
            self._passed = 0  # CLIENT-38
        if again and not other and not self._due and self.number is not None:
            missed = session.seq is not None and session.seq > self.number  # CLIENT-36
        self._session = session
        self._told = missed
        if not self._due:
            self._arrive()
        return missed

    def replay(self, replay: Replay) -> tuple[list[Event], bool]:
        """The events of a replay to pass on, and whether the user has to be told of a gap."""
        session = self._session
        if session is None or not self._joining or (self._due and replay.truncated is None):
            return [], False
        last = self._before if self._before is not None else 2**53
        start = self.number
        fresh: list[Event] = []
        for event in replay.events:
            if self._passed < event.seq <= last:  # CLIENT-31
                self._passed = event.seq
                fresh.append(event)
        missed = False
        if self._due:
            missed = bool(replay.truncated) or self._is_short(start, fresh)  # CLIENT-36
            self._due = False
            self._arrive()
        self._end_joining()
        missed, self._told = missed and not self._told, False
        return fresh, missed

    def live(self, event: Event) -> Live:
        """What to do with a live event."""
        session = self._session
        assert session is not None
        if self._due:
            return Live.REJOIN
        self._end_joining()
        before, seq = self._before, event.seq
        if before is not None and seq == before:
            return Live.DROP
        if before is not None and seq != before + 1:  # CLIENT-33
            return self._gap(seq, session)
        self._before = seq  # CLIENT-32
        if seq <= self._passed:
            return Live.DROP  # CLIENT-31
        self._pass(seq, session)
        return Live.PASS

    def _gap(self, seq: int, session: Session) -> Live:
        if "replay" in session.features:
            return Live.REJOIN  # CLIENT-34, CLIENT-35
        self._before = seq
        if seq <= self._passed and session.epoch is not None:
            return Live.GAP_KNOWN  # CLIENT-31
        self._pass(seq, session)
        return Live.GAP

    def _pass(self, seq: int, session: Session) -> None:
        self._passed = seq
        self.number = seq if session.epoch is not None else None

    def _arrive(self) -> None:
        """The place is where the session began."""
        session = self._session
        assert session is not None
        self.epoch = session.epoch
        self.number = session.seq if session.epoch is not None else None

    def _end_joining(self) -> None:
        """The replay is behind us, or there will be none: go on from session.seq."""
        if self._joining and self._before is not None:
            self._passed = min(self._passed, self._before)  # CLIENT-37
        self._joining = False

    def _is_short(self, start: int | None, fresh: list[Event]) -> bool:
        """Whether a replay that claims to be whole leaves out an event after the place."""
        session = self._session
        assert session is not None
        if start is None or session.seq is None or session.epoch != self.epoch:
            return False
        numbers = [event.seq for event in fresh if event.seq > start]
        return numbers != list(range(start + 1, session.seq + 1))
