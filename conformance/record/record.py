"""The record of a run: everything that reports are made from, and nothing else."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from typing import Any, Protocol

import msgspec

from conformance.loader.header import Profile
from conformance.model import Outcome, Requirement, Result, Verdict
from conformance.record.baseline import Comparison
from conformance.record.retries import Retries
from conformance.record.schedule import Phase
from conformance.record.waivers import Waivers
from conformance.target.lifetime import Lifetime


class Exit(IntEnum):
    """Exit statuses of the command."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    INCOMPLETE = 3
    UNREACHABLE = 4
    KIT_ERROR = 5
    INTERRUPTED = 130


class SuiteFacts(Protocol):
    """What a record says of the suite that a target was judged by; a `Suite` has it all."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def version(self) -> str:
        """The version of the protocol."""

    @property
    def role(self) -> str:
        """Who was judged: servers or clients."""

    @property
    def requirements(self) -> Mapping[str, Requirement]:
        """The requirements, by id, in the order of the specification."""

    @property
    def profiles(self) -> Mapping[str, Profile]:
        """The profiles, by name."""

    @property
    def told_apart_by(self) -> tuple[str, ...]:
        """JSON pointers to the members that tell kinds of messages apart, the type first."""


class JudgedBy(msgspec.Struct, frozen=True):
    """What a record says of a suite, apart from the suite itself."""

    name: str
    title: str
    version: str
    role: str
    requirements: Mapping[str, Requirement]
    profiles: Mapping[str, Profile]
    told_apart_by: tuple[str, ...]


class Apart(msgspec.Struct, frozen=True):
    """A result that does not count, and why."""

    why: str
    result: Result


class JudgedSet(msgspec.Struct, frozen=True):
    """The frozen set of requirements that a run judged: its name, and what identifies it.

    `released` is a date, empty for a draft; `digest` stands for all of its content.
    """

    name: str
    released: str
    digest: str
    corrections: int

    @property
    def short(self) -> str:
        """Its name for a verdict."""
        return f"set {self.name}{'' if self.released else ' (draft)'}"

    def __str__(self) -> str:
        mended = f" with {self.corrections} correction{'s' * (self.corrections != 1)}"
        state = "" if self.released else ", a draft"
        return f"set {self.name}{mended if self.corrections else ''}{state}"


class RequirementStatus(msgspec.Struct, frozen=True):
    """The status of one requirement after a run, and the results that it is based on.

    `beside` is what it would be without the results that a waiver excuses.
    """

    requirement: Requirement
    status: Outcome
    results: tuple[str, ...]
    beside: Outcome

    @property
    def is_waived(self) -> bool:
        """Whether nothing but a waiver keeps it from being broken."""
        return self.status.blames and not self.beside.blames


class ProfileVerdict(msgspec.Struct, frozen=True):
    """The verdict for one profile, with honest denominators.

    `waived` says how many of the requirements with each status are waived; they are in `counts`.
    """

    name: str
    title: str
    verdict: Verdict
    counts: Mapping[Outcome, int]
    waived: Mapping[Outcome, int] = msgspec.field(default_factory=dict)

    def said_waived(self, outcome: Outcome) -> str:
        """Return how many of those with a status are waived, to be appended; empty if none are."""
        number = self.waived.get(outcome, 0)
        return f" ({number} waived)" if number else ""

    @property
    def applying(self) -> int:
        """How many of its requirements count."""
        return sum(number for outcome, number in self.counts.items() if outcome.counts)


class RunRecord(msgspec.Struct, frozen=True):
    """Everything that one run found.

    `note` says why a run is not complete or, if the target is `unreachable`, why it is. If the
    target was lost, `in_flight` names the scenarios that were in progress, the likeliest first.
    `comparison` is how the run compares with a baseline, `waivers` what those of the target come
    to, if it has any, `judged_set` the frozen set that it judged, if not all, `apart` what does not
    count, `disputed` the open errata of what does, by id, `left_out` the
    requirements that a set or an erratum leaves out and the suite does not, `process` how the
    target's process fared if the kit started it, `hook_faults` what was found against hooks, by
    name. `observed` says how many messages of each kind came, `stalls` when the kit was held up and
    for how long, both in seconds, the former from the start of the run.
    """

    suite: SuiteFacts
    target_name: str
    target_url: str
    target_words: str
    selection: tuple[str, ...]
    profiles: tuple[str, ...]
    claims: frozenset[str]
    variables: Mapping[str, Any]
    results: tuple[Result, ...]
    started: str
    duration: float
    round_trip: float
    jobs: int
    interrupted: bool = False
    unreachable: bool = False
    note: str = ""
    in_flight: tuple[str, ...] = ()
    retries: Retries = msgspec.field(default_factory=Retries)
    phases: tuple[Phase, ...] = ()
    shows_schedule: bool = False
    comparison: Comparison | None = None
    process: Lifetime | None = None
    hook_faults: Mapping[str, str] = msgspec.field(default_factory=dict)
    observed: Mapping[str, int] = msgspec.field(default_factory=dict)
    stalls: tuple[tuple[float, float], ...] = ()
    waivers: Waivers | None = None
    judged_set: JudgedSet | None = None
    apart: tuple[Apart, ...] = ()
    disputed: Mapping[str, str] = msgspec.field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for was tried."""
        return not self.interrupted and not self.note

    @property
    def explores(self) -> bool:
        """Whether it played dialogues that a model wrote, rather than scenarios."""
        return self.target_words.startswith("explore ")

    @property
    def unexpected(self) -> tuple[Result, ...]:
        """The results except for the failures that a baseline knows or a waiver excuses."""
        known = self.comparison.excused if self.comparison else frozenset()
        return tuple(result for result in self.counted if result.id not in known)

    @property
    def counted(self) -> tuple[Result, ...]:
        """The results except for the failures that a waiver excuses."""
        excused = self.waived
        return tuple(result for result in self.results if result.id not in excused)

    @property
    def waived(self) -> frozenset[str]:
        """The ids of the failures that a waiver excuses."""
        return self.waivers.excused if self.waivers else frozenset()

    def counts(self) -> dict[str, int]:
        """Return how many results had each outcome."""
        found = {outcome.value: 0 for outcome in Outcome if outcome.is_of_a_result}
        for result in self.results:
            found[result.outcome.value] += 1
        return found


