"""`report`, `show` and `compare`: what stored JSON reports say, without a target."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from conformance.cli.judge import show as show_record
from conformance.errors import InputError, did_you_mean
from conformance.model import Outcome, Result
from conformance.record.record import (
    Exit,
    RequirementStatus,
    RunRecord,
    blamed,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.wording import line
from conformance.rendering.files import Reports
from conformance.rendering.formats import WRITERS
from conformance.rendering.gfm import table
from conformance.rendering.reader import read
from conformance.rendering.terminal import MARKS
from conformance.rendering.text import failure_lines
from conformance.text.layout import listed
from conformance.text.streams import Output, say

MOST_MEANT: Final = 6
"""Results that are named where several may be meant."""


def report(arguments: argparse.Namespace) -> int:
    """Render a stored report again; the exit status is that of its run."""
    reports = Reports(arguments.report, WRITERS, [arguments.stored])
    record = read(arguments.stored).record()
    return show_record(record, reports.write(record), arguments, arguments.stored)


def show(arguments: argparse.Namespace) -> int:
    """Print one result of a stored report with its whole dialogue."""
    record = read(arguments.stored).record()
    result = result_of(arguments.id, record)
    say(*_dialogue(result, record, Output.of(sys.stdout).width))
    return Exit.CONFORMANT


def result_of(name: str, record: RunRecord) -> Result:
    """Return the result with this id; raise `InputError`, with what may be meant, without one."""
    rows = {row.id: row for row in (*record.results, *(row.result for row in record.apart))}
    if name not in rows:
        raise InputError(_none(name, record))
    return rows[name]


def _none(word: str, record: RunRecord) -> str:
    """Say that no result has this id, and which may be meant: those that did not pass first."""
    found = [row for row in record.results if word in row.id or word.upper() in blamed(row)]
    if not found:
        hint = did_you_mean(word, [row.id for row in record.results])
        return f'the report has no result "{word}"{hint}'
    found.sort(key=lambda row: row.outcome is Outcome.PASSED)
    names = listed([row.id for row in found], MOST_MEANT)
    return f'the report has no result "{word}"; meant may be {names}'


def _dialogue(result: Result, record: RunRecord, width: int) -> Iterator[str]:
    yield f"{MARKS[result.outcome]} {result.id} — {result.title}"
    yield f"{result.outcome.value}{f': {result.reason}' if result.reason else ''}"
    yield ""
    yield from failure_lines(result, record, width, transcript=False)
    for step in result.steps:
        said = f"{step.verb} on {step.connection} {step.says}".rstrip()
        yield f"  {step.phase:<6} {step.state:<12} {said}"
    if result.steps:
        yield ""
    guilty = {failure.entry for failure in result.failures}
    before = 0
    for entry in result.transcript:
        if entry.ordinal > before + 1:
            yield f"      {entry.ordinal - before - 1} entries are not in the report"
        before = entry.ordinal
        yield f"{'▶' if entry.ordinal in guilty else ' '}{line(entry)}"
    if not result.transcript:
        yield "The report has the dialogues of results that did not pass."


def compare(arguments: argparse.Namespace) -> int:
    """Print the verdicts and requirements of several reports, side by side, as Markdown."""
    records = [read(path).record() for path in arguments.stored]
    names = [record.target_name for record in records]
    verdicts = [{row.name: row.verdict.value for row in profile_verdicts(r)} for r in records]
    profiles = dict.fromkeys(name for row in verdicts for name in row)
    rows = [[name, *(row.get(name, "") for row in verdicts)] for name in profiles]
    say(*table(("profile", *names), rows), "")
    statuses = [{row.requirement.id: row for row in requirement_statuses(r)} for r in records]
    ids = dict.fromkeys(name for row in statuses for name in row)
    found = [[name, *(_status(row.get(name)) for row in statuses)] for name in ids]
    shown = found if arguments.all else [row for row in found if len(set(row[1:])) > 1]
    say(*table(("requirement", *names), shown))
    say("", _difference(len(found), found, records))
    return Exit.CONFORMANT


def _status(row: RequirementStatus | None) -> str:
    return "" if row is None else row.status.value


def _difference(total: int, rows: Sequence[Sequence[str]], records: Sequence[RunRecord]) -> str:
    same = sum(len(set(row[1:])) == 1 for row in rows)
    kept = sum(set(row[1:]) == {Outcome.PASSED.value} for row in rows)
    return f"{same} of {total} requirements are alike in all {len(records)}, {kept} of them kept."
