"""The report that a person reads first: failures, then the table, the verdict last."""

from collections.abc import Iterable
from typing import TextIO

from conformance.model import Outcome, Result, Verdict
from conformance.record.baseline import Comparison
from conformance.record.causes import causes
from conformance.record.evidence import words
from conformance.record.record import (
    RunRecord,
    blamed,
    not_looked_at,
    profile_verdicts,
    requirement_statuses,
)
from conformance.rendering import against_baseline, remarks, schedule
from conformance.rendering.text import failure_lines, retries_text
from conformance.text.excerpts import cut
from conformance.text.streams import Output, Painted

MARKS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.FLAKY: "~",
    Outcome.WARNED: "!",
    Outcome.NOT_APPLICABLE: "-",
    Outcome.INCONCLUSIVE: "?",
    Outcome.KIT_ERROR: "E",
}

COLOURS = {
    Outcome.PASSED: "32",
    Outcome.FAILED: "31",
    Outcome.FLAKY: "31",
    Outcome.WARNED: "33",
    Outcome.INCONCLUSIVE: "33",
    Outcome.KIT_ERROR: "35",
}

COLUMNS = (
    Outcome.PASSED,
    Outcome.FAILED,
    Outcome.FLAKY,
    Outcome.WARNED,
    Outcome.KIT_ERROR,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_TRIED,
    Outcome.NOT_APPLICABLE,
    Outcome.EXCLUDED,
)

MOST_CAUSES = 6

VERDICT_COLOURS = {Verdict.CONFORMANT: "32", Verdict.NOT_CONFORMANT: "31"}


class Terminal:
    """Writes a report for a person; in colour if the stream is a terminal.

    A verbose one has transcripts.
    """

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self.output = Output.of(stream)
        self._verbose = verbose

    def line(self, *parts: str | Painted) -> None:
        """Write one line, whatever its parts contain."""
        self.output.line(*parts)

    def summary(self, record: RunRecord) -> None:
        """Write everything that a run found."""
        self._details(record, Outcome.FAILED, "Failed")
        self._details(record, Outcome.FLAKY, "Flaky")
        self._details(record, Outcome.WARNED, "Warned (SHOULD)")
        self._reasons(record)
        self._remarks(record)
        if record.comparison is not None:
            self._against(record.comparison)
        if record.selection:
            self._not_looked_at(record)
        else:
            self._verdicts(record)
        if record.comparison is not None:
            self.line(against_baseline.totals(record.comparison))
        self._fix_first(record)
        self._retries(record)
        if record.shows_schedule:
            for line in schedule.lines(record):
                self.line(line)
            self.line()
        self.line(_totals(record))

    def _fix_first(self, record: RunRecord) -> None:
        """Write the weightiest causes of what failed."""
        found = causes(record)
        if not found.ranked:
            return
        self.line()
        self.line("Fix this first:")
        for cause in found.ranked[:MOST_CAUSES]:
            waiting = f", {len(cause.waiting)} wait for it" if cause.waiting else ""
            self.line(f"  {cause.sentence} ({len(cause.failed)} failed{waiting})")
        more = len(found.ranked) - MOST_CAUSES
        if more > 0:
            self.line(f"  and {more} other causes")

    def _retries(self, record: RunRecord) -> None:
        """Write what was rerun, if anything was to be."""
        text = retries_text(record.retries)
        if text:
            self.line(text)

    def _remarks(self, record: RunRecord) -> None:
        """Write the remarks on the target's process and hooks."""
        found = [*remarks.lines(record)]
        for line in [*found, ""] if found else []:
            self.line(line)

    def _against(self, comparison: Comparison) -> None:
        """Write what is known, by reason, and what differs from the baseline."""
        for line in against_baseline.lines(comparison):
            self.line(line)
        self.line()

    def _not_looked_at(self, record: RunRecord) -> None:
        """Write which requirements of the selected chapters were not checked."""
        for chapter, names in not_looked_at(record).items():
            self.line(f"Not checked in {chapter}: {', '.join(names)}")

    def _verdicts(self, record: RunRecord) -> None:
        """Write what is broken, the table and the verdicts; a part of the suite gets none."""
        if {Outcome.FAILED, Outcome.FLAKY} & {result.outcome for result in record.results}:
            self._broken(record)
        for line in self._table(record).splitlines():
            self.line(line)
        self.line()
        for row in profile_verdicts(record):
            colour = VERDICT_COLOURS.get(row.verdict, "33")
            self.line(f"{row.name}: ", Painted(row.verdict.value, colour))

    def _details(self, record: RunRecord, outcome: Outcome, title: str) -> None:
        """Write one failure per requirement in full, and the names of the others."""
        groups = _by_requirement(record, outcome)
        if groups:
            self.line()
            self.line(f"{title}: {sum(map(len, groups.values()))}")
        for first, *others in groups.values():
            self.line()
            self.line(_mark(outcome, first.id), f" — {first.title}")
            for line in failure_lines(first, record, transcript=self._verbose):
                self.line(line)
            if others:
                self.line()
                self.line(f"  {len(others)} more, in full in the JSON report:")
            for other in others:
                self.line("  ", _mark(outcome), f" {other.id}")
        if groups:
            self.line()

    def _reasons(self, record: RunRecord) -> None:
        for outcome in (Outcome.KIT_ERROR, Outcome.INCONCLUSIVE):
            found = [result for result in record.unexpected if result.outcome is outcome]
            if found:
                self.line()
                self.line(f"{outcome.value.capitalize()}: {len(found)}")
            for results in _by_reason(found).values():
                names = ", ".join(result.id for result in results)
                self.line("  ", _mark(outcome), f" {names}")
                self.line(f"      {results[0].reason}")
                for failure in results[0].failures:
                    self.line(f"      expected  {cut(words(failure.expected), 240)}")
                    self.line(f"      received  {cut(words(failure.received), 240)}")
            if found:
                self.line()

    def _broken(self, record: RunRecord) -> None:
        """Write one line for each requirement that is broken."""
        for row in requirement_statuses(record):
            if row.status.blames:
                name = _mark(row.status, f"{row.requirement.id:<13}")
                self.line(name, f" {row.requirement.sentence}")
        self.line()

    def _table(self, record: RunRecord) -> str:
        from tabulate import tabulate

        verdicts = profile_verdicts(record)
        columns = [c for c in COLUMNS if any(row.counts.get(c) for row in verdicts)]
        rows = [
            [row.name, sum(row.counts.values()), *(row.counts.get(c, 0) for c in columns)]
            for row in verdicts
        ]
        headers = ["profile", "requirements", *(column.value for column in columns)]
        return str(tabulate(rows, headers, tablefmt="simple"))


def _mark(outcome: Outcome, name: str = "") -> Painted:
    return Painted(f"{MARKS[outcome]} {name}" if name else MARKS[outcome], COLOURS.get(outcome))


def _by_requirement(record: RunRecord, outcome: Outcome) -> dict[frozenset[str], list[Result]]:
    """Return the unexpected results with an outcome, by the requirements that they blame."""
    found: dict[frozenset[str], list[Result]] = {}
    for result in record.unexpected:
        if result.outcome is outcome:
            found.setdefault(blamed(result), []).append(result)
    return found


def _by_reason(results: Iterable[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.reason, []).append(result)
    return found


def _totals(record: RunRecord) -> str:
    counts = {name: number for name, number in record.counts().items() if number}
    listed = ", ".join(f"{number} {name}" for name, number in counts.items())
    end = "" if record.complete else f"; INCOMPLETE: {record.note or 'interrupted'}"
    return f"{listed} in {record.duration:.1f} s{end}"