def blamed(result: Result) -> frozenset[str]:
    """Return the requirements that a failed result breaks: those its failures name, else all."""
    named = {name for failure in result.failures for name in failure.requirements}
    return frozenset(named or result.requirements)


def requirement_statuses(record: RunRecord) -> list[RequirementStatus]:
    """Return the status of every requirement that a server can keep or break."""
    found: dict[str, list[Result]] = {}
    for result in record.results:
        broken = blamed(result) if result.outcome.blames else ()
        for name in dict.fromkeys((*result.requirements, *broken)):
            found.setdefault(name, []).append(result)
    return [
        _status(requirement, record, found.get(requirement.id, []))
        for requirement in record.suite.requirements.values()
        if requirement.role == record.suite.role
    ]


def not_looked_at(record: RunRecord) -> dict[str, list[str]]:
    """Return the requirements of the selected areas that the run did not check, by chapter.

    An area is a folder of scenarios, or the prefix of a requirement's id: if part of it is green,
    that proves nothing about the whole. A single scenario or requirement promises no more.
    """
    found: dict[str, list[str]] = {}
    words = () if record.explores else record.selection
    chapters = {_chapter_of(record, word) for word in words}
    for row in requirement_statuses(record):
        chapter = _chapter(row.requirement.id)
        if chapter in chapters and row.status is Outcome.NOT_TRIED:
            found.setdefault(chapter, []).append(row.requirement.id)
    return found


def _chapter_of(record: RunRecord, word: str) -> str:
    """Return the chapter that a word for an area selects: the one that is judged most."""
    if word.upper() in map(_chapter, record.suite.requirements):
        return word.upper()
    area = [row for row in record.results if row.id.split("/")[0] == word.rstrip("/")]
    judged = Counter(_chapter(name) for row in area for name in row.requirements)
    return judged.most_common(1)[0][0] if judged else ""


def _chapter(requirement: str) -> str:
    return requirement.partition("-")[0]


def is_claimed(record: RunRecord, profile: str) -> bool:
    """Return whether the target is judged by a profile."""
    row = record.suite.profiles[profile]
    return row.required or row.claim in record.claims


def _status(
    requirement: Requirement, record: RunRecord, found: Sequence[Result]
) -> RequirementStatus:
    names = tuple(r.id for r in found)
    status = _gravest(requirement, record, found)
    excused = record.waived
    rest = [r for r in found if r.id not in excused]
    if len(rest) == len(found):
        return RequirementStatus(requirement, status, names, status)
    excused_wholly = Outcome.PASSED if status.blames else status
    beside = _gravest(requirement, record, rest) if rest else excused_wholly
    return RequirementStatus(requirement, status, names, beside)


