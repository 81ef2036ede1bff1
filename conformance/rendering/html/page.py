"""The page: everything that the template shows, gathered from the record of a run."""

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from conformance import __version__
from conformance.model import Outcome, Result, Verdict
from conformance.record import advice, schedule
from conformance.record.causes import Causes, causes, heading, simplicity
from conformance.record.command import same_again
from conformance.record.evidence import words
from conformance.record.headline import headline, meaning
from conformance.record.kinds import Kinds
from conformance.record.record import (
    ProfileVerdict,
    RequirementStatus,
    RunRecord,
    exit_status,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.retries import tally
from conformance.rendering import remarks, scope, waived
from conformance.rendering.against_baseline import complaint
from conformance.rendering.html import dialogue, json_lines
from conformance.rendering.text import again
from conformance.text.escapes import in_all, printable, printable_lines
from conformance.text.excerpts import cut
from conformance.text.layout import capitalized

HERE: Final = Path(__file__).parent

MARKS: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "✓",
    Outcome.FAILED: "✗",
    Outcome.FLAKY: "~",
    Outcome.WARNED: "!",
    Outcome.NOT_APPLICABLE: "\N{EN DASH}",
    Outcome.INCONCLUSIVE: "?",
    Outcome.KIT_ERROR: "E",
    Outcome.NOT_TRIED: "?",
    Outcome.EXCLUDED: "\N{EN DASH}",
}

MOST_DETAILS: Final = 4_000_000
"""Characters of all dialogues; those of the longest are left out."""

MOST_OUTPUT: Final = 40
"""Lines of the target's output that the page shows."""

FIRST: Final = 12
"""Causes that are shown at once."""

APART: Final = "not counted"
"""The state of a row that was added later or is disputed."""

EXCUSED: Final = ("known", "waived", APART)
"""The states of rows that do not weigh, or whose weight a baseline or a waiver takes."""

_LEVELS: Final = ("MUST NOT", "MUST", "SHOULD NOT", "SHOULD", "MAY")


def render(record: RunRecord) -> str:
    """Return the report as one HTML document that asks for nothing and runs only its own script."""
    page = _Page(record)
    style, script = _own("page.css"), _own("page.js")
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    template = _environment().get_template("page.html")
    return template.render(page=page, policy=policy, style=style, script=script)


def _own(name: str) -> Markup:
    """Return a file of the page's own."""
    return Markup((HERE / name).read_text(encoding="utf-8"))  # noqa: S704 - nothing of others


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_safe,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _with_code
    environment.filters["css"] = lambda outcome: outcome.value.replace(" ", "-")
    environment.filters["mark"] = MARKS.__getitem__
    environment.filters["lines"] = lambda text: escape(printable_lines(text))
    return environment


def _safe(value: Any) -> Any:
    """Spell out what a browser would obey or not show; markup is the page's own."""
    return value if isinstance(value, Markup) or not isinstance(value, str) else printable(value)


