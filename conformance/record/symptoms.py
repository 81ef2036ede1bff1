"""Symptoms: how a failure shows, found in how what came differs from what was due, and in words.

What counts is the kind of message that was due, not what came instead, since one mistake shows in
many ways.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import UNSET

from conformance.json_text import at, encode
from conformance.model import Evidence, Failure, Result
from conformance.record.kinds import LONGEST, OTHERS, Kinds
from conformance.record.record import blamed
from conformance.record.role import SERVER
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
UNLIKE: Final = "unlike"
EARLY: Final = "early"
REQUEST: Final = "request"
FORBIDDEN: Final = "forbidden"
MEASURED: Final = "measured"
UNREPORTED: Final = "unreported"
REPORTED: Final = "reported"
NOTICE: Final = "notice"
SUMMARY: Final = "summary"

_BY_ITSELF: Final = "the client "
"""How a summary begins that says what the target does, and needs no kind of message."""

_OF_A_VALUE: Final = "what was measured "
"""How a summary begins that is about a value, not about something that came."""

_OF_A_NOTICE: Final = re.compile("(a|no) notice ")
"""How it begins what was due of a driver."""

_TOLD_APART: Final = ("state", "outcome", "action")
"""The members that tell the notices of one name apart."""

MOST_KINDS: Final = 3
"""Types of messages that a sentence names."""

_SPOKEN_WITH_A: Final = ("eu", "one", "uni", "use")
_BOOLEANS: Final = ("true", "false")
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_PARTICULAR: Final = re.compile(r"\b\w*\d[\w,.]*")


class Symptoms:
    """Finds how the failures of a run show, by the kinds of messages that were observed in it."""

    def __init__(
        self,
        told_apart_by: Sequence[str],
        observed: Mapping[str, int],
        role: str = SERVER,
    ) -> None:
        self._role = role
        self.kinds = Kinds(told_apart_by)
        kinds = observed if OTHERS not in observed else ()
        self._observed = [set(kind.split(" ")) for kind in kinds]
        self._telling = {pointer.rpartition("/")[0] for pointer in told_apart_by} - {""}

    def of_result(self, result: Result) -> Symptom:
        """Return the symptom of a failed result; without evidence, its reason is all there is.

        What may not come is told apart by the area that forbids it; what clients may not send, by
        the requirement.
        """
        if not result.failures:
            return (SUMMARY, settled(result.reason))
        found = self.of(result.failures[0])
        if found[0] not in (UNWANTED, FORBIDDEN):
            return found
        is_of_server = self._role == SERVER
        by = result.id.partition("/")[0] if is_of_server else " ".join(sorted(blamed(result)))
        return (found[0], by, *found[2:])

    def of(self, failure: Failure) -> Symptom:
        """Return the symptom of a failure in its run: a message may never come at all."""
        found = self.plain(failure)
        kind = found[1:2] if found[0] == DUE else ()
        return (NEVER, *kind) if kind and self._is_never_seen(kind) else found

    def plain(self, failure: Failure) -> Symptom:
        """Return the symptom of a failure by itself."""
        found = _of_client(failure)
        if found is not None:
            return found
        match failure.kind:
            case "ended":
                return (ENDED, str(failure.close_code))
            case "missing" | "other message" | "unreadable message":
                return self._by_message(failure)
            case "unwanted message":
                return (UNWANTED, "", *self.kinds.of_pattern(failure.expected))
            case "early close" if self.kinds.of(failure.received):
                return (EARLY, self.kinds.of(failure.received)[0])
            case "other close" | "stays open" | "early close":
                return self._by_end(failure)
            case "handshake":
                return _by_handshake(failure)
        if failure.pointer and self.kinds.of(failure.received):
            return self._by_message(failure)
        return _summary(failure)

    def _by_end(self, failure: Failure) -> Symptom:
        """By the close code that was due, and what came instead."""
        codes = _codes(failure.expected)
        if failure.kind == "other close" and not codes:
            return (OTHERWISE, _PARTICULAR.sub("…", failure.expected.says))
        came = failure.close_code if failure.kind == "other close" else None
        return (CLOSE, codes, failure.kind, "" if came is None else str(came))

    def _by_message(self, failure: Failure) -> Symptom:
        """By the kind that was due, or the member of the right kind that is wrong."""
        due = self.kinds.of_pattern(failure.expected)
        came = self.kinds.of(failure.received)
        if came and not due and failure.pointer == self.kinds.pointers[0]:
            return (INSTEAD, "", came[0])  # of a type that the schema of the step excludes
        if failure.pointer and came and self._is_of_member(failure, due, came):
            return self.member(failure.pointer, came[0])
        if due:
            is_right = not failure.pointer and is_of_kind(came, due)
            return (UNLIKE if is_right else DUE, *due)
        if came and failure.pointer:
            return self.member(failure.pointer, came[0])
        if failure.kind == "unreadable message" or failure.expected.value is not UNSET:
            return _summary(failure)
        return (OTHERWISE, _PARTICULAR.sub("…", failure.expected.says))

    def member(self, pointer: str, kind: str) -> Symptom:
        """Return that a member is wrong; where types have members of their own, of that type."""
        is_of_type = any(pointer.startswith(f"{around}/") for around in self._telling)
        return (MEMBER, pointer, kind if is_of_type else "")

    def _is_of_member(self, failure: Failure, due: Symptom, came: Symptom) -> bool:
        """Whether the right kind came and a member is wrong, or one that tells kinds is missing."""
        if failure.pointer in self.kinds.pointers:
            return came[:1] == due[:1] and lacks(failure.received, failure.pointer)
        return not due or is_of_kind(came, due)

    def is_never(self, symptom: Symptom) -> bool:
        """Return whether a symptom says that a kind of message never comes in the whole run."""
        is_due = symptom[0] == DUE and self._is_never_seen(symptom[1:])
        return symptom[0] == NEVER or is_due

    def _is_never_seen(self, kind: Symptom) -> bool:
        """Whether no message of a kind came, as far as the run says which came."""
        return bool(self._observed) and not any(set(kind) <= seen for seen in self._observed)

    def sentence(self, symptom: Symptom, failures: Sequence[Failure]) -> str:
        """Say what the server does wrong, as its failures show."""
        how, *what = symptom
        if how == MEMBER:
            told = [row for row in failures if self._is_within(row, what[0])]
            came = dict.fromkeys(self.kinds.of(row.received)[:1] for row in told)
            lacking = [lacks(row.received, what[0]) for row in told]
            return _member(what[0], [kind[0] for kind in came if kind], lacking)
        if how == DUE and self.is_never(symptom):
            return _never(*what)
        if how == ENDED:
            due = {self.kinds.of_pattern(row.expected)[:1] for row in failures}
            return _ended(what[0], *(due.pop() if len(due) == 1 else ()))
        return _SENTENCES[how](*what)

    def _is_within(self, failure: Failure, pointer: str) -> bool:
        found = self.plain(failure)
        return found[0] == MEMBER and f"{found[1]}/".startswith(f"{pointer}/")


def is_of_kind(came: Sequence[str], due: Sequence[str]) -> bool:
    """Return whether words of a message are those of a kind, and perhaps more."""
    return bool(due) and came[:1] == due[:1] and set(due) <= set(came)


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


def _of_client(failure: Failure) -> Symptom | None:
    """Return the symptom of what no message shows, but a client's connections or its driver."""
    if _OF_A_NOTICE.match(failure.expected.says):
        return _by_notice(failure)
    if failure.summary.startswith(_OF_A_VALUE):
        return (MEASURED, *failure.requirements)
    if not failure.summary.startswith(_BY_ITSELF):
        return None
    is_forbidden = failure.kind == "unwanted message"
    return (FORBIDDEN, "", failure.summary) if is_forbidden else _summary(failure)


