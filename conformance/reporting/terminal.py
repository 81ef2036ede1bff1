"""The report that a person reads first: failures, then the table, the verdict last."""

from collections.abc import Iterable
from typing import TextIO

from conformance.checks import printable
from conformance.model import Outcome, Result, Verdict
from conformance.record import RunRecord, profile_verdicts
from conformance.reporting.text import failure_text
from conformance.streams import show_everything

MARKS = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.WARNED: "!",
    Outcome.NOT_APPLICABLE: "-",
    Outcome.COULD_NOT_RUN: "?",
    Outcome.KIT_ERROR: "E",
}

COLOURS = {
    Outcome.PASSED: "32",
    Outcome.FAILED: "31",
    Outcome.WARNED: "33",
    Outcome.COULD_NOT_RUN: "33",
    Outcome.KIT_ERROR: "35",
}

COLUMNS = (
    "passed",
    "failed",
    "warned",
    "could not run",
    "not tried",
    "not applicable",
    "excluded",
)

VERDICT_COLOURS = {Verdict.CONFORMANT: "32", Verdict.NOT_CONFORMANT: "31"}


class Terminal:
    """Writes a report for a person; in colour where the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        show_everything(stream)
        self.stream = stream
        self.coloured = stream.isatty()

    def paint(self, text: str, colour: str | None) -> str:
        """The text in an ANSI colour, where the stream shows one."""
        return f"\x1b[{colour}m{text}\x1b[0m" if colour and self.coloured else text

    def line(self, text: str = "") -> None:
        """Writes one line."""
        print(text, file=self.stream)

    def summary(self, record: RunRecord) -> None:
        """Writes everything that a run found."""
        self._details(record, Outcome.FAILED, "Failed")
        self._details(record, Outcome.WARNED, "Warned (SHOULD)")
        self._reasons(record)
        if not record.selection:
            self._verdicts(record)
        self.line(_totals(record))

    def _verdicts(self, record: RunRecord) -> None:
        """Writes the table, and a line for each verdict; a part of the suite gets neither."""
        self.line(self._table(record))
        self.line()
        for row in profile_verdicts(record):
            verdict = self.paint(row.verdict.value, VERDICT_COLOURS.get(row.verdict, "33"))
            self.line(f"{row.name}: {verdict}")

    def _details(self, record: RunRecord, outcome: Outcome, title: str) -> None:
        found = [result for result in record.results if result.outcome is outcome]
        if found:
            self.line(f"\n{title}: {len(found)}")
        for result in found:
            mark = self.paint(f"{MARKS[outcome]} {result.id}", COLOURS.get(outcome))
            self.line(f"\n{mark} — {result.title}")
            self.line(failure_text(result, record))
        if found:
            self.line()

    def _reasons(self, record: RunRecord) -> None:
        for outcome in (Outcome.KIT_ERROR, Outcome.COULD_NOT_RUN):
            found = [result for result in record.results if result.outcome is outcome]
            if found:
                self.line(f"\n{outcome.value.capitalize()}: {len(found)}")
            for reason, names in _by_reason(found).items():
                self.line(f"  {self.paint(MARKS[outcome], COLOURS[outcome])} {', '.join(names)}")
                self.line(f"      {printable(reason)}")
            if found:
                self.line()

    def _table(self, record: RunRecord) -> str:
        from tabulate import tabulate

        rows = [
            [row.name, sum(row.counts.values()), *(row.counts.get(c, 0) for c in COLUMNS)]
            for row in profile_verdicts(record)
        ]
        headers = ["profile", "requirements", *COLUMNS]
        return str(tabulate(rows, headers, tablefmt="simple"))


def _by_reason(results: Iterable[Result]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for result in results:
        found.setdefault(result.reason, []).append(result.id)
    return found


def _totals(record: RunRecord) -> str:
    counts = {name: number for name, number in record.counts().items() if number}
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    end = "" if record.complete else f"; INCOMPLETE: {printable(record.note) or 'interrupted'}"
    return f"{told} in {record.duration:.1f} s{end}"
