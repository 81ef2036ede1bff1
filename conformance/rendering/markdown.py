"""The Markdown report, to be mailed, committed or shown in CI: the same for the same outcomes."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from conformance.model import Failure, Outcome, Result, TranscriptEntry
from conformance.record import advice
from conformance.record.baseline import Comparison, Finding
from conformance.record.causes import Cause, causes, heading
from conformance.record.headline import headline
from conformance.record.kinds import Kinds
from conformance.record.record import (
    ProfileVerdict,
    RequirementStatus,
    RunRecord,
    blamed,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.retries import tally
from conformance.record.role import SERVER
from conformance.record.stable import came, due, is_barrier, settled
from conformance.record.waivers import Waivers
from conformance.record.wording import words
from conformance.rendering import remarks, schedule, scope, waived
from conformance.rendering.against_baseline import complaint, totals
from conformance.rendering.gfm import code, inline, table
from conformance.rendering.text import again
from conformance.text.layout import capitalized

MARKS: Final = {
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

MOST: Final = 60_000
"""Characters of a report: GitHub's limit for a comment is 65,536."""

NAMED: Final = 8
"""Ids that are listed where there are many."""

TOLD: Final = 30
"""Causes that the overview has."""

FEW: Final = 3
"""Causes that need no overview."""

SHORT: Final = 12
"""Characters of a text that is no message and is shown whole."""

SILENT: Final = frozenset({"missing", "late", "stays open"})
"""Divergences in which what came last says nothing."""

AROUND: Final = 8
"""Entries of a dialogue that are shown, up to the guilty one."""


def render(record: RunRecord) -> str:
    """Return the report as a document that can be committed, compared, or shown in CI.

    It holds no times, ports or random values: two of them differ only where the outcomes do. What
    does not fit into a comment is left out, with a note.
    """
    found = causes(record)
    sections = [*_causes(record, found.ranked)]
    end = "\n".join(_end(record, found.open))
    start = "\n".join([*_start(record), *_overview(found.ranked)])
    room = MOST - len(start) - len(end)
    kept: list[str] = []
    for section in sections:
        room -= len(section) + 1
        if room < 0:
            break
        kept.append(section)
    left_out = len(sections) - len(kept)
    if left_out:
        are = "cause is" if left_out == 1 else "causes are"
        kept.append(f"\n{left_out} more {are} in the JSON and HTML reports.")
    return "\n".join(_fitting([start, *kept, end])) + "\n"


def _fitting(parts: Iterable[str]) -> Iterator[str]:
    """Yield whole lines as long as they fit, and a note if some do not."""
    room = MOST
    for line in "\n".join(parts).rstrip().split("\n"):
        room -= len(line) + 1
        if room < 0:
            yield from ("", "The rest is in the JSON and HTML reports.")
            return
        yield line


def _start(record: RunRecord) -> Iterator[str]:
    found = headline(record)
    yield f"# Compliance report: {inline(record.target_name)}"
    yield ""
    yield f"{MARKS[found.like]} **{inline(found.verdict)}**: {inline(settled(found.sentence))}"
    yield ""
    yield f"{inline(f'{record.suite.title} {record.suite.version}')}."
    for said in (scope.judged(record), *scope.counts(record)):
        yield f"{inline(capitalized(said))}." if said else ""
    for sentence in remarks.sentences(record):
        yield f"{inline(sentence)}."
    yield ""
    yield from table(
        ("profile", "verdict", "requirements"), map(_verdict, profile_verdicts(record))
    )
    if record.waivers is not None:
        entries = [*waived.complaints(record.waivers)]
        yield from _any(("waiver", "has to go"), entries)
    if record.comparison is not None:
        yield from _against(record.comparison)


def _end(record: RunRecord, waiting: Collection[str]) -> Iterator[str]:
    yield from _flaky(record)
    yield from _inconclusive(record, waiting)
    yield from _requirements(requirement_statuses(record))
    yield from _not_counted(record)
    if record.waivers is not None:
        yield from _waived(record.waivers)
    if record.comparison is not None:
        yield from _known(record.comparison)
    if record.shows_schedule:
        yield from schedule.markdown(record)


