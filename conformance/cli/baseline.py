"""`baseline`: record the failures of a report as known ones."""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from conformance.cli.former_ids import tell
from conformance.documents import whole_file
from conformance.documents.dates import day
from conformance.errors import InputError, Location, did_you_mean
from conformance.loader.renames import note
from conformance.loader.suite import Suite, load
from conformance.record.baseline import (
    Baseline,
    Finding,
    Findings,
    Terms,
    Update,
    renamed,
    updated,
)
from conformance.record.baseline_file import OUTCOMES, judged_by, read_any, render
from conformance.record.causes import causes
from conformance.record.record import RunRecord
from conformance.record.stable import settled
from conformance.rendering import files
from conformance.rendering.reader import Report, read
from conformance.text.escapes import printable
from conformance.text.excerpts import cut
from conformance.text.layout import listed
from conformance.text.streams import say

COMMENTS: Final = (
    "# Known failures, written by `coda-conformance baseline`; edit the reasons and dates.\n"
)
SHOWN: Final = 5
CAUSE: Final = "{cause}"
"""Stands in a reason for what the report says has to change."""
LONGEST_REASON: Final = 500


def baseline(arguments: argparse.Namespace) -> int:
    """Write a baseline, or bring one up to date; return 0."""
    path: Path = arguments.output
    terms = _terms(arguments)
    report = read(arguments.report)
    suite = load(report.suite_in(arguments.suite or ""), trusted=arguments.trust_code)
    _check(report, suite)
    record = report.record()  # refuses what does not hold together
    files.check(path, "baseline")
    is_there = whole_file.is_file(path)
    empty = Baseline(printable(report.target))
    old, comments = read_any(path, suite.renames) if is_there else (empty, COMMENTS)
    findings = renamed(report.findings(suite.profiles), suite.renames)
    _check_words(terms, findings)
    terms = replace(terms, left_out=report.left_out(suite))
    new = updated(old, findings, _with_reasons(terms, record, findings, suite.renames))
    if new.added and not terms.reason:
        raise InputError(f"use --reason to say why these are known: {_some(new.added)}")
    if new.changes or not is_there:
        files.write(path, render(new.baseline, comments).encode(), "baseline")
    told = note(str(path), old.former, suite.renames)
    tell(told and f"{told}; the present ones are written")
    say(*_summary(path, new))
    return 0


def _terms(arguments: argparse.Namespace) -> Terms:
    """Return how the baseline is to be brought up to date; raise `InputError` for a mistake."""
    expires = day(arguments.expires) if arguments.expires else None
    if arguments.renew and expires is None:
        raise InputError("--renew needs --expires with the new date")
    today = datetime.now(UTC).date()
    if expires is not None and expires < today:
        raise InputError(f"--expires {expires} has passed; name a day from {today} on")
    return Terms(
        reason=_reason(arguments.reason),
        expires=expires,
        also=tuple(arguments.also),
        renewed=today if arguments.renew else None,
    )


def _check_words(terms: Terms, findings: Findings) -> None:
    """Refuse a word that lets nothing in: a misspelt one would leave a gate closed unnoticed."""
    problems = [found for found in findings.values() if found.problem]
    for word in terms.also:
        known = word in OUTCOMES
        if not known and not any(terms.names(word, found) for found in problems):
            hint = did_you_mean(word, [*OUTCOMES, *(found.id for found in problems)])
            raise InputError(
                f'--also "{cut(word)}" names no problem of the report{hint}; '
                f"expected an outcome ({', '.join(OUTCOMES[1:])}) or the beginning of an id"
            )


def _with_reasons(
    terms: Terms, record: RunRecord, findings: Findings, renames: Mapping[str, str]
) -> Terms:
    """Return the terms with a reason for each id, if the reason is to name the cause."""
    if CAUSE not in terms.reason:
        return terms
    said = {
        renames.get(name, name): settled(cause.sentence)
        for cause in causes(record).ranked
        for name in cause.failed
    }
    reasons = {
        found.id: cut(
            terms.reason.replace(CAUSE, said.get(found.id, found.outcome)), LONGEST_REASON
        )
        for found in findings.values()
        if found.problem
    }
    return replace(terms, reasons=reasons)


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason.isprintable():
        raise InputError(f"--reason has unprintable characters: {cut(reason)}")
    return reason


def _check(report: Report, suite: Suite) -> None:
    """Refuse a report that is not of one whole run of this suite."""
    here = Location(report.file)
    why = report.partial(suite.profiles)
    if why:
        raise InputError(f"is {why}; a baseline needs a whole run", here)
    judged = judged_by(suite)
    unknown = [name for name in renamed(report.results(), suite.renames) if name not in judged]
    if unknown or report.suite != f"{suite.name} {suite.version}":
        other = f', which has "{unknown[0]}"' if unknown else ""
        message = f"is from another suite ({report.suite}{other}); judge the target with this kit"
        raise InputError(message, here)


def _summary(path: Path, new: Update) -> Iterable[str]:
    counts = f"{len(new.kept)} kept, {len(new.added)} new, {len(new.dropped)} dropped"
    yield f"{path}: known failures: {len(new.baseline.entries)} ({counts})"
    rows = (("new", new.added), ("dropped", new.dropped), ("renewed", new.renewed))
    for title, names in rows:
        if names:
            yield f"  {title}: {_some(names)}"
    if new.left_out:
        yield f"  left out: {_left_out(new.left_out)}"
        yield "  These keep the gate closed; --also OUTCOME or --also ID lets them in."


def _left_out(found: Sequence[Finding]) -> str:
    counts = Counter(row.outcome for row in found)
    numbers = ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if name in counts)
    return f"{numbers} ({_some([row.id for row in found])})"


def _some(names: Sequence[str]) -> str:
    return listed(names, SHOWN)
