"""Causes: failures grouped by what a server has to change once, the weightiest first.

The cause of a failure is found in how what came differs from what was due: by the kind of message
that was due, not by what came instead, since one mistake shows in many ways. Inconclusive results
hang on the cause of the step that their set-up broke at.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec
from msgspec import UNSET

from conformance.json_text import at, encode
from conformance.model import Evidence, Failure, Outcome, Result
from conformance.record.kinds import Kinds
from conformance.record.record import RunRecord, blamed
from conformance.record.stable import settled
from conformance.text.layout import capitalized

Key = tuple[str, ...]
"""What tells a cause from others: how it shows, and what was due."""

ENDED: Final = "ended"
DUE: Final = "due"
NEVER: Final = "never"
INSTEAD: Final = "instead"
MEMBER: Final = "member"
CLOSE: Final = "close"
HANDSHAKE: Final = "handshake"
UNWANTED: Final = "unwanted"
SUMMARY: Final = "summary"

_BOOLEANS: Final = ("true", "false")
_NUMBER: Final = re.compile(r"\d[\d,.]*")


class Cause(msgspec.Struct, frozen=True):
    """One thing that a server has to change: its sentence, and the results that hang on it.

    `id` comes from what it is, not from its rank, and stays the same from run to run. `failed` and
    `warned` blame the server, `waiting` are inconclusive because of it. `parts` are its sentences
    for each kind of message, if there are several.
    """

    id: str
    sentence: str
    failed: tuple[str, ...]
    warned: tuple[str, ...]
    waiting: tuple[str, ...]
    requirements: tuple[str, ...]
    parts: tuple[str, ...] = ()

    @property
    def weight(self) -> int:
        """How many results hang on it."""
        return len(self.failed) + len(self.warned) + len(self.waiting)

    @property
    def blaming(self) -> tuple[str, ...]:
        """The results that blame the server for it, those for a MUST first."""
        return self.failed + self.warned

    @property
    def tally(self) -> str:
        """How many results hang on it, by outcome."""
        named = (("failed", self.failed), ("warned", self.warned), ("inconclusive", self.waiting))
        return ", ".join(f"{len(rows)} {name}" for name, rows in named if rows)


class Causes(msgspec.Struct, frozen=True):
    """The causes of a run, the weightiest first, and the ids of what hangs on none of them."""

    ranked: tuple[Cause, ...]
    flaky: tuple[str, ...]
    open: tuple[str, ...]


def causes(record: RunRecord) -> Causes:
    """Group the unexpected failures of a run by their causes.

    Results that are only flaky are never a cause. An inconclusive result waits for a cause if its
    set-up broke as that shows; all others are `open`.
    """
    keys = _Keys(record)
    blaming = [row for row in record.unexpected if row.outcome in (Outcome.FAILED, Outcome.WARNED)]
    failed = _grouped(keys, blaming)
    keys.learn(failed)
    waiting: dict[Key, list[Result]] = {key: [] for key in failed}
    left: list[str] = []
    for result in record.unexpected:
        if result.outcome is Outcome.INCONCLUSIVE:
            key = keys.waited_for(result, failed)
            if key is None:
                left.append(result.id)
            else:
                waiting[key].append(result)
    found = [_cause(keys, key, rows, waiting[key]) for key, rows in failed.items()]
    flaky = tuple(row.id for row in record.unexpected if row.outcome is Outcome.FLAKY)
    return Causes(tuple(sorted(found, key=_rank)), flaky, tuple(left))


def _grouped(keys: "_Keys", failed: Sequence[Result]) -> dict[Key, list[Result]]:
    """Group failures by their keys.

    A wrong member within another one that is wrong is the same cause. So is one answer, word by
    word, where several kinds of messages are due.
    """
    found = [(keys.of_result(row), keys.answer(row), row) for row in failed]
    known = {key for key, _, _ in found}
    due: dict[Key | None, set[Key]] = {}
    for key, answer, _ in found:
        due.setdefault(answer, set()).add(key)
    groups: dict[Key, list[Result]] = {}
    for key, answer, result in found:
        if answer is not None and len(due[answer]) > 1:
            groups.setdefault(answer, []).append(result)
        else:
            groups.setdefault(keys.widest(key, known), []).append(result)
    return groups


def simplest(results: Iterable[Result]) -> Result:
    """Return the failure of the scenario with the fewest steps, which is the same in every run."""
    return min(results, key=simplicity)


def simplicity(result: Result) -> tuple[bool, bool, int, str]:
    """Return a key that sorts failures for a reader: those for a MUST and the shortest first."""
    is_failed = result.outcome is Outcome.FAILED
    return not is_failed, result.kind == "monitor", len(result.steps), result.id


def _rank(cause: Cause) -> tuple[bool, int, int, str]:
    return (not cause.failed, -cause.weight, -len(cause.failed), cause.id)


def _cause(keys: "_Keys", key: Key, blaming: Sequence[Result], waiting: Sequence[Result]) -> Cause:
    requirements = sorted({name for row in blaming for name in blamed(row)})
    told = [row.failures[0] for row in blaming if row.failures]
    parts = dict.fromkeys(keys.sentence(keys.plain(failure), [failure]) for failure in told)
    return Cause(
        id=sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()[:10],
        sentence=keys.sentence(key, told),
        failed=tuple(row.id for row in blaming if row.outcome is Outcome.FAILED),
        warned=tuple(row.id for row in blaming if row.outcome is Outcome.WARNED),
        waiting=tuple(row.id for row in waiting),
        requirements=tuple(requirements),
        parts=tuple(parts) if len(parts) > 1 else (),
    )


class _Keys:
    """Finds the key of a failure, by the members that tell the suite's messages apart."""

    def __init__(self, record: RunRecord) -> None:
        self._kinds = Kinds(record.suite.told_apart_by)
        self._alike: dict[Key | None, Key] = {}
        self._observed = [set(kind.split(" ")) for kind in record.observed]

    def learn(self, groups: Mapping[Key, Sequence[Result]]) -> None:
        """Remember what was sent and came in the failures of each cause."""
        for key, rows in groups.items():
            for row in rows:
                shape = _dialogue(row.failures[0]) if row.failures else None
                if shape is not None:
                    self._alike.setdefault(shape, key)

    def of_result(self, result: Result) -> Key:
        """Return the key of a failed result; without evidence, its reason is its cause."""
        return self.of(result.failures[0]) if result.failures else (SUMMARY, result.reason)

    def of(self, failure: Failure) -> Key:
        """Return the key of a failure: a message that never comes at all is one cause."""
        key = self.plain(failure)
        is_missing = key[0] in (DUE, ENDED) and len(key) > 1
        kind = key[1] if is_missing else ""
        if kind and self._is_never_seen((kind,)):
            return (NEVER, kind)
        return key

    def plain(self, failure: Failure) -> Key:
        """Return the key of a failure by itself."""
        match failure.kind:
            case "ended":
                code = str(failure.close_code)
                due = self._kinds.of(failure.expected)
                return (ENDED, *due[:1], code) if due else (ENDED, "", code)
            case "missing" | "other message" | "unreadable message":
                return self._by_message(failure)
            case "unwanted message":
                return (UNWANTED, *self._kinds.of(failure.expected))
            case "other close" | "stays open" | "early close":
                return (CLOSE, _codes(failure.expected), failure.kind)
            case "handshake":
                return (HANDSHAKE, _codes(failure.expected), encode(_status(failure)))
        if failure.pointer and self._kinds.of(failure.received):
            return self._by_message(failure)
        return (SUMMARY, _NUMBER.sub("…", failure.summary))

    def _by_message(self, failure: Failure) -> Key:
        """By the kind that was due, or the member of the right kind that is wrong."""
        due = self._kinds.of(failure.expected)
        came = self._kinds.of(failure.received)
        if failure.pointer and came and self._is_of_member(failure, due, came):
            return (MEMBER, failure.pointer)
        if due:
            return (DUE, *due)
        if came and failure.pointer:
            return (MEMBER, failure.pointer)
        return (SUMMARY, _NUMBER.sub("…", failure.summary))

    def _is_of_member(self, failure: Failure, due: Key, came: Key) -> bool:
        """Whether the right kind came and a member is wrong, or one that tells kinds is missing."""
        if failure.pointer in self._kinds.pointers:
            value = _value(failure.received)
            return came[:1] == due[:1] and value is not None and not _has(value, failure.pointer)
        return came[: len(due)] == due

    def _is_never_seen(self, kind: Key) -> bool:
        """Whether no message of a kind came, as far as the run says which came."""
        return bool(self._observed) and not any(set(kind) <= seen for seen in self._observed)

    def answer(self, result: Result) -> Key | None:
        """Return the key of an answer that has a code but is not what was due, word by word."""
        failure = result.failures[0] if result.failures else None
        if failure is None or failure.kind != "other message":
            return None
        kind = [word for word in self._kinds.of(failure.received) if word not in _BOOLEANS]
        return (INSTEAD, *kind[:2], _shape(failure.received)) if len(kind) > 1 else None

    def widest(self, key: Key, known: Collection[Key]) -> Key:
        """Return the known key for a member around that of this one, if there is one.

        A member within which kinds are told apart explains nothing.
        """
        if key[0] != MEMBER:
            return key
        names = key[1].split("/")
        around = ["/".join(names[:depth]) for depth in range(2, len(names))]
        wider = (
            (MEMBER, pointer)
            for pointer in around
            if not any(other.startswith(f"{pointer}/") for other in self._kinds.pointers)
        )
        return next((other for other in wider if other in known), key)

    def waited_for(self, result: Result, known: Mapping[Key, Sequence[Result]]) -> Key | None:
        """Return the known cause that an inconclusive result waits for, if there is one."""
        if result.cause != "setup failed" or not result.failures:
            return None
        failure = result.failures[0]
        key = self.of(failure)
        answer = self.answer(result)
        if answer is not None and answer in known:
            return answer
        if key in known:
            return key
        alike = self._alike.get(_dialogue(failure))
        if alike is not None:
            return alike
        wider = self.widest(key, known)
        if wider != key:
            return wider
        if key[0] != DUE:
            return None
        # One of the two expectations names no more than the type.
        same = [other for other in known if other[:2] == key[:2]]
        vague = [other for other in same if len(other) == 2 or len(key) == 2]
        return max(vague, key=lambda other: (len(known[other]), other), default=None)

    def sentence(self, key: Key, failures: Sequence[Failure]) -> str:
        """Say what the server does wrong, as its failures show."""
        if key[0] == MEMBER:
            came = dict.fromkeys(self._kinds.of(row.received)[:1] for row in failures)
            came_whole = [_value(row.received) for row in failures]
            lacking = [value is not None and not _has(value, key[1]) for value in came_whole]
            return _member(key[1], [kind[0] for kind in came if kind], lacking)
        if key[0] == DUE and self._is_never_seen(key[1:]):
            return _never(*key[1:])
        return _SENTENCES[key[0]](*key[1:])


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