def _verdict(row: ProfileVerdict) -> Sequence[str]:
    by_name = sorted((status.value, n, row.said_waived(status)) for status, n in row.counts.items())
    counts = ", ".join(f"{n} {name}{waived}" for name, n, waived in by_name)
    return row.name, row.verdict.value, counts


# ── causes ──


def _overview(ranked: Sequence[Cause]) -> Iterator[str]:
    """Yield a line for each cause, if there are many."""
    if len(ranked) <= FEW:
        return
    yield from ("", "What is wrong, in a line each:", "")
    for place, cause in enumerate(ranked[:TOLD], 1):
        broken = ", ".join(cause.requirements)
        yield f"{place}. {inline(settled(cause.sentence))} {broken} ({cause.tally})"
    if len(ranked) > TOLD:
        yield f"\nand {len(ranked) - TOLD} more"


def _causes(record: RunRecord, ranked: Iterable[Cause]) -> Iterator[str]:
    """Yield a section for each cause, the weightiest first."""
    rows = {result.id: result for result in record.results}
    ranked = tuple(ranked)
    for place, cause in enumerate(ranked, 1):
        head = ["", f"## {heading(ranked)}"] if place == 1 else []
        yield "\n".join([*head, *_cause(place, cause, rows[cause.example], record)])


def _cause(place: int, cause: Cause, result: Result, record: RunRecord) -> Iterator[str]:
    kinds = Kinds(record.suite.told_apart_by)
    yield ""
    yield f"### {place}. {inline(settled(cause.sentence))}"
    yield ""
    for name in cause.requirements:
        requirement = record.suite.requirements[name]
        yield f"- {inline(f'{name} ({requirement.level}): {requirement.sentence}')}"
    if cause.parts:
        yield ""
        yield "It shows in several ways:"
        yield ""
        yield from (f"- {inline(settled(part))}" for part in cause.parts[:NAMED])
    yield ""
    for failure in result.failures[:1]:
        yield f"Due: {code(due(failure))}  "
        yield f"Came: {code(came(failure, kinds))}"
        yield from _dialogue(result, failure, kinds, record.suite.role)
    yield ""
    yield from _names(f"{len(cause.failed)} failed", cause.failed)
    yield from _names(f"{len(cause.warned)} warned", cause.warned)
    yield from _names(f"{len(cause.waiting)} inconclusive because of it", cause.waiting)
    yield ""
    yield f"Again: {code(again(result, record))}"


def _names(title: str, names: Iterable[str]) -> Iterator[str]:
    rows = sorted(names)
    if rows:
        more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
        yield f"- {title}: {', '.join(map(code, rows[:NAMED]))}{more}"


def _dialogue(result: Result, failure: Failure, kinds: Kinds, role: str) -> Iterator[str]:
    """Yield what was sent on the guilty connection last, and what came of it, in few words.

    What came in between is left out, and so are barriers: their place is a matter of chance.
    """
    guilty = failure.entry or 0
    before = [row for row in result.transcript if row.ordinal <= guilty and row.kind != "others"]
    if not before:
        return
    connection = failure.connection or before[-1].connection
    kind = " ".join(kinds.of(failure.received)) or came(failure, kinds)
    end = "nothing" if failure.kind in SILENT else _plain(settled(kind)[:80])
    kit = "client" if role == SERVER else SERVER
    sent = (
        f"{kit} → {_said(row, kinds)}"
        for row in before
        if row.direction == "sent" and row.connection == connection and not is_barrier(row.text)
    )
    lines = [*(said for said, _ in groupby(sent)), f"{role} ← {end}"]
    yield from ("", "```text", *lines[-AROUND:], "```")


_BYTES: Final = re.compile(r", \d+ bytes$")
"""How long frames are, which differs from run to run where random texts were compressed."""


