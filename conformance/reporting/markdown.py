"""The Markdown report: verdicts and requirements, the same bytes for the same outcome."""

from collections.abc import Iterator

from conformance.model import Outcome
from conformance.record import (
    RequirementStatus,
    RunRecord,
    blamed,
    profile_verdicts,
    requirement_statuses,
)

MARKS = {
    "passed": "✅",
    "failed": "❌",
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
    yield ""
    yield "| profile | verdict | requirements |"
    yield "| --- | --- | --- |"
    for verdict in profile_verdicts(record):
        counts = ", ".join(f"{n} {status}" for status, n in sorted(verdict.counts.items()))
        yield f"| {verdict.name} | {verdict.verdict.value} | {counts} |"
    yield from _failures(record)
    yield ""
    yield "| requirement | level | profile | status | |"
    yield "| --- | --- | --- | --- | --- |"
    for row in requirement_statuses(record):
        yield _row(row)


def _failures(record: RunRecord) -> Iterator[str]:
    """What failed, by name: the evidence, which differs from run to run, is in the JSON report."""
    found = [r for r in record.results if r.outcome in (Outcome.FAILED, Outcome.WARNED)]
    if found:
        yield from ("", "| failed | requirements | a conformant server |", "| --- | --- | --- |")
    for result in found:
        names = ", ".join(sorted(blamed(result)))
        yield f"| {result.id} | {names} | {_cell(result.title)} |"


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