def _dialogue(failure: Failure) -> Key | None:
    """Return what was sent and what came for a message, without what is drawn by chance."""
    if not failure.sent or failure.kind not in ("missing", "other message", "ended"):
        return None
    return failure.kind, _shape(failure.sent), _shape(failure.received)


def _shape(evidence: Evidence) -> str:
    text = evidence.says if evidence.value is UNSET else encode(evidence.value)
    return _NUMBER.sub("*", settled(text))


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


def _instead(kind: str, code: str, _: str) -> str:
    called = _a(_called((kind, code)))
    return f"{capitalized(called)} comes where something else is due."


def _ended(kind: str, code: str) -> str:
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


def _handshake(due: str, status: str) -> str:
    answer = f"HTTP {due}" if due else "another answer"
    return f"A handshake is answered with HTTP {status} where {answer} is due."


def _unwanted(*kind: str) -> str:
    called = _a(_called(kind)) if kind else "a message"
    return f"{capitalized(called)} comes where none may."


_SENTENCES: Final[Mapping[str, Callable[..., str]]] = {
    NEVER: _never,
    DUE: _due,
    INSTEAD: _instead,
    ENDED: _ended,
    CLOSE: _close,
    HANDSHAKE: _handshake,
    UNWANTED: _unwanted,
    SUMMARY: lambda summary: f"{capitalized(summary)}.",
}