def _said(row: TranscriptEntry, kinds: Kinds) -> str:
    kind = kinds.of_text(row.text, is_cut=row.is_cut) if row.kind == "text" else ()
    if kind:
        return _plain(settled(" ".join(kind)))
    if row.kind == "text" and row.text and row.size <= SHORT:
        return f"the text {_plain(settled(row.text))}"
    if row.kind == "text":
        return f"a text message of {row.size} characters"
    said = _BYTES.sub("", words(row.kind, row.text, row.code, row.how))
    return _plain(settled(said)[:80])


def _plain(text: str) -> str:
    return inline(text).replace("`", "")


# ── the rest ──


def _against(comparison: Comparison) -> Iterator[str]:
    """Yield what differs from the baseline."""
    yield from ("", f"{totals(comparison).capitalize()}.")
    yield from _any(("new", "", "requirements"), [_found(row.found) for row in comparison.new])
    entries = [(row.entry.id, complaint(row)) for row in (*comparison.stale, *comparison.expired)]
    yield from _any(("entry of the baseline", ""), entries)


def _not_counted(record: RunRecord) -> Iterator[str]:
    """Yield what fails without counting, and the errata of what fails and counts."""
    rows = [
        (row.result.id, row.result.outcome.value, row.why)
        for row in sorted(record.apart, key=lambda row: row.result.id)
        if row.result.outcome.blames
    ]
    yield from _any(("not counted", "", "why"), rows)
    yield from _any(("disputed", "erratum"), list(record.disputed.items()))


def _waived(waivers: Waivers) -> Iterator[str]:
    """Yield what the waivers of the target excuse."""
    rows = [
        (row.id, row.outcome, ", ".join(row.requirements), waived.stated(row.waiver))
        for row in sorted(waivers.waived, key=lambda row: row.id)
    ]
    yield from _any(("waived", "", "requirements", "waiver"), rows)


def _known(comparison: Comparison) -> Iterator[str]:
    """Yield what a baseline knows."""
    known = [(*_found(row.found), row.entry.reason) for row in comparison.known]
    yield from _any(("known", "", "requirements", "reason"), known)


def _found(found: Finding) -> tuple[str, str, str]:
    return found.id, found.outcome, ", ".join(sorted(found.requirements))


def _flaky(record: RunRecord) -> Iterator[str]:
    """Yield what failed sometimes, and how often."""
    found = [r for r in record.unexpected if r.outcome is Outcome.FLAKY]
    rows = [(row.id, tally(row), ", ".join(sorted(blamed(row))), row.title) for row in found]
    yield from _any(("flaky", "", "requirements", f"a conformant {record.suite.role}"), rows)


def _inconclusive(record: RunRecord, waiting: Collection[str]) -> Iterator[str]:
    """Yield the inconclusive results that wait for no cause, by reason, with what to do."""
    groups = advice.groups((row for row in record.results if row.id in waiting), record.suite.role)
    if groups:
        yield from ("", "## Inconclusive", "")
    for group in groups:
        yield from _names(
            f"{group.title} ({len(group.results)}). {group.advice}",
            (row.id for row in group.results),
        )


def _any(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a table if there are any rows."""
    if rows:
        yield from ("", *table(heads, rows))


def _requirements(statuses: Sequence[RequirementStatus]) -> Iterator[str]:
    """Yield the requirements by chapter and status, and why some are excluded."""
    yield from ("", "## Requirements", "")
    rows = []
    for chapter, found in groupby(statuses, lambda row: row.requirement.chapter):
        by_status = sorted(found, key=lambda row: -row.status.gravity)
        for status, group in groupby(by_status, lambda row: row.status):
            names = ", ".join(row.requirement.id for row in group)
            rows.append((chapter, f"{MARKS[status]} {status.value}", names))
    yield from table(("chapter", "status", "requirements"), rows)
    excluded = [row.requirement for row in statuses if row.status is Outcome.EXCLUDED]
    yield from _any(("excluded", "why"), [(row.id, row.excluded or "") for row in excluded])
