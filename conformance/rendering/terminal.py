"""The report that a person reads first: failures by cause, the table, the verdict last."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TextIO

from conformance.model import Outcome, Result, Verdict
from conformance.record import advice
from conformance.record.causes import Cause, causes, heading
from conformance.record.headline import headline
from conformance.record.next_step import NextStep, for_gate, next_step
from conformance.record.record import (
    Exit,
    ProfileVerdict,
    RunRecord,
    exit_status,
    not_looked_at,
    profile_verdicts,
)
from conformance.rendering import against_baseline, remarks, schedule, scope, waived
from conformance.rendering.text import failure_lines, retries_text
from conformance.text.layout import filled, listed
from conformance.text.streams import Output, Painted

MARKS: Final = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.FLAKY: "~",
    Outcome.WARNED: "!",
    Outcome.NOT_APPLICABLE: "-",
    Outcome.INCONCLUSIVE: "?",
    Outcome.KIT_ERROR: "E",
}

COLOURS: Final = {
    Outcome.PASSED: "32",
    Outcome.FAILED: "31",
    Outcome.FLAKY: "31",
    Outcome.WARNED: "33",
    Outcome.INCONCLUSIVE: "33",
    Outcome.KIT_ERROR: "35",
}

VERDICT_COLOURS: Final = {Verdict.CONFORMANT: "32", Verdict.NOT_CONFORMANT: "31"}

IN_FULL: Final = 10
"""Causes of which one failure is shown in full."""

FIRST: Final = 6
"""Causes in the list at the end."""

NAMED: Final = 5
"""Ids that are listed where there are many."""


class Terminal:
    """Writes a report for a person; in colour if the stream takes it.

    A verbose one shows every cause in full, with transcripts.
    """

    def __init__(self, stream: TextIO, *, verbose: bool = False) -> None:
        self.output = Output.of(stream)
        self._verbose = verbose

    def line(self, *parts: str | Painted) -> None:
        """Write one line, whatever its parts contain."""
        self.output.line(*parts)

    def report(self, record: RunRecord) -> None:
        """Write everything that a run found, but for the verdict."""
        found = causes(record)
        rows = {result.id: result for result in record.results}
        self._causes(record, found.ranked, rows)
        self._flaky(record, [rows[name] for name in found.flaky])
        self._kit_errors(record)
        self._inconclusive((rows[name] for name in found.open), record.suite.role)
        for line in remarks.lines(record):
            self._lines(filled(line, self._width, "    "))
        told = [*waived.lines(record.waivers)] if record.waivers else []
        told += scope.lines(record)
        if record.comparison is not None:
            told += against_baseline.lines(record.comparison)
        for line in told:
            self._lines(filled(line, self._width, "      "))
        if told:
            self.line()
        if record.selection:
            self._not_looked_at(record)
        else:
            self._profiles(record)
        if record.shows_schedule:
            self._lines([*schedule.lines(record), ""])
        self._first(found.ranked)

    def verdict(
        self, record: RunRecord, stored: Path | None = None, status: Exit | None = None
    ) -> None:
        """Write the verdict, with the exit status and the next step, in the last lines.

        `stored` is where the JSON report is, `status` that of the command if it is another.
        """
        retried = retries_text(record.retries)
        if retried:
            self._lines(filled(retried, self._width))
        if record.comparison is not None:
            self._lines(filled(against_baseline.totals(record.comparison), self._width))
        for said in (*scope.counts(record), scope.judged(record)):
            self._lines(filled(said, self._width) if said else [])
        self._lines(filled(_totals(record), self._width))
        found = headline(record)
        text = f"{found} (exit status {int(exit_status(record) if status is None else status)})"
        for line in filled(text, self._width):
            self.line(Painted(line, COLOURS[found.like]))
        self._wrong_waivers(record)
        self._gate(record, for_gate(record, stored), next_step(record, stored))

    def _wrong_waivers(self, record: RunRecord) -> None:
        """Write which waivers have expired or are of no use."""
        told = list(waived.complaints(record.waivers)) if record.waivers else []
        for name, said in told[:NAMED]:
            self._lines(filled(f"Waiver of {name}: {said}", self._width, "  "))
        if len(told) > NAMED:
            self.line(f"and {len(told) - NAMED} more waivers that have to go")

    def _gate(self, record: RunRecord, update: NextStep | None, step: NextStep | None) -> None:
        """Write why a gate fails, and what to do next."""
        if record.comparison is not None and update is not None:
            self.line("Why the gate fails:")
            for line in against_baseline.reasons(record.comparison, NAMED):
                self._lines(filled(line, self._width, " " * 11))
        for title, following in (("Next", step), ("Or" if step else "Next", update)):
            if following is not None:
                self._lines(filled(f"{title}: {following.sentence}", self._width))
            if following is not None and following.command:
                self.line(f"  {following.command}")

    @property
    def _width(self) -> int:
        return self.output.width

    def _lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.line(line)

    # ── failures ──

    def _causes(
        self, record: RunRecord, ranked: tuple[Cause, ...], rows: Mapping[str, Result]
    ) -> None:
        """Write the causes, and of each the failure with the shortest dialogue."""
        shown = ranked if self._verbose else ranked[:IN_FULL]
        for place, cause in enumerate(shown, 1):
            self.line()
            self._lines(filled(f"{place}. {_titled(cause)}", self._width, "   "))
            first = rows[cause.example]
            self._lines(_in_parts(cause, self._width))
            self._one(first, record)
            self._others("also failed", [name for name in cause.failed if name != first.id])
            self._others("also warned", [name for name in cause.warned if name != first.id])
            self._others("inconclusive because of it", cause.waiting)
        for place, cause in enumerate(ranked[len(shown) :], len(shown) + 1):
            self.line()
            self._lines(filled(f"{place}. {_titled(cause)}", self._width, "   "))
            self._others("failed", cause.failed)
            self._others("warned", cause.warned)
        if ranked:
            self.line()

    def _one(self, result: Result, record: RunRecord) -> None:
        """Write one failure: the rule, what was sent, due and came, where, and how to rerun it."""
        self.line("   ", _mark(result.outcome, result.id))
        self._lines(filled(f"     {result.title}", self._width, "     "))
        lines = failure_lines(result, record, self._width - 3, transcript=self._verbose)
        self._lines(f"   {line}".rstrip() for line in lines)

    def _others(self, title: str, names: Iterable[str]) -> None:
        rows = list(names)
        if rows:
            most = len(rows) if self._verbose else NAMED
            self._lines(filled(f"   {title}: {listed(rows, most)}", self._width, "     "))

    def _flaky(self, record: RunRecord, rows: list[Result]) -> None:
        """Write what failed only at times, in full."""
        if rows:
            self.line(f"Flaky: {len(rows)}")
        for row in rows:
            self._one(row, record)
            self.line()

    def _kit_errors(self, record: RunRecord) -> None:
        """Write the faults of the kit itself."""
        for row in record.results:
            if row.outcome is Outcome.KIT_ERROR:
                self.line(_mark(row.outcome, row.id))
                self._lines(filled(f"  {row.reason}", self._width, "  "))

    def _inconclusive(self, rows: Iterable[Result], role: str) -> None:
        """Write the inconclusive results by reason, with what to do."""
        groups = advice.groups(rows, role)
        for group in groups:
            title = f"{len(group.results)} inconclusive. {group.title}. {group.advice}"
            self._lines(filled(f"{MARKS[Outcome.INCONCLUSIVE]} {title}", self._width, "  "))
            self._lines(_reasons(group.results, self._width, self._verbose))
        if groups:
            self.line()

    # ── the end ──

    def _not_looked_at(self, record: RunRecord) -> None:
        """Write which requirements of the selected chapters were not checked."""
        for chapter, names in not_looked_at(record).items():
            text = f"Not checked in {chapter}: {', '.join(names)}"
            self._lines(filled(text, self._width, "  "))

    def _profiles(self, record: RunRecord) -> None:
        """Write the verdict on each profile; those that are not claimed are named together."""
        rows = profile_verdicts(record)
        claimed = [row for row in rows if row.verdict is not Verdict.NOT_CLAIMED]
        for row in claimed:
            verdict = Painted(f"{row.verdict.value:<14}", VERDICT_COLOURS.get(row.verdict, "33"))
            self.line(f"{row.name:<10} ", verdict, f" {_counts(row)}")
        others = [row.name for row in rows if row.verdict is Verdict.NOT_CLAIMED]
        if others:
            self.line(f"not claimed: {', '.join(others)}")
        self.line()

    def _first(self, ranked: tuple[Cause, ...]) -> None:
        """Write the weightiest causes, where a reader of the end finds them."""
        if not ranked:
            return
        self.line(f"{heading(ranked)}:")
        for place, cause in enumerate(ranked[:FIRST], 1):
            self._lines(filled(f"  {place}. {_titled(cause)}", self._width, "     "))
        more = len(ranked) - FIRST
        if more > 0:
            self.line(f"  and {more} more cause{'s' * (more != 1)}")
        self.line()


def _in_parts(cause: Cause, width: int) -> Iterator[str]:
    """Yield in which ways a cause shows, if there are several."""
    for part in cause.parts[:NAMED]:
        yield from filled(f"     - {part}", width, "       ")
    more = len(cause.parts) - NAMED
    if more > 0:
        yield f"     - and in {more} more way{'s' * (more != 1)}"


def _titled(cause: Cause) -> str:
    return f"{cause.sentence} ({cause.tally})"


def _reasons(results: Iterable[Result], width: int, verbose: bool) -> Iterator[str]:
    """Yield the reasons of inconclusive results, each with the ids that share it."""
    by_reason: dict[str, list[str]] = {}
    for row in results:
        by_reason.setdefault(row.reason, []).append(row.id)
    shown = list(by_reason.items())
    for reason, names in shown if verbose else shown[:NAMED]:
        yield from filled(f"    {reason}", width, "    ")
        yield from filled(
            f"      {listed(names, len(names) if verbose else NAMED)}", width, "      "
        )
    more = len(shown) - NAMED
    if more > 0 and not verbose:
        yield f"    and {more} more reason{'s' * (more != 1)}, with -v"


def _counts(row: ProfileVerdict) -> str:
    others = [
        f"{row.counts[outcome]} {outcome.value}{row.said_waived(outcome)}"
        for outcome in Outcome
        if outcome in row.counts and outcome.counts and outcome is not Outcome.PASSED
    ]
    return ", ".join([f"{row.counts.get(Outcome.PASSED, 0)} of {row.applying} kept", *others])


def _mark(outcome: Outcome, name: str) -> Painted:
    return Painted(f"{MARKS[outcome]} {name}", COLOURS.get(outcome))


def _totals(record: RunRecord) -> str:
    counts = {name: number for name, number in record.counts().items() if number}
    listed_counts = ", ".join(f"{number} {name}" for name, number in counts.items())
    return f"{listed_counts or 'no results'} in {record.duration:.1f} s"
