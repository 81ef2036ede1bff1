"""`baseline`: record the failures of a report as known ones."""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.documents import whole_file
from conformance.errors import InputError, Location
from conformance.loader.suite import Suite, load
from conformance.record.baseline import Baseline, Update, updated
from conformance.record.baseline_file import expiry, judged_by, read_any, render
from conformance.rendering import files
from conformance.rendering.reader import Report, read
from conformance.text.escapes import printable
from conformance.text.streams import say

COMMENTS = "# Known failures, written by `coda-conformance baseline`; edit the reasons and dates.\n"
SHOWN = 5


def baseline(arguments: argparse.Namespace) -> int:
    """Write a baseline, or bring one up to date; return 0."""
    path: Path = arguments.output
    reason = _reason(arguments.reason)
    expires = expiry(arguments.expires) if arguments.expires else None
    report, suite = read(arguments.report), load()
    _check(report, suite)
    report.record()  # refuses what does not hold together
    files.check(path, "baseline")
    is_there = whole_file.is_file(path)
    old, comments = read_any(path) if is_there else (Baseline(printable(report.target)), COMMENTS)
    new = updated(old, report.findings(suite.profiles), reason, expires)
    if new.added and not reason:
        raise InputError(f"use --reason to say why these are known: {_some(new.added)}")
    if new.added or new.dropped or not is_there:
        files.write(path, render(new.baseline, comments).encode(), "baseline")
    say(*_summary(path, new))
    return 0


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason.isprintable():
        raise InputError(f"--reason has unprintable characters: {reason}")
    return reason


def _check(report: Report, suite: Suite) -> None:
    """Refuse a report that is not of one whole run of this suite."""
    here = Location(report.file)
    why = report.partial(suite.profiles)
    if why:
        raise InputError(f"is {why}; a baseline needs a whole run", here)
    judged = judged_by(suite)
    unknown = [name for name in report.results() if name not in judged]
    if unknown or report.suite != f"{suite.name} {suite.version}":
        other = f', which has "{unknown[0]}"' if unknown else ""
        message = f"is from another suite ({report.suite}{other}); judge the target with this kit"
        raise InputError(message, here)


def _summary(path: Path, new: Update) -> Iterable[str]:
    counts = f"{len(new.kept)} kept, {len(new.added)} new, {len(new.dropped)} dropped"
    yield f"{path}: known failures: {len(new.baseline.entries)} ({counts})"
    if new.added:
        yield f"  new: {_some(new.added)}"
    if new.dropped:
        yield f"  dropped: {_some(new.dropped)}"


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
