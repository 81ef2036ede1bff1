"""Symptoms: how a failure shows, found in how what came differs from what was due, and in words.

What counts is the kind of message that was due, not what came instead, since one mistake shows in
many ways.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from conformance.json_text import at, encode
from conformance.model import Evidence, Failure, Result
from conformance.record.kinds import Kinds
from conformance.record.stable import settled
from conformance.text.layout import capitalized

Symptom = tuple[str, ...]
"""How a failure shows, and of what: `("due", "error", "invalid_json")`."""

ENDED: Final = "ended"
DUE: Final = "due"
NEVER: Final = "never"
INSTEAD: Final = "instead"
MEMBER: Final = "member"
CLOSE: Final = "close"
HANDSHAKE: Final = "handshake"
UNWANTED: Final = "unwanted"
OTHERWISE: Final = "otherwise"
SUMMARY: Final = "summary"

_BOOLEANS: Final = ("true", "false")
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_PARTICULAR: Final = re.compile(r"\b\w*\d[\w,.]*")


class Symptoms:
    """Finds how the failures of a run show, by the kinds of messages that were observed in it."""

    def __init__(self, told_apart_by: Sequence[str], observed: Mapping[str, int]) -> None:
        self.kinds = Kinds(told_apart_by)
        self._observed = [set(kind.split(" ")) for kind in observed]

    def of_result(self, result: Result) -> Symptom:
        """Return the symptom of a failed result; without evidence, its reason is all there is."""
        return self.of(result.failures[0]) if result.failures else (SUMMARY, result.reason)

    def of(self, failure: Failure) -> Symptom:
        """Return the symptom of a failure in its run: a message may never come at all."""
        found = self.plain(failure)
        kind = self.kinds.of(failure.expected)[:1] if found[0] in (DUE, ENDED) else ()
        return (NEVER, *kind) if kind and self._is_never_seen(kind) else found

    def plain(self, failure: Failure) -> Symptom:
        """Return the symptom of a failure by itself."""
        match failure.kind:
            case "ended":
                return (ENDED, str(failure.close_code))
            case "missing" | "other message" | "unreadable message":
                return self._by_message(failure)
            case "unwanted message":
                return (UNWANTED, *self.kinds.of(failure.expected))
            case "other close" | "stays open" | "early close":
                return (CLOSE, _codes(failure.expected), failure.kind)
            case "handshake":
                return (HANDSHAKE, encode(_status(failure)), _codes(failure.expected))
        if failure.pointer and self.kinds.of(failure.received):
            return self._by_message(failure)
        return (SUMMARY, _NUMBER.sub("…", failure.summary))

    def _by_message(self, failure: Failure) -> Symptom:
        """By the kind that was due, or the member of the right kind that is wrong."""
        due = self.kinds.of(failure.expected)
        came = self.kinds.of(failure.received)
        if failure.pointer and came and self._is_of_member(failure, due, came):
            return (MEMBER, failure.pointer)
        if due:
            return (DUE, *due)
        if came and failure.pointer:
            return (MEMBER, failure.pointer)
        if failure.kind == "unreadable message" or failure.expected.value is not UNSET:
            return (SUMMARY, _NUMBER.sub("…", failure.summary))
        return (OTHERWISE, _PARTICULAR.sub("…", failure.expected.says))

    def _is_of_member(self, failure: Failure, due: Symptom, came: Symptom) -> bool:
        """Whether the right kind came and a member is wrong, or one that tells kinds is missing."""
        if failure.pointer in self.kinds.pointers:
            return came[:1] == due[:1] and lacks(failure.received, failure.pointer)
        return came[: len(due)] == due

    def _is_never_seen(self, kind: Symptom) -> bool:
        """Whether no message of a kind came, as far as the run says which came."""
        return bool(self._observed) and not any(set(kind) <= seen for seen in self._observed)

    def sentence(self, symptom: Symptom, failures: Sequence[Failure]) -> str:
        """Say what the server does wrong, as its failures show."""
        how, *what = symptom
        if how == MEMBER:
            came = dict.fromkeys(self.kinds.of(row.received)[:1] for row in failures)
            lacking = [lacks(row.received, what[0]) for row in failures]
            return _member(what[0], [kind[0] for kind in came if kind], lacking)
        if how == DUE and self._is_never_seen(tuple(what)):
            return _never(*what)
        if how == ENDED:
            due = {self.kinds.of(row.expected)[:1] for row in failures}
            return _ended(what[0], *(due.pop() if len(due) == 1 else ()))
        return _SENTENCES[how](*what)


def lacks(evidence: Evidence, pointer: str) -> bool:
    """Return whether a message that came whole has no such member."""
    value = _value(evidence)
    return value is not None and not _has(value, pointer)


def shape(evidence: Evidence) -> str:
    """Return the text of a message without what is drawn by chance, and without numbers."""
    text = evidence.says if evidence.value is UNSET else encode(evidence.value)
    return _NUMBER.sub("*", settled(text))


def _value(evidence: Evidence) -> Any:
    return None if evidence.value is UNSET else evidence.value


def _has(value: Any, pointer: str) -> bool:
    try:
        at(value, pointer)
    except LookupError:
        return False
    return True


def _codes(evidence: Evidence) -> str:
    value = _value(evidence)
    codes = value.get("code") if isinstance(value, dict) else value
    rows = codes if isinstance(codes, list) else [codes]
    *others, last = [str(code) for code in rows if code is not None] or [""]
    return f"{', '.join(others)} or {last}" if others else last


def _status(failure: Failure) -> Any:
    value = _value(failure.received)
    return value.get("status") if isinstance(value, dict) else None


# ── sentences ──


def _called(kind: Sequence[str]) -> str:
    """Name a kind of message; one that has a code needs no word on its success."""
    name, *more = kind
    words = [word for word in more if word not in _BOOLEANS]
    if words or not more:
        return f"`{name}`" + "".join(f" with `{word}`" for word in words)
    return f"{'successful' if more == ['true'] else 'failed'} `{name}`"


def _a(called: str) -> str:
    return f"{'an' if called.lstrip('`')[:1] in 'aeiou' else 'a'} {called}"


def _never(*kind: str) -> str:
    return f"The server never sends {_a(_called(kind)) if kind[1:] else _called(kind)}."


def _due(*kind: str) -> str:
    return f"No {_called(kind)} comes where one is due."


def _instead(_: str, *kind: str) -> str:
    called = _a(_called(kind))
    return f"{capitalized(called)} comes where something else is due."


def _ended(code: str, kind: str = "") -> str:
    instead = f" where {_a(f'`{kind}`')} is due" if kind else ""
    how = "without a close frame" if code == "1006" else f"with close code {code}"
    return f"The connection ends {how}{instead}."


def _member(pointer: str, kinds: Sequence[str], lacking: Sequence[bool]) -> str:
    called = " and ".join(f"`{kind}`" for kind in kinds)
    if all(lacking):
        return f"{called} {'lacks' if len(kinds) == 1 else 'lack'} `{pointer}`."
    return f"`{pointer}` of {called} is {'missing or wrong' if any(lacking) else 'wrong'}."


def _close(codes: str, kind: str) -> str:
    due = f"close code {codes}" if codes else "its end"
    return {
        "other close": f"The connection ends with another close code where {due} is due.",
        "stays open": f"The connection stays open where {due} is due.",
        "early close": f"The connection ends before {due} is due.",
    }[kind]


def _handshake(status: str, due: str) -> str:
    answer = f"HTTP {due}" if due else "another answer"
    return f"A handshake is answered with HTTP {status} where {answer} is due."


def _unwanted(*kind: str) -> str:
    called = _a(_called(kind)) if kind else "a message"
    return f"{capitalized(called)} comes where none may."


_SENTENCES: Final[Mapping[str, Callable[..., str]]] = {
    NEVER: _never,
    DUE: _due,
    INSTEAD: _instead,
    CLOSE: _close,
    HANDSHAKE: _handshake,
    UNWANTED: _unwanted,
    OTHERWISE: lambda due: f"What comes is not what is due: {due}.",
    SUMMARY: lambda summary: f"{capitalized(summary)}.",
}
