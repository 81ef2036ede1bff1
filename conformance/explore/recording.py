"""Judges recordings: compares what a server said in a transcript with what a model says is due."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.engine.matching import difference, matches
from conformance.errors import KitError
from conformance.json_text import NotJSON, at, decode
from conformance.loader.exploration import Facts, ProtocolModel
from conformance.loader.expressions import resolve
from conformance.loader.suite import Suite
from conformance.model import Blame, TranscriptEntry


class Judgement(msgspec.Struct, frozen=True):
    """What became of a recording: accepted up to an entry, and what is said of that entry.

    It is rejected if a `requirement` is broken there; else nothing is known from there on, if
    `reason` says why, or it was accepted to its end.
    """

    judged: int
    """How many entries were judged."""
    entries: int
    kinds: tuple[str, ...] = ()
    """The kinds of actions that were done, one after the other."""
    requirements: frozenset[str] = frozenset()
    """What was kept wherever it was judged."""
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


class _Wanted(msgspec.Struct, frozen=True):
    """Something that is due, and the connection whose client caused it."""

    row: dict[str, Any]
    blames: tuple[Blame, ...]
    cause: str


class Recording:
    """A recording that is being judged, entry by entry."""

    def __init__(self, suite: Suite, model: ProtocolModel, facts: Facts) -> None:
        self._suite, self._model, self._facts = suite, model, facts
        self.state = model.begin(facts)
        self._wanted: dict[str, deque[_Wanted]] = {}
        self._known: dict[str, Any] = dict.fromkeys(("run", "marker"), UNSAID)
        self._opened: list[str] = []
        self._names: dict[str, str] = {}
        """What the connection is called that has a name at the moment."""
        self._hidden: Counter[str] = Counter()
        """Messages for others that a connection got, which a recording only counts."""
        self._over: set[str] = set()
        """Connections that have ended or whose end is due."""
        self._kinds: list[str] = []
        self._rest: deque[TranscriptEntry] = deque()
        """What comes after the entry that is being judged."""
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
                named = self._names.get(row.connection, row.connection)
                self._hear(replace(row, connection=named))
            except _Stopped as stopped:
                entry, reason = row, str(stopped)
                break
            except _Rejected as rejected:
                entry, requirement, reason = row, rejected.requirement, str(rejected)
                break
            judged += 1
        kept = frozenset(self._kept)
        return Judgement(judged, len(rows), tuple(self._kinds), kept, entry, requirement, reason)

    def _hear(self, entry: TranscriptEntry) -> None:
        if entry.kind == "handshake":
            if entry.direction == "received" and entry.code == OPENED:
                self._open(entry)
        elif entry.direction == "sent" or entry.kind == "hook":
            self._done(entry, self._answer(entry))
        elif entry.kind == "others":
            self._hidden[entry.connection] += entry.others
        elif entry.kind == "text":
            self._came(entry)
        elif entry.kind in ("end", "reset"):
            self._ended(entry)

    def _open(self, entry: TranscriptEntry) -> None:
        """Take a new connection into the state, perhaps under the name of one that has ended."""
        name = entry.connection.partition("#")[0]
        times = sum(row == name or row.startswith(f"{name}#") for row in self._opened)
        self._names[name] = f"{name}#{times + 1}" if times else name
        self._opened.append(self._names[name])
        self._done(replace(entry, connection=self._names[name]), None)

    def _done(self, entry: TranscriptEntry, answer: Any) -> None:
        """Take what the client did into the state, and note what is due."""
        on = entry.connection
        if on in self._over:
            return
        if any(row.cause == name != on for name, rows in self._wanted.items() for row in rows):
            raise _Stopped("it was sent while an answer to another connection was on its way")
        if not self._model.elapse(self.state, entry.seconds):
            raise _Stopped("it may have come too late")
        action = self._model.read(self.state, entry, answer, self._known.get)
        if action is None:
            raise _Stopped("the model does not know what this does")
        turn = action.applied(self.state)
        if turn is None:
            raise _Stopped("it is not known what is due")
        self._kinds.append(action.kind)
        for due in turn.due:
            if "expect_close" in due.row:
                self._over.add(due.on)
            if KINDS & due.row.keys():
                row = _Wanted(due.row, due.blames, turn.on)
                self._wanted.setdefault(due.on, deque()).append(row)

    def _answer(self, entry: TranscriptEntry) -> Any:
        """Return the next message on the connection of an entry; None if none can be read."""
        name = entry.connection.partition("#")[0]
        for row in self._rest:
            if (row.connection, row.direction, row.kind) == (name, "received", "text"):
                return _value_of(row.text)
        return None

    def _came(self, entry: TranscriptEntry) -> None:
        """Judge a message of the server's."""
        if entry.is_cut:
            raise _Stopped("it was recorded in part only")
        try:
            value = decode(entry.text)
        except NotJSON:
            raise _Stopped("the passive checks judge what is no JSON") from None
        on, wanted = entry.connection, self._next(entry.connection)
        kind = value.get("type") if isinstance(value, dict) else None
        while wanted is not None and self._may_be_hidden(wanted, on, value):
            self._hidden[on] -= 1
            wanted = self._next(on)
        expected = {} if wanted is None else wanted.row.get("expect", {})
        if self._suite.unasked.is_valid(value) and expected.get("type") != kind:
            self._put_back(on, wanted)
        elif wanted is None:
            raise _Rejected(self._unasked(on, value), "nothing was due")
        elif "expect" in wanted.row:
            self._compare(on, wanted, value)
        else:
            self._put_back(on, wanted)  # its end comes after whatever was on its way

    def _may_be_hidden(self, wanted: _Wanted, on: str, value: Any) -> bool:
        """Return whether what all connections get may be among the messages for others."""
        if "expect" not in wanted.row or not self._hidden[on]:
            return False
        is_relayed = wanted.row["expect"].get("type") in self._suite.barrier.relayed
        return (is_relayed or wanted.cause != on) and not self._matches(wanted, on, value)

    def _put_back(self, on: str, wanted: _Wanted | None) -> None:
        if wanted is not None:
            self._wanted[on].appendleft(wanted)

    def _compare(self, on: str, wanted: _Wanted, value: Any) -> None:
        row = wanted.row
        expected = self._value(row["expect"], on)
        found = difference(expected, value)
        if found is not None:
            said = f"{found.pointer}: expected {found.expected}, received {found.received}"
            raise _Rejected(self._blamed(wanted, on, "other message", value, found.pointer), said)
        if "schema" in row:
            faults = self._suite.schemas.explain_inline(self._value(row["schema"], on), value)
            if faults:
                place = faults[0].pointer
                said = f"{place}: {faults[0].message}"
                raise _Rejected(self._blamed(wanted, on, "other message", value, place), said)
        for name, path in row.get("save", {}).items():
            try:
                self._known[f"{on}.{name.removesuffix('?')}"] = at(value, path)
            except LookupError:
                if not name.endswith("?"):
                    said = f"it has no {path}"
                    raise _Rejected(
                        self._blamed(wanted, on, "other message", value, path), said
                    ) from None
        self._kept.add(row["requirement"])

    def _ended(self, entry: TranscriptEntry) -> None:
        """Judge the end of a connection."""
        on = entry.connection
        wanted = self._next(on)
        if wanted is None:
            if on not in self._over:
                raise _Stopped("the connection ended, which the model does not explain")
            return
        if "expect" in wanted.row:
            raise _Rejected(self._blamed(wanted, on, "ended", None), "the connection ended")
        codes = wanted.row["expect_close"].get("code", [entry.code])
        if entry.code is not None and entry.code not in codes:
            said = f"expected a close code of {codes}, received {entry.code}"
            raise _Rejected(wanted.row["requirement"], said)
        self._kept.add(wanted.row["requirement"])
        self._wanted.pop(on, None)

    def _next(self, on: str) -> _Wanted | None:
        """Take the next that is due on a connection."""
        rows = self._wanted.get(on, deque())
        while rows and "let" in rows[0].row:
            names = rows.popleft().row["let"]
            self._known |= {name: self._value(value, on) for name, value in names.items()}
        return rows.popleft() if rows else None

    def _blamed(self, wanted: _Wanted, on: str, by: str, value: Any, place: str = "") -> str:
        """Return the requirement that a difference breaks: of the first row that names it.

        Where the next comes that is due, what was to come before it is late, or missing.
        """
        own = str(wanted.row["requirement"])
        later = self._wanted.get(on, ())
        if any("expect" in row.row and self._matches(row, on, value) for row in later):
            return self._model.order if self._comes_later(wanted, on) else own
        for row in wanted.blames:
            is_there = row.by in ("", by) and f"{place}/".startswith(f"{row.at}/")
            if is_there and (row.like is None or matches(self._value(row.like, on), value)):
                return row.requirement
        return own

    def _comes_later(self, wanted: _Wanted, on: str) -> bool:
        name = on.partition("#")[0]
        rest = (row for row in self._rest if row.connection == name and row.kind == "text")
        values = (_value_of(row.text) for row in rest if row.direction == "received")
        return any(self._matches(wanted, on, value) for value in values)

    def _matches(self, wanted: _Wanted, on: str, value: Any) -> bool:
        try:
            return matches(self._value(wanted.row["expect"], on), value)
        except _Stopped:
            return False

    def _unasked(self, on: str, value: Any) -> str:
        """Return what a message breaks for which there is no cause."""
        rows = [due for due in self._model.nothing_more(self.state).due if due.on == on]
        if not rows:
            raise _Stopped("it came on a connection that is no session")
        return self._blamed(_Wanted(rows[0].row, rows[0].blames, on), on, "other message", value)

    def _value(self, value: Any, on: str) -> Any:
        try:
            return resolve(value, lambda name: self._look_up(name, on), self._suite.functions)
        except KitError as error:
            raise _Stopped(f"a value is not known: {error}") from None

    def _look_up(self, name: str, on: str) -> Any:
        for place in (name, f"{on}.{name}"):
            if place in self._known:
                return self._known[place]
        if name in self._facts.stated:
            return self._facts.stated[name]
        raise _Stopped(f"${name} is not known")


UNSAID: Final = "said in no recording"
"""What stands for the parts of texts that are unlike all others when a dialogue is played."""

OPENED: Final = 101
KINDS: Final = frozenset(("expect", "expect_close", "let"))


def _value_of(text: str) -> Any:
    """Return the JSON value of a text; None if it has none."""
    try:
        return decode(text)
    except NotJSON:
        return None
