"""The transcript of a dialogue: what crossed the wire and what the kit did, entry by entry.

It is bounded: the first and the last entries are kept, and those around the evidence. Each has its
ordinal, so that a gap shows how many were left out.
"""

from collections import deque
from typing import Final

from msgspec.structs import replace

from conformance.model import Direction, Kind, TranscriptEntry
from conformance.record.secrets import READ, Secrets

HEAD: Final = 60
TAIL: Final = 140
BEFORE: Final = 8
AFTER: Final = 2
"""Entries kept before and after one that is evidence."""
MOST_EVIDENCE: Final = 200
SHOWN: Final = 2_000
"""Characters of an entry's text that a report holds."""


class Transcript:
    """The entries of one dialogue; those in the middle of a long one are only counted."""

    def __init__(self, secrets: Secrets) -> None:
        self.count = 0
        self._secrets = secrets
        self._head: list[TranscriptEntry] = []
        self._tail: deque[TranscriptEntry] = deque(maxlen=TAIL)
        self._evidence: dict[int, TranscriptEntry] = {}
        self._evidence_until = 0
        self._others: dict[str, TranscriptEntry] = {}
        self._last: dict[str, int] = {}

    def add(
        self,
        seconds: float,
        connection: str,
        direction: Direction,
        kind: Kind,
        text: str = "",
        *,
        code: int | None = None,
        how: str = "",
    ) -> int:
        """Add an entry and return its ordinal; `seconds` count from the scenario's start."""
        self._others.clear()
        where = (self._next(), seconds, connection, direction, kind)
        self._append(TranscriptEntry(*where, text[:READ], len(text), code, how))
        self._last[connection] = self.count
        return self.count

    def add_other(self, seconds: float, connection: str) -> None:
        """Count a message that concerns other clients, with those that came since anything else.

        However many there are, they push nothing out that belongs to the dialogue.
        """
        if connection in self._others:
            self._others[connection].others += 1
            return
        where = (self._next(), seconds, connection)
        found = self._others[connection] = TranscriptEntry(*where, "received", "others", others=1)
        self._append(found)

    def last(self, connection: str) -> int:
        """Return the ordinal of the last entry of a connection, or else of all, but for others'."""
        return self._last.get(connection, self.count)

    def _next(self) -> int:
        self.count += 1
        return self.count

    def keep(self, ordinal: int) -> None:
        """Keep an entry and those around it as evidence, however long the dialogue goes on."""
        if len(self._evidence) < MOST_EVIDENCE:
            around = range(ordinal - BEFORE, ordinal + AFTER + 1)
            self._evidence |= {row.ordinal: row for row in self._tail if row.ordinal in around}
            self._evidence_until = max(self._evidence_until, ordinal + AFTER)

    def _append(self, entry: TranscriptEntry) -> None:
        if len(self._head) < HEAD:
            self._head.append(entry)
            return
        self._tail.append(entry)
        if entry.ordinal <= self._evidence_until:
            self._evidence[entry.ordinal] = entry

    def entries(self) -> tuple[TranscriptEntry, ...]:
        """Return the entries for a report, in order and without secrets."""
        kept = {row.ordinal: row for row in self._head} | self._evidence
        kept |= {row.ordinal: row for row in self._tail}
        return tuple(self._shown(kept[ordinal]) for ordinal in sorted(kept))

    def _shown(self, entry: TranscriptEntry) -> TranscriptEntry:
        text, whole = self._secrets.beginning(entry.text, SHOWN, entry.size)
        how = self._secrets.hide(entry.how)
        return replace(entry, text=text, is_cut=not whole, how=how)