def _with_code(text: str) -> Markup:
    """Return a sentence with the words between backquotes as code."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:
        return escape(printable(text))
    tagged = [
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(tagged)


class Row(msgspec.Struct, frozen=True):
    """One result as a row of the page; `state` is what a baseline or a waiver says of it."""

    result: Result
    level: str
    state: str
    runs: str

    @property
    def area(self) -> str:
        """The folder of the scenario."""
        return self.result.id.partition("/")[0]


class _Page:
    """What the template shows."""

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self.kit = f"coda-conformance {__version__}"
        self.headline = headline(record)
        self.status = int(exit_status(record))
        self.meaning = meaning(record)
        self.started = f"{datetime.fromisoformat(record.started):%d %B %Y, %H:%M} UTC"
        self.remarks = list(remarks.lines(record))
        self._kinds = Kinds(record.suite.told_apart_by)
        self._states = _states(record)
        self._statuses = requirement_statuses(record)
        self._verdicts = profile_verdicts(record)
        self._grouped: Causes = causes(record)
        self.rows = {result.id: self._row(result) for result in record.results}
        self.rows |= {row.result.id: self._row(row.result) for row in record.apart}
        self.command = same_again(record)
        self.judged = scope.judged(record)
        self.apart = list(scope.counts(record))
        self.counts = [
            (outcome, number)
            for outcome in Outcome
            if (number := sum(row.outcome is outcome for row in record.results))
        ]

    def _row(self, result: Result) -> Row:
        levels = {self._requirement(name).level for name in result.requirements}
        level = next((name for name in _LEVELS if name in levels), "")
        return Row(result, level, self._states.get(result.id, ""), tally(result))

    def _requirement(self, name: str) -> Any:
        return self.record.suite.requirements[name]

    outcomes = Outcome
    first = FIRST
    open_statuses = frozenset(row for row in Outcome if row.counts) - {Outcome.PASSED}

    # ── profiles ──

    @cached_property
    def profiles(self) -> list[tuple[ProfileVerdict, list[tuple[Outcome, int]]]]:
        """The claimed profiles: the verdict, and the statuses of what counts."""
        return [
            (row, [(o, row.counts[o]) for o in Outcome if o.counts and o in row.counts])
            for row in self._verdicts
            if row.verdict is not Verdict.NOT_CLAIMED
        ]

    @cached_property
    def not_claimed(self) -> list[str]:
        """The profiles that the target is not judged by."""
        return [row.name for row in self._verdicts if row.verdict is Verdict.NOT_CLAIMED]

    def not_counted(self) -> list[tuple[str, int]]:
        """How many requirements do not count, and why."""
        found = Counter(row.status.value for row in self._statuses if not row.status.counts)
        return sorted(found.items())

    # ── results ──

    @property
    def heading(self) -> str:
        """What stands above the causes."""
        return heading(self._grouped.ranked)

    @cached_property
    def causes(self) -> list[dict[str, Any]]:
        """The causes with their rows: the example first, then the simplest dialogues."""
        return [
            {
                "cause": cause,
                "blaming": blaming,
                "waiting": self._simplest_first(cause.waiting),
                "evidence": self._evidence(blaming[0].result),
                "sentences": [self._requirement(name) for name in cause.requirements],
            }
            for cause in self._grouped.ranked
            for blaming in [self._simplest_first(cause.blaming, cause.example)]
        ]

    def _simplest_first(self, names: Iterable[str], first: str = "") -> list[Row]:
        rows = [self.rows[name] for name in names]
        return sorted(rows, key=lambda row: (row.result.id != first, *simplicity(row.result)))

    def _evidence(self, found: Result) -> list[tuple[str, str]]:
        """What was sent, due and came in a dialogue."""
        for failure in found.failures:
            rows = (("Sent", failure.sent), ("Due", failure.expected), ("Came", failure.received))
            return [(name, cut(words(row), 300)) for name, row in rows if row]
        return [("Came", found.reason)]

    @property
    def heaviest(self) -> int:
        """How many results hang on the first cause."""
        return max((cause.weight for cause in self._grouped.ranked), default=1)

    def of(self, outcome: Outcome) -> list[Row]:
        """The rows with an outcome that neither a baseline nor a waiver excuses."""
        rows = self.rows.values()
        return [row for row in rows if row.result.outcome is outcome and row.state not in EXCUSED]

    def _in(self, state: str) -> list[Row]:
        return [row for row in self.rows.values() if row.state == state]

    def _apart(self) -> list[Row]:
        """The rows of what does not count, without what simply passed."""
        silent = (Outcome.PASSED, Outcome.NOT_APPLICABLE)
        return [row for row in self._in(APART) if row.result.outcome not in silent]

    @cached_property
    def waivers(self) -> list[str]:
        """The waivers in force, as they are stated."""
        found = self.record.waivers
        return [waived.stated(row) for row in found.in_force] if found else []

    @cached_property
    def wrong_waivers(self) -> list[tuple[str, str]]:
        """The waivers that have to go, and what to do about each."""
        found = self.record.waivers
        return [*waived.complaints(found)] if found else []

    @cached_property
    def complaints(self) -> list[tuple[str, str]]:
        """The entries of the baseline that have to go, and what to do about each."""
        comparison = self.record.comparison
        if comparison is None:
            return []
        rows = (*comparison.stale, *comparison.expired)
        return [(row.entry.id, complaint(row)) for row in rows]

    @cached_property
    def inconclusive(self) -> list[tuple[advice.Group, list[Row]]]:
        """The inconclusive results that wait for no cause, by reason."""
        found = advice.groups(
            (self.rows[name].result for name in self._grouped.open), self.record.suite.role
        )
        return [(group, [self.rows[row.id] for row in group.results]) for group in found]

    def areas(self, outcome: str) -> list[tuple[str, list[Row]]]:
        """The rows with an outcome, by area."""
        rows = sorted(self.of(Outcome(outcome)), key=lambda row: row.result.id)
        return [(area, list(found)) for area, found in groupby(rows, lambda row: row.area)]

    # ── requirements and the run ──

    def chapters(self) -> list[tuple[str, list[RequirementStatus]]]:
        """The requirements by chapter of the specification, in its order."""
        rows = groupby(self._statuses, lambda row: row.requirement.chapter)
        return [(chapter.replace("-", " "), list(found)) for chapter, found in rows]

    def shares(self, rows: Sequence[RequirementStatus]) -> list[tuple[Outcome, int]]:
        """How many requirements have each status."""
        found = Counter(row.status for row in rows)
        return [(outcome, found[outcome]) for outcome in Outcome if outcome in found]

    def lists(self) -> list[tuple[str, str, list[Row]]]:
        """The results that are listed by themselves: title, id and rows of each list."""
        rows = [
            ("Faults of the kit", "kit-errors", self.of(Outcome.KIT_ERROR)),
            ("Flaky", "flaky", self.of(Outcome.FLAKY)),
            ("Not counted", "not-counted", self._apart()),
            ("Waived", "waived", self._in("waived")),
            ("Known to the baseline", "known", self._in("known")),
        ]
        return [row for row in rows if row[2]]

    @property
    def length(self) -> float:
        """The length of the run in seconds, never 0."""
        return max(self.record.duration, 0.001)

    def spans(self) -> list[tuple[str, float, float]]:
        """The parts of the run and its longest scenarios: name, start and length in seconds."""
        start, found = 0.0, []
        for phase in self.record.phases:
            found.append((f"{phase.name}, {phase.scenarios} scenarios", start, phase.seconds))
            start += phase.seconds
        longest = schedule.longest(self.record.results)
        return found + [(row.id, row.timing.started, row.timing.duration) for row in longest]

    @cached_property
    def output(self) -> list[tuple[str, str]]:
        """The last lines that the target's process printed."""
        process = self.record.process
        return [(row.stream, row.text) for row in process.output[-MOST_OUTPUT:]] if process else []

    # ── details ──

    def details(self) -> Markup:
        """What each row that did not simply pass opens to, as JSON for the script."""
        room = MOST_DETAILS
        found: dict[str, msgspec.Raw] = {}
        for row in sorted(self.rows.values(), key=lambda row: simplicity(row.result)):
            if row.result.outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE):
                continue
            detail = in_all(self._detail(row.result), printable)
            text = msgspec.json.encode(detail)
            size = len(text)
            if size > room:
                text = msgspec.json.encode(detail | {"s": [], "w": [], "left": 1})
            room -= min(size, room)
            found[printable(row.result.id)] = msgspec.Raw(text)
        whole = msgspec.json.encode(found).decode()
        return Markup(whole.replace("<", "\\u003c"))  # noqa: S704 - no tag can begin in it

    def _detail(self, result: Result) -> dict[str, Any]:
        names = {name for row in result.failures for name in row.requirements}
        requirements = [self._requirement(n) for n in sorted(names or result.requirements)]
        return {
            "q": [[r.id, r.level, r.profile, r.sentence] for r in requirements],
            "f": [self._failure(row) for row in result.failures[:1]],
            "more": max(0, len(result.failures) - 1),
            "s": dialogue.steps(result.steps),
            "w": dialogue.wire(result, self._kinds, self.record.suite.role),
            "cut": result.transcript[-1].ordinal if result.transcript else 0,
            "run": again(result, self.record),
            "at": result.failures[0].location if result.failures else "",
            "why": cut(capitalized(result.reason), 600),
            "tries": [[row.outcome.value, row.reason] for row in result.trials],
        }

    def _failure(self, failure: Any) -> dict[str, Any]:
        return {
            "sum": cut(capitalized(failure.summary), 600),
            "item": failure.item,
            "sent": cut(words(failure.sent), 1200),
            "due": json_lines.due(failure.expected, failure.pointer),
            "came": json_lines.came(failure.received, failure.pointer, failure.expected),
        }


def _states(record: RunRecord) -> dict[str, str]:
    """Return what a baseline or a waiver says of results, by id."""
    excused = dict.fromkeys(record.waived, "waived")
    excused |= {row.result.id: APART for row in record.apart}
    comparison = record.comparison
    if comparison is None:
        return excused
    states = {row.found.id: "new" for row in comparison.new}
    states |= {row.entry.id: "stale" for row in comparison.stale}
    states |= {row.entry.id: "expired" for row in comparison.expired}
    return states | {row.entry.id: "known" for row in comparison.known} | excused
