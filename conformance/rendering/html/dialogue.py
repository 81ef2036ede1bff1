"""A dialogue as the page draws it: its steps in words, and its entries with the guilty one."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from conformance.model import Failure, Result, StepRecord, TranscriptEntry
from conformance.record.evidence import words as words_of
from conformance.record.kinds import Kinds
from conformance.record.role import SERVER
from conformance.record.wording import words
from conformance.text.excerpts import cut

MOST_TEXT: Final = 700
"""Characters of a message that the page holds; the JSON report has more."""
HEAD: Final = 12
BEFORE: Final = 16
AFTER: Final = 6
"""Entries that the page holds: the first, and those before and after the guilty one."""

_VERBS: Final = {
    "accept": "Accepts",
    "call": "Goes through",
    "close": "Closes",
    "command": "Asks the client",
    "connect": "Connects",
    "drop": "Drops the connection",
    "expect": "Expects",
    "expect_absent": "Expects none",
    "expect_connection": "Expects a connection",
    "expect_no_connection": "Expects no connection",
    "expect_no_notice": "Expects no notice",
    "expect_notice": "Expects a notice",
    "expect_close": "Expects the end",
    "expect_pong": "Expects a pong",
    "let": "Names",
    "listen": "Listens again",
    "ping": "Sends a ping",
    "repeat": "Repeats",
    "send": "Sends",
    "send_raw": "Sends raw",
    "start": "Starts the client",
    "stop_listening": "Stops listening",
    "wait": "Waits",
}

_TURNED: Final = {"s": "r", "r": "s", "n": "n"}

_SILENT: Final = frozenset({"missing", "stays open"})
"""Divergences in which nothing came: the silence is drawn."""


def steps(rows: Iterable[StepRecord]) -> list[list[str]]:
    """Return steps as rows: phase, state, what it does, on which connection, what it says, note."""
    return [
        [
            row.phase,
            row.state,
            _VERBS.get(row.verb, row.verb.replace("_", " ").capitalize()),
            row.connection,
            row.says,
            row.note,
        ]
        for row in rows
    ]


def wire(result: Result, kinds: Kinds, role: str) -> list[dict[str, Any]]:
    """Return the entries around the guilty one, each as what the page draws.

    It draws what is sent from clients to the server: if a client is judged, the kit is the server.
    """
    failure = result.failures[0] if result.failures else None
    guilty = failure.entry if failure else None
    kept = _kept(result.transcript, guilty)
    rows = [_entry(entry, kinds) for entry in kept]
    if failure is not None and rows:
        _mark(rows, _at(kept, guilty), failure, _due(failure, kinds))
    return rows if role == SERVER else [{**row, "d": _TURNED[row["d"]]} for row in rows]


def _kept(entries: Sequence[TranscriptEntry], guilty: int | None) -> list[TranscriptEntry]:
    at = _at(entries, guilty)
    return [
        entry
        for place, entry in enumerate(entries)
        if place < HEAD or at - BEFORE <= place <= at + AFTER
    ]


def _at(entries: Sequence[TranscriptEntry], guilty: int | None) -> int:
    """Return the place of the guilty entry, or of the last one before it."""
    before = [i for i, row in enumerate(entries) if guilty is None or row.ordinal <= guilty]
    return before[-1] if before else 0


def _entry(entry: TranscriptEntry, kinds: Kinds) -> dict[str, Any]:
    said = words(entry.kind, entry.text, entry.code, entry.how, entry.others)
    label, more = _label(entry, said, kinds)
    row: dict[str, Any] = {
        "n": entry.ordinal,
        "ms": round(entry.seconds * 1000, 1),
        "c": entry.connection,
        "d": entry.direction[0],
        "k": entry.kind,
        "l": label,
    }
    if more:
        row["m"] = more
    text = cut(said, MOST_TEXT) + (f"… ({entry.size})" if entry.is_cut else "")
    if text != label:
        row["t"] = text
    return row


def _label(entry: TranscriptEntry, said: str, kinds: Kinds) -> tuple[str, str]:
    """Return what stands at an arrow: a message's type, and what else tells its kind."""
    kind = kinds.of_text(entry.text, is_cut=entry.is_cut) if entry.kind == "text" else ()
    if kind:
        return kind[0], " ".join(kind[1:])
    if entry.kind == "end":
        return f"ends, close code {entry.code}", ""
    if entry.kind == "handshake" and not entry.code:
        return "handshake", ""
    return cut(said, 60) or "(empty)", ""


def _mark(rows: list[dict[str, Any]], place: int, failure: Failure, what: str) -> None:
    """Mark the guilty entry, or draw the silence where something was due."""
    due = cut(what, 80)
    if failure.kind in _SILENT:
        connection = failure.connection or rows[place]["c"]
        rows.insert(place + 1, {"c": connection, "d": "r", "k": "silence", "l": due, "x": 1})
        return
    rows[place]["x"] = 1
    if due:
        rows[place]["due"] = due


def _due(failure: Failure, kinds: Kinds) -> str:
    """Name what was due in few words."""
    kind = kinds.of_pattern(failure.expected)
    return " ".join(kind) if kind else words_of(failure.expected)