def _by_handshake(failure: Failure) -> Symptom:
    """By the status that came and was due; of a client's handshake, by what is wrong in it."""
    value = _value(failure.received)
    if isinstance(value, dict) and "status" not in value:
        return (REQUEST, failure.pointer)
    codes = _codes(failure.expected)
    return (HANDSHAKE, _status(failure), codes, "" if codes else failure.pointer)


def _due_notices(schema: Any) -> Iterator[str]:
    """Yield the notices that a pattern or a schema names, each as words."""
    if not isinstance(schema, dict):
        return
    yield from _notice(schema)
    members = schema.get("properties")
    if isinstance(members, dict):
        yield from _notice(
            {k: v["const"] for k, v in members.items() if isinstance(v, dict) and "const" in v}
        )
    for row in schema.get("anyOf", ()):
        yield from _due_notices(row)


def _notice(value: Any) -> tuple[str, ...]:
    """Return a notice in words, as the only text; none for anything else."""
    if not isinstance(value, dict) or "notice" not in value:
        return ()
    words = [value.get(name) for name in ("notice", *_TOLD_APART)]
    return (" ".join(word[:LONGEST] for word in words if isinstance(word, str)),)


def _by_notice(failure: Failure) -> Symptom:
    """By the notices that were due, or by the one that came."""
    due = tuple(dict.fromkeys(_due_notices(_value(failure.expected))))
    came = _notice(_value(failure.received))
    if failure.kind == "unwanted message":
        return (REPORTED, *came)
    if failure.pointer and came:
        how = "missing" if lacks(failure.received, failure.pointer) else "wrong"
        return (NOTICE, came[0].split(" ")[0], failure.pointer, how)
    return (UNREPORTED, *due) if due else _summary(failure)


