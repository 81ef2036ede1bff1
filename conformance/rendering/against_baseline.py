"""The comparison of a run with a baseline, as lines for a person."""

from collections.abc import Iterator

from conformance.record.baseline import Comparison, Known, Match


def totals(comparison: Comparison) -> str:
    """Return how many known failures there are, and how many differ from the baseline."""
    counts = ", ".join(f"{number} {name}" for name, number in comparison.counts().items())
    return f"against the baseline: {counts}"


def lines(comparison: Comparison) -> Iterator[str]:
    """Yield the known failures by reason, then everything that differs from the baseline."""
    by_reason: dict[str, list[str]] = {}
    for row in comparison.known:
        by_reason.setdefault(row.entry.reason, []).append(row.entry.id)
    yield from _headed("Known", len(comparison.known))
    for reason, names in by_reason.items():
        yield f"  = {', '.join(names)}"
        yield f"      {reason}"
    yield from _headed("New, not in the baseline", len(comparison.new))
    yield from map(_new, comparison.new)
    for title, rows in (("Stale", comparison.stale), ("Expired", comparison.expired)):
        yield from _headed(f"{title} in the baseline", len(rows))
        yield from (f"  {row.entry.id}: {complaint(row)}" for row in rows)


def reasons(comparison: Comparison, most: int) -> Iterator[str]:
    """Yield why a gate fails: what is new, stale or expired, the first of each kind."""
    rows = (
        ("new", [_new(row).strip() for row in comparison.new]),
        ("stale", [f"{row.entry.id}: {complaint(row)}" for row in comparison.stale]),
        ("expired", [f"{row.entry.id}: {complaint(row)}" for row in comparison.expired]),
    )
    for name, found in rows:
        yield from (f"  {name:<7}  {line}" for line in found[:most])
        more = len(found) - most
        if more > 0:
            yield f"  {name:<7}  and {more} more"


def complaint(row: Known) -> str:
    """Return what to do about an entry that is stale or has expired."""
    entry, found = row.entry, row.found
    if not found.problem and entry.misses(found):
        return f"{found.outcome}, no longer {entry.outcome}: remove it from the baseline"
    return f"still {found.outcome}, and expired on {entry.expires}: {entry.reason}"


def _new(row: Match) -> str:
    found = row.found
    line = f"  {found.id}: {found.outcome} ({', '.join(sorted(found.requirements))})"
    if row.entry is None:
        return line
    known = f"{row.entry.outcome} ({', '.join(sorted(row.entry.requirements))})"
    return f"{line}; the baseline has: {known}"


def _headed(title: str, number: int) -> Iterator[str]:
    if number:
        yield from ("", f"{title}: {number}")
