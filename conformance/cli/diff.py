"""`diff`: show what differs between two reports."""

import argparse
from collections.abc import Iterator, Mapping, Sequence

from conformance.loader.renames import Renames, note
from conformance.loader.renames import load as load_renames
from conformance.record.baseline import Finding, renamed
from conformance.record.difference import Change, difference, has_regressed
from conformance.record.record import Exit
from conformance.rendering.reader import Report, read
from conformance.text.excerpts import cut
from conformance.text.streams import say

SHOWN = 20


def diff(arguments: argparse.Namespace) -> int:
    """Show what differs between two reports; return 1 if anything became worse."""
    old, new = read(arguments.old), read(arguments.new)
    for report in (old, new):
        report.record()  # refuses what does not hold together
    renames = load_renames(new.suite_name)
    groups = difference(*(renamed(report.results(), renames) for report in (old, new)))
    say(*_notes(old, new, renames), *_lines(groups), _totals(groups, len(new.results())))
    return Exit.NOT_CONFORMANT if has_regressed(groups) else Exit.CONFORMANT


def _notes(old: Report, new: Report, renames: Renames) -> Iterator[str]:
    """Yield notes on reports that are not of the same kind, which may explain differences."""
    rows = [
        ("targets", old.target, new.target),
        ("suites", old.suite, new.suite),
        ("requirements", _judged(old), _judged(new)),
    ]
    for what, was, now in rows:
        if was != now:
            yield f"note: different {what}: {was} and {now}"
    for report in (old, new):
        why = report.partial([row["name"] for row in report.value["profiles"]])
        if why:
            yield f"note: {report.file} is {why}"
        told = note(report.file, report.results(), renames)
        if told:
            yield told


def _judged(report: Report) -> str:
    """Return which requirements a report judges: those of a frozen set, or all."""
    found = report.value["suite"].get("set")
    return cut(f"set {found['name']} ({found['digest']})") if found else "all of the suite"


def _lines(groups: Mapping[str, Sequence[Change]]) -> Iterator[str]:
    for name, changes in groups.items():
        if changes:
            yield f"{name}: {len(changes)}"
        for change in changes[: None if name == "regressed" else SHOWN]:
            yield f"  {change.id}  {_transition(change)}"
        if name != "regressed" and len(changes) > SHOWN:
            yield f"  … and {len(changes) - SHOWN} more"


def _transition(change: Change) -> str:
    if change.was is None or change.now is None:
        return "".join(found.outcome for found in (change.was, change.now) if found)
    if change.was.outcome == change.now.outcome:
        return f"{change.now.outcome}: {_blamed(change.was)} → {_blamed(change.now)}"
    return f"{change.was.outcome} → {change.now.outcome}  ({_blamed(change.now)})"


def _blamed(found: Finding) -> str:
    return ", ".join(sorted(found.requirements))


def _totals(groups: Mapping[str, Sequence[Change]], results: int) -> str:
    counts = ", ".join(f"{len(changes)} {name}" for name, changes in groups.items())
    same = results - sum(len(changes) for name, changes in groups.items() if name != "removed")
    return f"{counts}, {same} unchanged"
