"""GitHub annotations: workflow commands, which the log of a step turns into remarks on a commit.

The only report that a CI server is to obey: nothing from a target may become a command, or the
property of one. (`actions/runner`, `ActionCommand.cs`, says how commands are read.)
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, NamedTuple

from conformance.errors import Location
from conformance.model import Outcome, Result
from conformance.record.baseline import Comparison
from conformance.record.causes import Cause, causes
from conformance.record.left_out import left_out
from conformance.record.record import (
    Exit,
    RunRecord,
    exit_status,
    profile_verdicts,
    requirement_statuses,
)
from conformance.record.waivers import Waivers
from conformance.rendering import scope, waived
from conformance.rendering.against_baseline import complaint
from conformance.rendering.cases import place, shortfall, verdict
from conformance.rendering.text import failure_lines
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

MOST: Final = 10
"""Errors, and warnings, that GitHub shows of one step."""

LONGEST_TITLE: Final = 200
LONGEST_LINE: Final = 500
MOST_REASONS: Final = 5

Level = Literal["error", "warning", "notice"]


class Annotation(NamedTuple):
    """One annotation: its level, title and lines, and the place in a file that it refers to.

    The place is named only if the file exists below the current folder: a scenario of an installed
    kit is not in the repository.
    """

    level: Level
    title: str
    lines: tuple[str, ...]
    place: Location | None = None

    def command(self) -> str:
        """Return the workflow command, on one line."""
        where = {}
        if self.place is not None and _is_here(self.place.file):
            where["file"] = cut(self.place.file, LONGEST_LINE)
            if self.place.line:
                where |= {"line": str(self.place.line), "col": str(self.place.column)}
        properties = {**where, "title": cut(self.title.replace("`", ""), LONGEST_TITLE)}
        given = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
        lines = self.lines if any(self.lines) else (self.title,)
        return f"::{self.level} {given}::{_data(lines)}"


def render(record: RunRecord) -> bytes:
    """Return the commands: the errors, the warnings, and how many more there are of each.

    The weightiest come first. A cause of failures is an error, or a warning if it breaks no MUST;
    what is flaky or cannot be judged because of the kit is an error each; all that is inconclusive
    is one warning. Only a run with exit status 0 has a notice that says so.
    """
    found = [*_found(record)]
    shown: list[Annotation] = []
    more: list[str] = []
    for level in ("error", "warning"):
        rows = [row for row in found if row.level == level]
        shown += rows[:MOST]
        left = len(rows) - MOST
        if left > 0:
            more.append(f"{left} more {level}{'s' * (left != 1)}")
    shown += [row for row in found if row.level == "notice"]
    if more:
        lines = (f"{' and '.join(more)}: see the other reports of this run",)
        shown.append(Annotation("notice", "More than GitHub shows", lines))
    return "".join(f"{row.command()}\n" for row in shown).encode()


def _found(record: RunRecord) -> Iterator[Annotation]:
    """Yield all annotations, those of each level in the order of their weight."""
    why = shortfall(record)
    if why:
        yield Annotation("error", f"{verdict(record).capitalize()}: {record.target_name}", (why,))
    yield from _open(record)
    by_id = {result.id: result for result in record.results}
    for cause in causes(record).ranked:
        yield _cause(cause, by_id, record)
    for result in record.unexpected:
        if result.outcome in (Outcome.FLAKY, Outcome.KIT_ERROR):
            yield _single(result, record)
    if record.comparison is not None:
        yield from _entries(record.comparison)
    if record.waivers is not None:
        yield from _waivers(record.waivers)
    if exit_status(record) is Exit.CONFORMANT:
        yield Annotation("notice", verdict(record).capitalize(), tuple(_achieved(record)))


def _cause(cause: Cause, by_id: dict[str, Result], record: RunRecord) -> Annotation:
    level: Level = "error" if cause.failed else "warning"
    example = by_id[cause.example]
    head = f"{cause.tally}: {', '.join(cause.requirements)}"
    lines = (head, example.id, *_evidence(example, record))
    return Annotation(level, cause.sentence, lines, place(example))


def _single(result: Result, record: RunRecord) -> Annotation:
    title = f"{result.outcome.value.capitalize()}: {result.id}"
    return Annotation("error", title, (result.reason, *_evidence(result, record)), place(result))


def _is_here(file: str) -> bool:
    try:
        return not Path(file).is_absolute() and Path(file).is_file()
    except (OSError, ValueError):
        return False


def _evidence(result: Result, record: RunRecord) -> Iterator[str]:
    return failure_lines(result, record, transcript=False)


def _entries(comparison: Comparison) -> Iterator[Annotation]:
    for kind, rows in (("Stale", comparison.stale), ("Expired", comparison.expired)):
        for row in rows:
            title = f"{kind} in the baseline: {row.entry.id}"
            yield Annotation("error", title, (complaint(row),))


def _waivers(waivers: Waivers) -> Iterator[Annotation]:
    """Yield an error for each waiver that has expired, and a warning for each stale one."""
    has_expired = {row.waiver.id for row in waivers.expired}
    for name, said in waived.complaints(waivers):
        level: Level = "error" if name in has_expired else "warning"
        yield Annotation(level, f"Waiver of {name}", (said,))


def _open(record: RunRecord) -> Iterator[Annotation]:
    """Yield one warning for everything that the run leaves open."""
    found = [row for row in record.unexpected if row.outcome is Outcome.INCONCLUSIVE]
    if found:
        reasons = Counter(row.reason for row in found).most_common()
        lines = [f"{number}: {reason}" for reason, number in reasons[:MOST_REASONS]]
        more = len(reasons) - MOST_REASONS
        rest = [f"and {more} other reasons"] if more > 0 else []
        yield Annotation("warning", f"{len(found)} inconclusive", (*lines, *rest))
    elif exit_status(record) is Exit.INCOMPLETE and not _is_explained(record):
        untried = [r for r in requirement_statuses(record) if r.status is Outcome.NOT_TRIED]
        line = f"{len(untried)} requirements were not tried" if untried else ""
        yield Annotation("warning", "Incomplete: no verdict on every profile", (line,))


def _is_explained(record: RunRecord) -> bool:
    """Return whether an error says already why the run is incomplete."""
    is_flaky = any(row.outcome is Outcome.FLAKY for row in record.unexpected)
    return is_flaky or bool(shortfall(record))


def _achieved(record: RunRecord) -> Iterator[str]:
    if not record.selection:
        yield from (f"{row.name}: {row.verdict.value}" for row in profile_verdicts(record))
    yield ", ".join(f"{number} {name}" for name, number in record.counts().items() if number)
    if said := left_out(record):
        yield said
    yield from scope.counts(record)
    for waiver in record.waivers.in_force if record.waivers else ():
        yield f"waived: {waived.stated(waiver)}"


def _data(lines: tuple[str, ...]) -> str:
    """Return the lines as the message of a command; each stays harmless once it is unescaped."""
    shown = "\n".join(printable(cut(line, LONGEST_LINE)) for line in lines)
    return shown.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    shown = printable(text).replace("%", "%25")
    return shown.replace(":", "%3A").replace(",", "%2C")