def _status(failure: Failure) -> str:
    value = _value(failure.received)
    status = value.get("status") if isinstance(value, dict) else None
    return "" if status is None else str(status)


def _summary(failure: Failure) -> Symptom:
    return (SUMMARY, _NUMBER.sub("…", settled(failure.summary)))


# ── sentences ──


def _called(kind: Sequence[str]) -> str:
    """Name a kind of message; one that has a code needs no word on its success."""
    name, *more = kind
    words = [word for word in more if word not in _BOOLEANS]
    if words or not more:
        return f"`{name}`" + "".join(f" with `{word}`" for word in words)
    return f"{'successful' if more == ['true'] else 'failed'} `{name}`"


def _a(called: str) -> str:
    word = called.lstrip("`")
    has_vowel = word[:1] in "aeiou" and not word.startswith(_SPOKEN_WITH_A)
    return f"{'an' if has_vowel else 'a'} {called}"


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
    named = [f"`{kind}`" for kind in kinds[:MOST_KINDS]]
    more = len(kinds) - len(named)
    called = " and ".join([*named, *([f"{more} other types"] if more else [])])
    if all(lacking):
        return f"{called} {'lacks' if len(kinds) == 1 else 'lack'} `{pointer}`."
    return f"`{pointer}` of {called} is {'missing or wrong' if any(lacking) else 'wrong'}."


def _close(codes: str, kind: str, came: str) -> str:
    due = f"close code {codes}" if codes else "its end"
    with_ = f"close code {came}" if came else "another close code"
    return {
        "other close": f"The connection ends with {with_} where {due} is due.",
        "stays open": f"The connection stays open where {due} is due.",
        "early close": "The connection ends too early.",
    }[kind]


def _handshake(status: str, due: str, pointer: str) -> str:
    if not status:
        return "The answer to a handshake is none that a handshake may have."
    if due:
        return f"A handshake is answered with HTTP {status} where HTTP {due} is due."
    what = f": `{pointer}` is missing or wrong" if pointer else ""
    return f"A handshake is answered with HTTP {status}, but not as is due{what}."


def _unwanted(_: str, *kind: str) -> str:
    called = _a(_called(kind)) if kind else "a message"
    return f"{capitalized(called)} comes where none may."


def _reports(notices: Sequence[str]) -> str:
    return " or ".join(_called(row.split(" ")) for row in notices)


_SENTENCES: Final[Mapping[str, Callable[..., str]]] = {
    NEVER: _never,
    DUE: _due,
    INSTEAD: _instead,
    CLOSE: _close,
    HANDSHAKE: _handshake,
    UNWANTED: _unwanted,
    UNLIKE: lambda *kind: f"{capitalized(_a(_called(kind)))} comes without what it should contain.",
    EARLY: lambda kind: f"{capitalized(_a(f'`{kind}`'))} comes too early.",
    FORBIDDEN: lambda _, summary: f"{capitalized(summary)}.",
    MEASURED: lambda *names: f"What was measured is not as {' and '.join(names) or 'due'} asks.",
    REQUEST: lambda at: f"The client's handshake is wrong{f' at `{at}`' if at else ''}.",
    UNREPORTED: lambda *due: f"The client does not report {_reports(due)}.",
    REPORTED: lambda *came: f"The client reports {_reports(came)} where it may not.",
    NOTICE: lambda name, at, how: f"`{at}` of the notice `{name}` is {how}.",
    OTHERWISE: lambda due: f"What comes is not what is due: {due}.",
    SUMMARY: lambda summary: f"{capitalized(summary)}.",
}
