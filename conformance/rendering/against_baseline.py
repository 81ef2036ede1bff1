"""What a baseline says of a run, in lines for a person."""

from collections.abc import Iterator

from conformance.record.baseline import Comparison, Known, Match


def totals(comparison: Comparison) -> str:
    """How many known failures there are, and how many are not as the baseline says."""
    counts = ", ".join(f"{number} {name}" for name, number in comparison.counts().items())
    return f"as the baseline says: {counts}"


def lines(comparison: Comparison) -> Iterator[str]:
    """The known failures by their reasons, then everything that is not as the baseline says."""
    by_reason: dict[str, list[str]] = {}
    for row in comparison.known:
        by_reason.setdefault(row.entry.reason, []).append(row.entry.id)
    yield from _headed("Known", len(comparison.known))
    for reason, names in by_reason.items():
        yield f"  = {', '.join(names)}"
        yield f"      {reason}"
    yield from _headed("New, by the baseline", len(comparison.new))
    yield from map(_new, comparison.new)
    for title, rows in (("Stale", comparison.stale), ("Expired", comparison.expired)):
        yield from _headed(f"{title}, in the baseline", len(rows))
        yield from (f"  {row.entry.id}: {complaint(row)}" for row in rows)


def complaint(row: Known) -> str:
    """What is to be done about an entry that is stale or has expired."""
    entry, found = row.entry, row.found
    if not found.problem and entry.misses(found):
        return f"{found.outcome}, no longer {entry.outcome}: remove it from the baseline"
    return f"still {found.outcome}, and expired on {entry.expires}: {entry.reason}"


def _new(row: Match) -> str:
    found = row.found
    line = f"  {found.id}: {found.outcome} ({', '.join(sorted(found.requirements))})"
    if row.entry is None:
        return line
    return f"{line}; known is: {row.entry.outcome} ({', '.join(sorted(row.entry.requirements))})"


def _headed(title: str, number: int) -> Iterator[str]:
    if number:
        yield from ("", f"{title}: {number}")
