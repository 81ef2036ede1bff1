"""What a check that did not pass tells: the lines of its failure, and why it is skipped."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from conformance.loader.errata import Erratum, open_for
from conformance.model import Outcome, Result
from conformance.pytest_plugin.findings import Finding
from conformance.pytest_plugin.options import as_here
from conformance.record.record import RunRecord, blamed
from conformance.record.sightings import seen_in
from conformance.rendering.text import failure_lines
from conformance.target.waiver import Waiver
from conformance.text.escapes import printable
from conformance.text.excerpts import cut
from conformance.text.layout import filled
from conformance.text.streams import USUAL


def failure(finding: Finding, record: RunRecord, *, transcript: bool) -> str:
    """Return what is wrong as printable lines; the first says it in a sentence."""
    rows = [row for row in finding.counting if row.outcome is not Outcome.PASSED]
    parts = (_one(row, record, transcript=transcript) for row in rows)
    return "\n\n".join("\n".join(map(printable, lines)) for lines in parts)


def _one(result: Result, record: RunRecord, *, transcript: bool) -> Iterator[str]:
    """Yield the lines of one result: its reason, and the evidence if there is any."""
    sort = {Outcome.KIT_ERROR: "fault of the kit: ", Outcome.INCONCLUSIVE: "inconclusive: "}
    yield cut(f"{sort.get(result.outcome, '')}{as_here(result.reason)}")
    yield from filled(f"{result.id}: {result.title}", USUAL, "  ")
    if result.failures:
        watched = tuple(seen_in(result))[:1]
        about = replace(record, selection=watched) if result.kind == "monitor" else record
        yield from failure_lines(result, about, USUAL, transcript=transcript)


def skipped(result: Result | None) -> str:
    """Return why a check is skipped, in one line."""
    if result is None:
        return "not applicable: nothing was played in this form"
    return printable(cut(f"{result.outcome.value}: {as_here(result.reason)}"))


def waived(waivers: Iterable[Waiver]) -> str:
    """Return until when a failure is waived, and why, in one line."""
    told = dict.fromkeys(f"waived until {row.expires}: {row.reason}" for row in waivers)
    return printable(cut("; ".join(told)))


def apart(why: str, result: Result, errata: Iterable[Erratum]) -> str:
    """Return why a failure does not count, in one line, with the errata that say so."""
    names, rows = (result.id, *sorted(blamed(result))), [row for row in errata if not row.judged]
    told = dict.fromkeys(str(row) for name in names for row in open_for(name, rows))
    return printable(cut("; ".join((f"{why}, not counted", *told))))


def warning(result: Result, record: RunRecord) -> str:
    """Return what is wrong with a result that breaks no MUST, in a few lines."""
    return "\n".join(map(printable, _one(result, record, transcript=False)))
