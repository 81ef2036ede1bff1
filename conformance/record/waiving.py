"""Applies the waivers of a target to the record of a run."""

from collections.abc import Iterator, Sequence
from datetime import date

from msgspec.structs import replace

from conformance.model import Outcome, Result
from conformance.record.record import RunRecord, blamed, requirement_statuses
from conformance.record.waivers import Stale, Waived, Waivers, waiver_for
from conformance.target.waiver import Waiver


def waived(record: RunRecord, waivers: Sequence[Waiver], today: date) -> RunRecord:
    """Return the record of a run in which what the waivers excuse does not count on that day."""
    if not waivers:
        return record
    found = [(result, row) for result in record.results if (row := _waiver(result, waivers))]
    rows = [_row(result, waiver) for result, waiver in found]
    return replace(
        record,
        waivers=Waivers(
            waived=tuple(row for row in rows if not row.waiver.has_expired(today)),
            expired=tuple(row for row in rows if row.waiver.has_expired(today)),
            stale=tuple(_stale(record, waivers)),
        ),
    )


def _waiver(result: Result, waivers: Sequence[Waiver]) -> Waiver | None:
    return waiver_for(result, blamed(result), waivers) if result.outcome.blames else None


def _row(result: Result, waiver: Waiver) -> Waived:
    return Waived(result.id, result.outcome.value, tuple(sorted(blamed(result))), waiver)


def _stale(record: RunRecord, waivers: Sequence[Waiver]) -> Iterator[Stale]:
    """Yield the waivers for what was judged and is kept, or does not concern the target.

    What only a frozen set or an erratum leaves out may count in the next run. A part of a
    run shows this only of the scenarios in it.
    """
    whole = record.complete and not (record.selection or record.profiles)
    kept = (Outcome.PASSED, Outcome.NOT_APPLICABLE, Outcome.EXCLUDED)
    statuses = {row.id: row.outcome for row in record.results if whole or row.kind == "scenario"}
    if whole:
        statuses |= {row.requirement.id: row.status for row in requirement_statuses(record)}
    for waiver in waivers:
        if statuses.get(waiver.id) in kept and waiver.id not in record.left_out:
            yield Stale(waiver, statuses[waiver.id].value)
