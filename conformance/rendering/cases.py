"""What the reports for CI servers share: the verdict in words, and where a failure is written."""

import re
from typing import Final

from conformance.errors import Location
from conformance.model import Outcome, Result
from conformance.record.record import Exit, RunRecord, exit_status
from conformance.record.waivers import with_waivers

AREA_OF_THE_REST: Final = "requirements"
"""The area of what has none: the requirements that a baseline names."""

_SILENT: Final = (Outcome.INCONCLUSIVE, Outcome.NOT_APPLICABLE)
_PLACE: Final = re.compile(r"(.+):([1-9][0-9]{0,8}):([0-9]{1,9})", re.DOTALL)


def verdict(record: RunRecord) -> str:
    """Return what the exit status says, in words that claim no more than was tried."""
    status = exit_status(record)
    waived = with_waivers(len(record.waivers.in_force)) if record.waivers else ""
    of_set = f" to {record.judged_set.short}" if record.judged_set else ""
    part = " in what was selected" if record.selection else ""
    words = {
        (True, Exit.CONFORMANT): f"no change from the baseline{part}{waived}",
        (True, Exit.NOT_CONFORMANT): "differs from the baseline",
        (False, Exit.CONFORMANT): f"conformant{of_set}{part}",
    }
    found = words.get((record.comparison is not None, status))
    if found is None:
        return status.name.replace("_", " ").lower()
    return found if record.comparison is not None else found + waived


def shortfall(record: RunRecord) -> str:
    """Return why the run as a whole proves nothing; empty if its results speak for themselves."""
    if record.unreachable:
        return record.note or "the target cannot be reached"
    if record.interrupted:
        return "the run was interrupted"
    if record.note:
        return record.note
    says_nothing = all(row.outcome in _SILENT for row in record.results)
    is_empty = says_nothing and exit_status(record) is not Exit.CONFORMANT
    return "nothing was judged" if is_empty else ""


def place(result: Result) -> Location | None:
    """Return where the step that failed is written, or else the first that is judged."""
    found = [failure.location for failure in result.failures]
    found += [step.location for step in result.steps if step.phase == "steps"]
    for text in filter(None, found):
        parts = _PLACE.fullmatch(text)
        return Location(parts[1], int(parts[2]), int(parts[3])) if parts else Location(text)
    return None


def area(name: str) -> tuple[str, ...]:
    """Return the folders that an id names, from the outermost."""
    return tuple(name.split("/")[:-1]) or (AREA_OF_THE_REST,)
