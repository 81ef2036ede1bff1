"""Judges recordings: compares what a server said in a transcript with what a model says is due."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.engine.matching import difference, matches
from conformance.errors import InputError, KitError, OutOfReach
from conformance.explore.owed import Owed, Wanted
from conformance.json_text import NotJSON, at, decode
from conformance.loader.exploration import Facts, ProtocolModel
from conformance.loader.expressions import resolve
from conformance.loader.suite import Suite
from conformance.model import TranscriptEntry


class Judgement(msgspec.Struct, frozen=True):
    """How far a recording was accepted, and why no further.

    It is rejected if a `requirement` is broken there; else nothing is known from there on, if
    `reason` says why, or it was accepted to its end.
    """

    judged: int
    """How many entries were judged."""
    entries: int
    kinds: tuple[str, ...] = ()
    """The kinds of actions that were done, one after the other."""
    requirements: frozenset[str] = frozenset()
    """The requirements that were judged and kept."""
    entry: TranscriptEntry | None = None
    requirement: str = ""
    reason: str = ""

    @property
    def pairs(self) -> Iterator[tuple[str, str]]:
        """The kinds of actions that were done one right after the other."""
        return pairwise(self.kinds)

    @property
    def is_rejected(self) -> bool:
        """Whether the server broke a requirement."""
        return bool(self.requirement)


class _Stopped(Exception):
    """Nothing is known from here on."""


class _Rejected(Exception):
    """Something came that is not what is due."""

    def __init__(self, requirement: str, reason: str) -> None:
        super().__init__(reason)
        self.requirement = requirement


class Recording:
    """A recording that is being judged, entry by entry."""

    def __init__(self, suite: Suite, model: ProtocolModel, facts: Facts) -> None:
        self._suite, self._model, self._facts = suite, model, facts
        self.state = model.begin(facts)
        self._owed: dict[str, Owed] = {}
        self._known: dict[str, Any] = dict.fromkeys(("run", "marker"), UNSAID)
        self._opened: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        """For each name, what its latest connection is called here."""
        self._kinds: list[str] = []
        self._lag = 0.0
        """The longest time in seconds that an answer took."""
        self._rest: deque[TranscriptEntry] = deque()
        """The entries behind the one that is being judged."""
        self._kept: set[str] = set()

    def judged(self, entries: Iterable[TranscriptEntry]) -> Judgement:
        """Judge entries as far as the model knows what is due."""
        rows = list(entries)
        self._rest = deque(rows)
        entry, requirement, reason = None, "", ""
        judged = 0
        for row in rows:
            self._rest.popleft()
            try:
                if row.ordinal != judged + 1:
                    raise _Stopped("entries were left out")
                self._hear(row)
            except _Stopped as stopped:
                entry, reason = row, str(stopped)
                break
            except _Rejected as rejected:
                entry, requirement, reason = row, rejected.requirement, str(rejected)
                break
            judged += 1
        if entry is None and any(row.own for row in self._owed.values()):
            reason = "it ends before an answer"
        kept = frozenset(self._kept)
        return Judgement(judged, len(rows), tuple(self._kinds), kept, entry, requirement, reason)

    # ── what the client does ──

    def _hear(self, entry: TranscriptEntry) -> None:
        on = self._names.get(entry.connection, entry.connection)
        owed = self._owed.setdefault(on, Owed())
        if entry.kind == "handshake":
            if entry.direction == "received" and entry.code == OPENED:
                self._open(entry)
        elif entry.direction == "sent" or entry.kind == "hook":
            self._done(entry, on)
        elif entry.kind == "note":
            if entry.text == STOPS_READING:
                raise _Stopped("it stops reading")
        elif entry.kind == "others":
            owed.note_hidden(entry.others)
        elif entry.kind == "text":
            self._came(entry, on, owed)
        elif entry.kind == "end":
            self._ended(entry, on, owed)
        owed.settle()

    def _open(self, entry: TranscriptEntry) -> None:
        """Take a new connection into the state, perhaps under the name of one that has ended."""
        name = entry.connection
        self._opened[name] += 1
        times = self._opened[name]
        self._names[name] = f"{name}_again{times}" if times > 1 else name
        self._done(entry, self._names[name])

    def _done(self, entry: TranscriptEntry, on: str) -> None:
        """Take what the client did into the state, and note what is due."""
        owed = self._owed.setdefault(on, Owed())
        if owed.is_over:
            return
        if any(row.own for name, row in self._owed.items() if name != on):
            raise _Stopped("it was sent while an answer to another connection was on its way")
        if not self._model.elapse(self.state, entry.seconds, self._lag):
            raise _Stopped("it may have come too late")
        sent = replace(entry, connection=on)
        action = self._model.read(self.state, sent, lambda: self._answer(entry, owed), self._know)
        if action is None:
            raise _Stopped("the model does not know what this does")
        turn = action.applied(self.state)
        if turn is None:
            raise _Stopped("it is not known what is due")
        self._kinds.append(action.kind)
        if entry.kind in ("close", "reset"):
            owed.forget()
        until = entry.seconds + self._model.slack(self.state)
        for due in turn.due:
            there = self._owed.setdefault(due.on, Owed())
            there.is_over = there.is_over or "expect_close" in due.row
            is_own = due.on == turn.on or "expect_close" in due.row
            if KINDS & due.row.keys():
                row = Wanted(due.row, due.blames, entry.seconds, until)
                (there.own if is_own else there.others).append(row)

    def _answer(self, entry: TranscriptEntry, owed: Owed) -> Any:
        """Return the next message on a connection; None if it may answer something else."""
        if owed.own:
            return None
        for row in self._rest:
            if (row.connection, row.direction, row.kind) == (entry.connection, "received", "text"):
                return _value_of(row.text)
        return None

    # ── what the server does ──

    def _came(self, entry: TranscriptEntry, on: str, owed: Owed) -> None:
        """Judge a message of the server's."""
        if entry.is_cut:
            raise _Stopped("it was recorded in part only")
        value = _value_of(entry.text)
        if value is None:
            raise _Stopped("the passive checks judge what is no JSON")
        self._let(on, owed)
        if self._take(entry, on, owed, value) or self._is_unasked(owed, value):
            return
        if owed.own and "expect_close" in owed.own[0].row:
            return  # the end comes after whatever was on its way
        if matches(self._suite.inconclusive.rate.refusal, value):
            raise _Stopped("the server had no room for it")
        self._check_end(entry, on)
        wanted = self._meant(owed, value)
        if wanted is None:
            raise _Rejected(self._unasked(on, value), "nothing was due")
        if entry.seconds > wanted.until:
            raise _Stopped("it came too late to tell")
        place, said = self._misfit(wanted, on, value) or ("", "it is due, but not yet")
        raise _Rejected(self._blamed(wanted, owed, on, entry, "other message", value, place), said)

    def _take(self, entry: TranscriptEntry, on: str, owed: Owed, value: Any) -> bool:
        """Take a message as one that is due; return whether it is one.

        What all connections get may have been among the messages that were only counted.
        """
        for rows in (owed.own, owed.others):
            for place, wanted in enumerate(rows):
                if "expect" not in wanted.row or place > owed.hidden:
                    break
                if self._misfit(wanted, on, value) is None:
                    self._save(wanted, on, value)
                    if rows is owed.own:
                        self._lag = max(self._lag, entry.seconds - wanted.sent)
                    owed.hidden -= place
                    for _ in range(place + 1):
                        rows.popleft()
                    return True
                if rows is owed.own and not self._is_relayed(wanted):
                    break
        return False

    def _is_relayed(self, wanted: Wanted) -> bool:
        return wanted.row["expect"].get("type") in self._suite.barrier.relayed

    def _is_unasked(self, owed: Owed, value: Any) -> bool:
        """Return whether a message may come at any time: what reports the past, and live events."""
        kind = value.get("type") if isinstance(value, dict) else None
        if any(row.row.get("expect", {}).get("type") == kind for row in (*owed.own, *owed.others)):
            return False
        if self._suite.unasked.is_valid(value):
            return True
        return kind not in self._suite.barrier.relayed and self._suite.disturbing.is_valid(value)

    def _meant(self, owed: Owed, value: Any) -> Wanted | None:
        """Return what a message seems to stand for."""
        kind = value.get("type") if isinstance(value, dict) else None
        heads = [rows[0] for rows in (owed.own, owed.others) if rows]
        alike = (row for row in heads if row.row.get("expect", {}).get("type") == kind)
        return next(alike, heads[0] if heads else None)

    def _misfit(self, wanted: Wanted, on: str, value: Any) -> tuple[str, str] | None:
        """Return where a message is not what is due, and how; None if it is."""
        row = wanted.row
        found = difference(self._value(row["expect"], on), value)
        if found is not None:
            said = f"{found.pointer}: expected {found.expected}, received {found.received}"
            return found.pointer, said
        if "schema" in row:
            faults = self._suite.schemas.explain_inline(self._value(row["schema"], on), value)
            if faults:
                return faults[0].pointer, f"{faults[0].pointer}: {faults[0].message}"
        for name, path in row.get("save", {}).items():
            if not name.endswith("?") and _at(value, path) is None:
                return path, f"it has no {path}"
        return None

    def _save(self, wanted: Wanted, on: str, value: Any) -> None:
        for name, path in wanted.row.get("save", {}).items():
            found = _at(value, path)
            if found is not None:
                self._known[f"{on}.{name.removesuffix('?')}"] = found
        self._kept.add(wanted.row["requirement"])

    def _ended(self, entry: TranscriptEntry, on: str, owed: Owed) -> None:
        """Judge the end of a connection."""
        self._let(on, owed)
        if not owed.own:
            if not owed.is_over:
                raise _Stopped("the connection ended, which the model does not explain")
            return
        wanted = owed.own[0]
        if "expect" in wanted.row:
            if entry.seconds > wanted.until:
                raise _Stopped("it came too late to tell")
            if self._model.may_end(self.state, on):
                raise _Stopped("the session may have been over")
            blamed = self._blamed(wanted, owed, on, entry, "ended", None)
            raise _Rejected(blamed, "the connection ended")
        codes = wanted.row["expect_close"].get("code", [entry.code])
        if entry.code not in codes:
            said = f"expected a close code of {codes}, received {entry.code}"
            raise _Rejected(wanted.row["requirement"], said)
        self._kept.add(wanted.row["requirement"])
        owed.forget()

    def _check_end(self, entry: TranscriptEntry, on: str) -> None:
        """Raise `_Stopped` if a session that may be over at any time ends after this."""
        ends = (row.kind == "end" and row.connection == entry.connection for row in self._rest)
        if self._model.may_end(self.state, on) and any(ends):
            raise _Stopped("the session may have been over")

    def _let(self, on: str, owed: Owed) -> None:
        """Keep the values that follow from what has come."""
        while owed.own and "let" in owed.own[0].row:
            names = owed.own.popleft().row["let"]
            self._known |= {name: self._value(value, on) for name, value in names.items()}

    # ── blame ──

    def _blamed(
        self,
        wanted: Wanted,
        owed: Owed,
        on: str,
        entry: TranscriptEntry,
        by: str,
        value: Any,
        place: str = "",
    ) -> str:
        """Return the requirement that a difference breaks: of the first row that names it.

        Where the next comes that is due, what was to come before it is late, or missing.
        """
        own = str(wanted.row["requirement"])
        due = (*owed.own, *owed.others)
        rows = (row for row in due if row is not wanted and "expect" in row.row)
        if value is not None and any(self._misfit(row, on, value) is None for row in rows):
            return self._model.order if self._comes_later(wanted, on, entry) else own
        for row in wanted.blames:
            if not row.covers(by, place):
                continue
            if row.like is None or matches(self._value(row.like, on), value):
                return row.requirement
        return own

    def _comes_later(self, wanted: Wanted, on: str, entry: TranscriptEntry) -> bool:
        rest = (row for row in self._rest if row.connection == entry.connection)
        values = (_value_of(row.text) for row in rest if row.kind == "text")
        return any(v is not None and self._misfit(wanted, on, v) is None for v in values)

    def _unasked(self, on: str, value: Any) -> str:
        """Return what a message breaks for which there is no cause."""
        rows = [due for due in self._model.nothing_more(self.state).due if due.on == on]
        if not rows:
            raise _Stopped("it came on a connection that is no session")
        for row in rows[0].blames:
            if row.like is not None and matches(row.like, value):
                return row.requirement
        return str(rows[0].row["requirement"])

    # ── values ──

    def _know(self, name: str) -> Any:
        return self._known.get(name)

    def _value(self, value: Any, on: str) -> Any:
        try:
            return resolve(value, lambda name: self._look_up(name, on), self._suite.functions)
        except (KitError, InputError, OutOfReach) as error:
            raise _Stopped(f"a value is not known: {error}") from None

    def _look_up(self, name: str, on: str) -> Any:
        for place in (name, f"{on}.{name}"):
            if place in self._known:
                return self._known[place]
        if name in self._facts.stated:
            return self._facts.stated[name]
        raise _Stopped(f"${name} is not known")


UNSAID: Final = "\ue000"
"""Replaces `$run` and `$marker`, which have no value in a recording."""

OPENED: Final = 101
STOPS_READING: Final = "stops reading"
KINDS: Final = frozenset(("expect", "expect_close", "let"))


def _value_of(text: str) -> Any:
    """Return the JSON value of a text; None if it has none."""
    try:
        return decode(text)
    except NotJSON:
        return None


def _at(value: Any, path: str) -> Any:
    """Return the value at a pointer; None if there is none."""
    try:
        return at(value, path)
    except LookupError:
        return None
