"""Findings: what each check of a test run has to say once the run that it is part of is over."""

from collections.abc import Sequence

import msgspec

from conformance.model import Result
from conformance.record.record import RunRecord
from conformance.record.sightings import seen_in


class Finding(msgspec.Struct, frozen=True):
    """The result of a check, if there is one, and of `others` that have no place of their own.

    `apart` says why the result does not count; it is empty if it does.
    """

    result: Result | None = None
    others: tuple[Result, ...] = ()
    apart: str = ""

    @property
    def counting(self) -> tuple[Result, ...]:
        """The results that count."""
        own = () if self.result is None or self.apart else (self.result,)
        return (*own, *self.others)


def findings(record: RunRecord, names: Sequence[str]) -> dict[str, Finding]:
    """Return the finding of each check that was chosen, by its id.

    Whatever was found beyond those is told by a check in which it was seen, or else by the first:
    passive checks watch everything, and a server that refuses the first handshake is judged for it.
    """
    results, chosen = {row.id: row for row in record.results}, set(names)
    results |= {row.result.id: row.result for row in record.apart}
    apart = {} if record.unreachable else {row.result.id: row.why for row in record.apart}
    others: dict[str, list[Result]] = {}
    for row in record.results:
        if row.id not in chosen and row.outcome.is_wrong:
            host = next((name for name in seen_in(row) if name in chosen), names[0])
            others.setdefault(host, []).append(row)
    return {
        name: Finding(results.get(name), tuple(others.get(name, ())), apart.get(name, ""))
        for name in names
    }