def _gravest(requirement: Requirement, record: RunRecord, found: Sequence[Result]) -> Outcome:
    """Return the status of a requirement by some results: the gravest outcome, if it applies."""
    found_outcomes = (_outcome_for(requirement.id, r) for r in found)
    outcomes = {outcome for outcome in found_outcomes if outcome is not None}
    if requirement.excluded and outcomes <= {Outcome.NOT_APPLICABLE}:
        return Outcome.EXCLUDED
    if not _concerns(record, requirement) and outcomes <= {Outcome.NOT_APPLICABLE}:
        return Outcome.NOT_APPLICABLE
    if outcomes == {Outcome.NOT_APPLICABLE} and any(r.kind == "scenario" for r in found):
        return Outcome.NOT_TRIED
    untried = Outcome.INCONCLUSIVE if found else Outcome.NOT_TRIED
    return max(outcomes, key=lambda outcome: outcome.gravity, default=untried)


def _concerns(record: RunRecord, requirement: Requirement) -> bool:
    """Return whether a requirement applies to a target with this one's claims."""
    is_met = requirement.claim is None or requirement.claim in record.claims
    return is_met and is_claimed(record, requirement.profile)


def _outcome_for(requirement: str, result: Result) -> Outcome | None:
    """Return the outcome of a result for one of its requirements; None if it ended too early."""
    if result.outcome.blames and requirement not in blamed(result):
        return None
    return result.outcome


def profile_verdicts(record: RunRecord) -> list[ProfileVerdict]:
    """Return the verdict for each profile that was asked for."""
    statuses = requirement_statuses(record)
    broken = {row.requirement.profile for row in statuses if row.status is Outcome.FAILED}
    wanted = [
        name
        for name in record.suite.profiles
        if not record.profiles or name in record.profiles or name in broken
    ]
    return [_verdict(record, name, statuses) for name in wanted]


def _verdict(record: RunRecord, name: str, statuses: Sequence[RequirementStatus]) -> ProfileVerdict:
    profile = record.suite.profiles[name]
    own = [row for row in statuses if row.requirement.profile == name]
    counts = Counter(row.status for row in own)
    waived = Counter(row.status for row in own if row.is_waived)
    verdict = Verdict.NOT_CLAIMED
    if any(outcome.counts for outcome in counts):
        verdict = _verdict_by(record, name, {row.beside for row in own}, has_waived=bool(waived))
    return ProfileVerdict(name, profile.title, verdict, counts, waived)


def _verdict_by(
    record: RunRecord, name: str, statuses: Collection[Outcome], *, has_waived: bool
) -> Verdict:
    """Return the verdict by the statuses that requirements have beside what is waived."""
    if Outcome.FAILED in statuses:
        return Verdict.NOT_CONFORMANT
    if not is_claimed(record, name):
        return Verdict.NOT_CLAIMED
    whole = record.complete and not record.selection
    if not whole or any(outcome.leaves_open for outcome in statuses):
        return Verdict.INCOMPLETE
    return Verdict.WAIVED if has_waived else Verdict.CONFORMANT


def exit_status(record: RunRecord) -> Exit:
    """Return the exit status of a run: for a whole run, that of its verdicts.

    A run of a part of the suite (a selection) is judged only by what it tried, a run with a
    baseline by what the baseline does not know. What a waiver excuses does not count.
    """
    if record.unreachable:
        return Exit.UNREACHABLE
    if record.comparison is not None:
        return _status_against(record, record.comparison)
    outcomes = {result.outcome for result in record.counted}
    if record.interrupted:
        return Exit.INTERRUPTED
    if Outcome.FAILED in outcomes:
        return Exit.NOT_CONFORMANT
    if Outcome.KIT_ERROR in outcomes:
        return Exit.KIT_ERROR
    if not record.complete or any(outcome.leaves_open for outcome in outcomes):
        return Exit.INCOMPLETE
    if not record.selection:
        verdicts = {row.verdict for row in profile_verdicts(record)} - {Verdict.NOT_CLAIMED}
        is_good = verdicts and verdicts <= {Verdict.CONFORMANT, Verdict.WAIVED}
        return Exit.CONFORMANT if is_good else Exit.INCOMPLETE
    tried = any(result.outcome.judges for result in record.results)
    return Exit.CONFORMANT if tried else Exit.INCOMPLETE


def _status_against(record: RunRecord, comparison: Comparison) -> Exit:
    """Return the exit status of a run with a baseline, based on what that does not know."""
    news = {row.found.outcome for row in comparison.new}
    if record.interrupted:
        return Exit.INTERRUPTED
    if "failed" in news or comparison.stale or comparison.expired:
        return Exit.NOT_CONFORMANT
    if "kit error" in news:
        return Exit.KIT_ERROR
    tried = any(result.outcome.judges for result in record.results)
    if news or not record.complete or not (tried or comparison.known):
        return Exit.INCOMPLETE
    return Exit.CONFORMANT
