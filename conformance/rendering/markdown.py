"""The Markdown report: verdicts and requirements, the same bytes for the same outcomes."""

from collections.abc import Iterator, Sequence

from conformance.model import Outcome
from conformance.record.baseline import Comparison, Finding
from conformance.record.record import (
    ProfileVerdict,
    RequirementStatus,
    RunRecord,
    blamed,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.retries import tally
from conformance.rendering import remarks, schedule
from conformance.rendering.against_baseline import complaint, totals
from conformance.rendering.gfm import inline, table

MARKS = {
    Outcome.PASSED: "✅",
    Outcome.FAILED: "❌",
    Outcome.FLAKY: "🔀",
    Outcome.WARNED: "⚠",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.KIT_ERROR: "💥",
    Outcome.EXCLUDED: "⚪",
    Outcome.NOT_APPLICABLE: "⚪",
    Outcome.NOT_TRIED: "❔",
}


def render(record: RunRecord) -> str:
    """Return the report as a document that can be committed, compared, or shown in CI.

    It holds no times, ports or random values: two of them differ only where the outcomes do.
    """
    return "\n".join(_lines(record)) + "\n"


def _lines(record: RunRecord) -> Iterator[str]:
    yield f"# Compliance report: {inline(record.target_name)}"
    yield ""
    yield f"{record.suite.title} {record.suite.version}."
    if not record.complete:
        yield f"**Incomplete**: {inline(record.note or 'the run was interrupted')}."
    for sentence in remarks.sentences(record):
        yield f"{inline(sentence)}."
    yield ""
    yield from table(
        ("profile", "verdict", "requirements"), map(_verdict, profile_verdicts(record))
    )
    if record.comparison is not None:
        yield from _against(record.comparison)
    yield from _failures(record)
    yield from _flaky(record)
    yield ""
    heads = ("requirement", "level", "profile", "status", "")
    yield from table(heads, map(_requirement, requirement_statuses(record)))
    if record.shows_schedule:
        yield from schedule.markdown(record)


def _verdict(row: ProfileVerdict) -> Sequence[str]:
    by_name = sorted((status.value, n) for status, n in row.counts.items())
    counts = ", ".join(f"{n} {name}" for name, n in by_name)
    return row.name, row.verdict.value, counts


def _against(comparison: Comparison) -> Iterator[str]:
    """Yield what is known, and what differs from the baseline."""
    yield from ("", f"{totals(comparison).capitalize()}.")
    known = [(*_found(row.found), row.entry.reason) for row in comparison.known]
    yield from _any(("known", "", "requirements", "reason"), known)
    yield from _any(("new", "", "requirements"), [_found(row.found) for row in comparison.new])
    entries = [(row.entry.id, complaint(row)) for row in (*comparison.stale, *comparison.expired)]
    yield from _any(("entry of the baseline", ""), entries)


def _found(found: Finding) -> tuple[str, str, str]:
    return found.id, found.outcome, ", ".join(sorted(found.requirements))


def _failures(record: RunRecord) -> Iterator[str]:
    """Yield the failures by name; the evidence varies between runs and is in the JSON report."""
    found = [r for r in record.unexpected if r.outcome in (Outcome.FAILED, Outcome.WARNED)]
    rows = [(row.id, ", ".join(sorted(blamed(row))), row.title) for row in found]
    yield from _any(("failed", "requirements", "a conformant server"), rows)


def _flaky(record: RunRecord) -> Iterator[str]:
    """Yield what failed sometimes, and how often."""
    found = [r for r in record.unexpected if r.outcome is Outcome.FLAKY]
    rows = [(row.id, tally(row), ", ".join(sorted(blamed(row))), row.title) for row in found]
    yield from _any(("flaky", "", "requirements", "a conformant server"), rows)


def _any(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table if there are any rows."""
    if rows:
        yield from ("", *table(heads, rows))


def _requirement(row: RequirementStatus) -> Sequence[str]:
    requirement = row.requirement
    why = requirement.excluded or requirement.sentence
    status = f"{MARKS[row.status]} {row.status.value}"
    return requirement.id, requirement.level, requirement.profile, status, why
