"""The Markdown report: verdicts and requirements, the same bytes for the same outcome."""

from collections.abc import Iterator

from conformance.baseline import Comparison
from conformance.model import Outcome
from conformance.record import (
    RequirementStatus,
    RunRecord,
    blamed,
    profile_verdicts,
    requirement_statuses,
)
from conformance.reporting import remarks, schedule
from conformance.reporting.against import complaint, totals
from conformance.retries import tally

MARKS = {
    "passed": "✅",
    "failed": "❌",
    "flaky": "🔀",
    "warned": "⚠️",
    "could not run": "❔",
    "kit error": "💥",
    "excluded": "⚪",
    "not applicable": "⚪",
    "not tried": "❔",
}


def render(record: RunRecord) -> str:
    """The report as a document that can be committed, compared, or shown in CI.

    It holds no times, ports or random values: what changes between two of them is the outcome.
    """
    return "\n".join(_lines(record)) + "\n"


def _lines(record: RunRecord) -> Iterator[str]:
    yield f"# Compliance report: {_cell(record.target_name)}"
    yield ""
    yield f"{record.suite.title} {record.suite.version}."
    if not record.complete:
        yield f"**Incomplete**: {record.note or 'the run was interrupted'}."
    for sentence in remarks.sentences(record):
        yield f"{_cell(sentence)}."
    yield ""
    yield "| profile | verdict | requirements |"
    yield "| --- | --- | --- |"
    for verdict in profile_verdicts(record):
        counts = ", ".join(f"{n} {status}" for status, n in sorted(verdict.counts.items()))
        yield f"| {verdict.name} | {verdict.verdict.value} | {counts} |"
    if record.comparison is not None:
        yield from _against(record.comparison)
    yield from _failures(record)
    yield from _flaky(record)
    yield ""
    yield "| requirement | level | profile | status | |"
    yield "| --- | --- | --- | --- | --- |"
    for row in requirement_statuses(record):
        yield _row(row)
    if record.shows_schedule:
        yield from schedule.markdown(record)


def _against(comparison: Comparison) -> Iterator[str]:
    """What is known, and what is not as the baseline says."""
    yield from ("", f"{totals(comparison).capitalize()}.")
    if comparison.known:
        yield from ("", "| known | | requirements | reason |", "| --- | --- | --- | --- |")
    for row in comparison.known:
        names = ", ".join(sorted(row.found.requirements))
        yield f"| {row.entry.id} | {row.found.outcome} | {names} | {_cell(row.entry.reason)} |"
    if comparison.new:
        yield from ("", "| new | | requirements |", "| --- | --- | --- |")
    for news in comparison.new:
        names = ", ".join(sorted(news.found.requirements))
        yield f"| {news.found.id} | {news.found.outcome} | {names} |"
    if comparison.stale or comparison.expired:
        yield from ("", "| entry of the baseline | |", "| --- | --- |")
    for row in (*comparison.stale, *comparison.expired):
        yield f"| {row.entry.id} | {_cell(complaint(row))} |"


def _failures(record: RunRecord) -> Iterator[str]:
    """What failed, by name: the evidence, which differs from run to run, is in the JSON report."""
    found = [r for r in record.unexpected if r.outcome in (Outcome.FAILED, Outcome.WARNED)]
    if found:
        yield from ("", "| failed | requirements | a conformant server |", "| --- | --- | --- |")
    for result in found:
        names = ", ".join(sorted(blamed(result)))
        yield f"| {result.id} | {names} | {_cell(result.title)} |"


def _flaky(record: RunRecord) -> Iterator[str]:
    """What failed at times, and how often."""
    found = [r for r in record.unexpected if r.outcome is Outcome.FLAKY]
    if found:
        yield from ("", "| flaky | | requirements | a conformant server |")
        yield "| --- | --- | --- | --- |"
    for result in found:
        names = ", ".join(sorted(blamed(result)))
        yield f"| {result.id} | {tally(result)} | {names} | {_cell(result.title)} |"


def _row(row: RequirementStatus) -> str:
    requirement = row.requirement
    mark = MARKS[row.status]
    why = requirement.excluded or requirement.sentence
    return (
        f"| {requirement.id} | {requirement.level} | {requirement.profile} | {mark} {row.status} "
        f"| {_cell(why)} |"
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
