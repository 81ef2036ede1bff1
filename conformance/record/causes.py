"""Causes: failures grouped by what a server has to change once, the weightiest first.

Failures that show alike have one cause. Some ways of showing explain others, as the rules of
`_Grouping` say. Inconclusive results hang on the cause of the step that their set-up broke at.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import UNSET

from conformance.json_text import NotJSON, at, decode
from conformance.json_text import pointer as pointer_of
from conformance.model import Evidence, Failure, Outcome, Result
from conformance.record.record import RunRecord, blamed
from conformance.record.role import told as of_role
from conformance.record.symptoms import (
    DUE,
    INSTEAD,
    MEMBER,
    SUMMARY,
    UNLIKE,
    UNWANTED,
    Symptom,
    Symptoms,
    is_of_kind,
    lacks,
    shape,
)

_BLAMING: Final = (Outcome.FAILED, Outcome.WARNED)

Groups = dict[Symptom, list[Result]]
"""Results by the symptom that they are told under."""


class Cause(msgspec.Struct, frozen=True):
    """One thing that a server has to change: its sentence, and the results that hang on it.

    `id` comes from what it is, not from its rank, and stays the same from run to run. `failed` and
    `warned` blame the server, `waiting` are inconclusive because of it. `example` is the one of
    them that shows it best. `parts` are its sentences, if it shows in several ways.
    """

    id: str
    sentence: str
    example: str
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


def heading(ranked: Iterable[Cause]) -> str:
    """Return what stands above causes: whether they must be mended, or only should be."""
    must = any(cause.failed or cause.waiting for cause in ranked)
    return "Fix this first" if must else "Recommended"


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
    rows = record.unexpected
    observed = {} if record.selection else record.observed  # a part of a run proves no absence
    symptoms = Symptoms(record.suite.told_apart_by, observed, record.suite.role)
    grouping = _Grouping(symptoms, [row for row in rows if row.outcome in _BLAMING])
    waiting: Groups = {symptom: [] for symptom in grouping.groups}
    left: list[str] = []
    for result in rows:
        if result.outcome is Outcome.INCONCLUSIVE:
            symptom = grouping.waited_for(result)
            if symptom is None:
                left.append(result.id)
            else:
                waiting[symptom].append(result)
    role = record.suite.role
    found = [_cause(grouping, key, waiting[key], role) for key in grouping.groups]
    flaky = tuple(row.id for row in rows if row.outcome is Outcome.FLAKY)
    return Causes(tuple(sorted(found, key=_rank)), flaky, tuple(left))


def simplest(results: Iterable[Result]) -> Result:
    """Return the failure of the scenario with the fewest steps, which is the same in every run."""
    return min(results, key=simplicity)


def simplicity(result: Result) -> tuple[bool, bool, int, str]:
    """Return a key that sorts failures for a reader: those for a MUST and the shortest first."""
    is_failed = result.outcome is Outcome.FAILED
    return not is_failed, result.kind == "monitor", len(result.steps), result.id


def _rank(cause: Cause) -> tuple[bool, int, int, str]:
    return (not cause.failed, -cause.weight, -len(cause.failed), cause.id)


def _cause(grouping: "_Grouping", symptom: Symptom, waiting: Sequence[Result], role: str) -> Cause:
    blaming, symptoms = grouping.groups[symptom], grouping.symptoms
    requirements = sorted({name for row in blaming for name in blamed(row)})
    told = [row.failures[0] for row in blaming if row.failures]
    parts = dict.fromkeys(
        of_role(symptoms.sentence(symptoms.plain(one), [one]), role) for one in told
    )
    typical = [row for row in blaming if grouping.shows(symptom, row)]
    return Cause(
        id=sha256("\0".join(symptom).encode("utf-8", "surrogatepass")).hexdigest()[:10],
        sentence=of_role(symptoms.sentence(symptom, told), role),
        example=simplest(typical or blaming).id,
        failed=tuple(row.id for row in blaming if row.outcome is Outcome.FAILED),
        warned=tuple(row.id for row in blaming if row.outcome is Outcome.WARNED),
        waiting=tuple(row.id for row in waiting),
        requirements=tuple(requirements),
        parts=tuple(parts) if len(parts) > 1 else (),
    )


class _Echo(NamedTuple):
    """A member that messages lack, and where in what was sent stands what it should repeat."""

    symptom: Symptom
    source: str


class _Grouping:
    """Groups failures by how they show; where one symptom explains another, under that one."""

    def __init__(self, symptoms: Symptoms, failed: Sequence[Result]) -> None:
        self.symptoms = symptoms
        found = [(symptoms.of_result(row), row) for row in failed]
        self.groups = self._by_answer(found)
        self._lacking = self._echoes_that_lack()
        self._regroup(self._same_defect)
        self._regroup(self._wider)
        told_under = {row.id: symptom for symptom, rows in self.groups.items() for row in rows}
        self._moved = {symptom: told_under[row.id] for symptom, row in reversed(found)}

    def shows(self, symptom: Symptom, result: Result) -> bool:
        """Return whether a result shows by itself what it is told under."""
        own = self.symptoms.of_result(result)
        return symptom in (own, self._answer(own, result))

    def waited_for(self, result: Result) -> Symptom | None:
        """Return the known cause that an inconclusive result waits for, if there is one."""
        if result.cause != "setup failed" or not result.failures:
            return None
        symptom = self.symptoms.of_result(result)
        candidates = (
            self._answer(symptom, result),
            symptom,
            self._moved.get(symptom),
            self._same_defect(symptom, result),
            self._wider(symptom, result),
            self._only_one_named(symptom),
            self._narrower(symptom),
        )
        return next((one for one in candidates if one is not None and one in self.groups), None)

    def _regroup(self, rule: "Rule") -> None:
        """Move each result to the known symptom that a rule finds for it."""
        groups: Groups = {}
        for symptom, rows in self.groups.items():
            for row in rows:
                groups.setdefault(rule(symptom, row) or symptom, []).append(row)
        self.groups = groups

    # ── rules ──

    def _by_answer(self, found: Sequence[tuple[Symptom, Result]]) -> Groups:
        """Group by symptoms; one answer, word by word, where several things are due is another.

        The rest of what is due follows if most of it is answered so.
        """
        answers = [self._answer(symptom, row) for symptom, row in found]
        due: dict[Symptom, Counter[Symptom]] = {}
        sizes = Counter(symptom for symptom, _ in found)
        for (symptom, _), answer in zip(found, answers, strict=True):
            if answer is not None:
                due.setdefault(answer, Counter())[symptom] += 1
        wide = {answer: counts for answer, counts in due.items() if len(counts) > 1}
        followed = {
            symptom: answer
            for answer, counts in wide.items()
            for symptom, number in counts.items()
            if 2 * number > sizes[symptom]
        }
        groups: Groups = {}
        for (symptom, row), answer in zip(found, answers, strict=True):
            key = answer if answer in wide else followed.get(symptom, symptom)
            groups.setdefault(key, []).append(row)
        return groups

    def _answer(self, symptom: Symptom, result: Result) -> Symptom | None:
        """Return the symptom that a message came, word by word, where another kind was due.

        That one never comes at all says more.
        """
        failure = result.failures[0] if result.failures else None
        kinds = self.symptoms.kinds
        if failure is None or failure.kind != "other message" or self.symptoms.is_never(symptom):
            return None
        if symptom[0] == MEMBER and symptom[1] not in kinds.pointers[:1]:
            return None
        kind = kinds.of(failure.received)
        return (INSTEAD, shape(failure.received), *kind[:2]) if kind else None

    def _echoes_that_lack(self) -> dict[str, list[_Echo]]:
        """Return the members that lack but should repeat what was sent, by types of messages."""
        found: dict[str, list[_Echo]] = {}
        for symptom, rows in self.groups.items():
            for failure in (row.failures[0] for row in rows if row.failures):
                if symptom[0] == MEMBER and lacks(failure.received, symptom[1]):
                    kind = self.symptoms.kinds.of(failure.received)[0]
                    sources = _sources(failure, symptom[1])
                    found.setdefault(kind, []).extend(_Echo(symptom, row) for row in sources)
        return {kind: list(dict.fromkeys(echoes)) for kind, echoes in found.items()}

    def _same_defect(self, symptom: Symptom, result: Result) -> Symptom | None:
        """Return the echo that messages are known to lack, if what was due came without it."""
        if symptom[0] not in (DUE, UNLIKE) or not result.failures:
            return None
        kinds, due = self.symptoms.kinds, symptom[1:]
        sent = result.failures[0].sent
        came = [row for row in _came(result) if is_of_kind(kinds.of(row), due)]
        lacking = (
            echo.symptom
            for echo in self._lacking.get(due[0], ())
            if sent.value is not UNSET
            and not lacks(sent, echo.source)
            and any(lacks(row, echo.symptom[1]) for row in came)
        )
        return next(lacking, None)

    def _wider(self, symptom: Symptom, result: Result) -> Symptom | None:
        """Return the known symptom that is about the same, but about more, or told better."""
        if symptom[0] == MEMBER:
            return self._around(symptom)
        if symptom[0] == SUMMARY:
            return self._forbidden(result)
        # What comes without what was looked for may be the next of the kind.
        named = (DUE, *symptom[1:]) if symptom[0] == UNLIKE else self._only_one_named(symptom)
        broken = set(blamed(result))
        is_same = any(broken & set(blamed(row)) for row in self.groups.get(named or (), ()))
        return named if is_same else None

    def _forbidden(self, result: Result) -> Symptom | None:
        """Return the message that may not come by the requirement whose passive check saw it."""
        by = " ".join(sorted(blamed(result)))
        known = (row for row in self.groups if row[:2] == (UNWANTED, by))
        return next(known, None) if result.kind == "monitor" else None

    def _only_one_named(self, symptom: Symptom) -> Symptom | None:
        """Return what names more of a message that is due by its type, if only one cause does."""
        if symptom[0] != DUE or len(symptom) > 2:
            return None
        named = [row for row in self.groups if row[:2] == symptom and row[2:]]
        return named[0] if len(named) == 1 else None

    def _around(self, symptom: Symptom) -> Symptom | None:
        """Return the widest known member that is wrong and has that of the symptom within it.

        A member within which kinds are told apart explains nothing.
        """
        names = symptom[1].split("/")
        around = ["/".join(names[:depth]) for depth in range(2, len(names))]
        told_apart = self.symptoms.kinds.pointers
        wider = (
            self.symptoms.member(other, symptom[2])
            for other in around
            if not any(row.startswith(f"{other}/") for row in told_apart)
        )
        return next((other for other in wider if other in self.groups), None)

    def _narrower(self, symptom: Symptom) -> Symptom | None:
        """Return the symptom that names no more than the type of a message that is due."""
        return symptom[:2] if symptom[0] == DUE else None


Rule = Callable[[Symptom, Result], Symptom | None]
"""Returns the known symptom under which a result is told better."""


def _sources(failure: Failure, pointer: str) -> Iterator[str]:
    """Yield where in what was sent the text stands that a member should repeat."""
    try:
        due = at(failure.expected.value, pointer)
    except LookupError:
        return
    if isinstance(due, str):
        yield from (place for place, text in _texts(failure.sent.value) if text == due)


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts in objects, with the pointers to them."""
    if isinstance(value, str):
        yield place, value
    for key, item in value.items() if isinstance(value, dict) else ():
        yield from _texts(item, f"{place}{pointer_of((key,))}")


def _came(result: Result) -> Iterator[Evidence]:
    """Yield the messages that came where one was due: instead of it, or after what asked for it."""
    failure = result.failures[0]
    yield failure.received
    asked = 0
    for row in result.transcript:
        if row.connection != failure.connection or row.kind != "text" or row.is_cut:
            continue
        value = _decoded(row.text)
        if row.direction == "sent" and value == failure.sent.value:
            asked = row.ordinal
        elif row.direction == "received" and asked and value is not UNSET:
            yield Evidence(value=value)


def _decoded(text: str) -> Any:
    try:
        return decode(text)
    except NotJSON:
        return UNSET
