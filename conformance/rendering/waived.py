"""What the waivers of a target come to, as lines for a person."""

from collections.abc import Iterator

from conformance.record.waivers import Stale, Waived, Waivers
from conformance.target.waiver import Waiver


def lines(waivers: Waivers) -> Iterator[str]:
    """Yield what is waived, by waiver."""
    rows: dict[str, list[str]] = {}
    for row in waivers.waived:
        rows.setdefault(row.waiver.id, []).append(row.id)
    if rows:
        yield from ("", f"Waived: {len(waivers.waived)}")
    for waiver in waivers.in_force:
        yield f"  = {', '.join(rows[waiver.id])}"
        yield f"      {stated(waiver)}"


def stated(waiver: Waiver) -> str:
    """Return what a waiver states: what is waived, until when and why."""
    return f"{waiver.id}, until {waiver.expires}: {waiver.reason}"


def complaints(waivers: Waivers) -> Iterator[tuple[str, str]]:
    """Yield the id of each waiver that has expired or is stale, and what to do about it."""
    for name, found in _expired(waivers).items():
        yield name, expired(found[0], len(found))
    for row in waivers.stale:
        yield row.waiver.id, stale(row)


def expired(row: Waived, number: int = 1) -> str:
    """Return what is to be said of a failure whose waiver has expired, or of several."""
    more = f" with {number - 1} more" if number > 1 else ""
    waiver = row.waiver
    return (
        f"{row.id} still {row.outcome}{more}, and it expired on {waiver.expires}: {waiver.reason}"
    )


def stale(row: Stale) -> str:
    """Return what is to be said of a waiver that excuses nothing."""
    return f"{row.status}, so it is of no use: remove it from the target file"


def _expired(waivers: Waivers) -> dict[str, list[Waived]]:
    found: dict[str, list[Waived]] = {}
    for row in waivers.expired:
        found.setdefault(row.waiver.id, []).append(row)
    return found
