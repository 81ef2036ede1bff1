"""What a run tries without counting it: what was added later, and what is disputed."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec.structs import replace

from conformance.loader.errata import Erratum, open_for
from conformance.loader.frozen import FrozenSet
from conformance.loader.suite import Suite
from conformance.model import Requirement, Result
from conformance.record.record import Apart, JudgedBy, JudgedSet, RunRecord, SuiteFacts, blamed


class Scope(msgspec.Struct, frozen=True):
    """What does not count, and why: results and requirements, by id."""

    results: Mapping[str, str] = msgspec.field(default_factory=dict)
    requirements: Mapping[str, str] = msgspec.field(default_factory=dict)

    def and_also(self, other: "Scope") -> "Scope":
        """Return the scope in which neither counts; the reasons of this one come first."""
        return Scope({**other.results, **self.results}, {**other.requirements, **self.requirements})


def of_errata(errata: Iterable[Erratum], requirements: Mapping[str, Requirement]) -> Scope:
    """Return what the open errata leave out of judgement."""
    rows = [row for row in errata if row.is_open and not row.judged]
    named = {name: f"disputed ({row.id})" for row in rows for name in row.of}
    return Scope(
        {name: why for name, why in named.items() if name not in requirements},
        {name: why for name, why in named.items() if name in requirements},
    )


def of_set(frozen: FrozenSet, suite: Suite) -> Scope:
    """Return what a frozen set leaves out: all that it does not have, as it was added later."""
    asked = {suite.renames.get(name, name) for rows in frozen.digests.values() for name in rows}
    why = f"added after {frozen.name}"
    return Scope(
        {name: why for name in suite.judged_by() if name not in asked},
        {name: why for name in suite.requirements if name not in asked},
    )


def scope_of(suite: Suite, frozen: FrozenSet | None) -> Scope:
    """Return what does not count in a run of a suite, or of a frozen set of it."""
    disputed = of_errata(suite.errata, suite.requirements)
    return disputed if frozen is None else of_set(frozen, suite).and_also(disputed)


def judged_by(record: RunRecord, suite: Suite, frozen: FrozenSet | None) -> RunRecord:
    """Return the record in which only what the suite, or a frozen set of it, asks counts."""
    if frozen is not None:
        corrections = len(frozen.corrections)
        said = JudgedSet(frozen.name, frozen.released, frozen.digest, corrections)
        record = replace(record, judged_set=said)
    return _with_disputes(set_apart(record, scope_of(suite, frozen)), suite.errata)


def _with_disputes(record: RunRecord, errata: Iterable[Erratum]) -> RunRecord:
    """Return the record with the open errata of what fails and counts."""
    found: dict[str, str] = {}
    for result in record.results:
        for name in (result.id, *sorted(blamed(result))) if result.outcome.blames else ():
            for row in open_for(name, errata):
                found[name] = str(row)
    return replace(record, disputed=found)


def set_apart(record: RunRecord, scope: Scope) -> RunRecord:
    """Return the record in which only what the scope leaves counts.

    A result goes if it is left out itself, if all that it judges is, or if it fails for nothing
    else; in the others, the requirements that are left out are not named any more.
    """
    if not (scope.results or scope.requirements):
        return record
    kept: list[Result] = []
    apart: list[Apart] = []
    for result in record.results:
        why = _why(result, scope)
        if why:
            apart.append(Apart(why, result))
        else:
            kept.append(_without(result, scope.requirements))
    suite = _facts(record.suite, scope.requirements)
    own = record.suite.requirements
    left_out = frozenset(
        name for name in scope.requirements if name in own and not own[name].excluded
    )
    return replace(record, suite=suite, results=tuple(kept), apart=tuple(apart), left_out=left_out)


def _why(result: Result, scope: Scope) -> str:
    """Return why a result does not count; empty if it does."""
    if result.id in scope.results:
        return scope.results[result.id]
    broken = blamed(result) if result.outcome.blames else frozenset(result.requirements)
    left_out = [scope.requirements[name] for name in sorted(broken) if name in scope.requirements]
    return left_out[0] if left_out and len(left_out) == len(broken) else ""


def _without(result: Result, requirements: Mapping[str, str]) -> Result:
    if requirements.keys().isdisjoint(_named(result)):
        return result
    failures = tuple(
        replace(row, requirements=tuple(n for n in row.requirements if n not in requirements))
        for row in result.failures
    )
    names = tuple(name for name in result.requirements if name not in requirements)
    return replace(result, requirements=names, failures=failures)


def _named(result: Result) -> Iterator[str]:
    yield from result.requirements
    for failure in result.failures:
        yield from failure.requirements


def _facts(suite: SuiteFacts, left_out: Mapping[str, str]) -> JudgedBy:
    """Return what is said of a suite, in which some requirements are not judged."""
    rows = {
        name: replace(row, excluded=left_out[name]) if name in left_out else row
        for name, row in suite.requirements.items()
    }
    return JudgedBy(
        suite.name,
        suite.title,
        suite.version,
        suite.role,
        rows,
        suite.profiles,
        suite.told_apart_by,
    )
