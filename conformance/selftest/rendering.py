"""The kill matrix for a person, a program or a repository."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.rendering.files import Writers
from conformance.rendering.gfm import table as markdown_table
from conformance.selftest.legal import LegalRun
from conformance.selftest.matrix import FaultRun, Matrix
from conformance.text.escapes import json_document

NAMED: Final = 3


def table(matrix: Matrix) -> str:
    """Return one row per fault: its name, what it breaks, and what caught it."""
    from tabulate import tabulate

    rows = [(run.fault.id, run.fault.requirement, _caught(run)) for run in _sorted(matrix)]
    return str(tabulate(rows, ("fault", "breaks", "caught by"), tablefmt="simple"))


def complaints(matrix: Matrix) -> Iterator[str]:
    """Yield what the matrix leaves unproved, one line each; nothing if it holds."""
    if matrix.control:
        yield "FOUND WITHOUT A FAULT:"
        yield from (f"    {text}" for text in matrix.control)
    for run in matrix.uncaught:
        yield f"NOT CAUGHT {run.fault.id}: {run.fault.title} ({run.fault.requirement})"
        others = sorted({name for kill in run.kills for name in kill.blamed})
        if others:
            yield f"    blamed instead: {', '.join(others)}"
        yield from (f"    {trouble}" for trouble in run.trouble[:NAMED])
        yield f"    {run.fault.location}"
    for run in matrix.false_blame:
        names = {kill.id: sorted(kill.blamed & run.undeclared) for kill in run.kills}
        found = "; ".join(f"{', '.join(names[key])} by {key}" for key in names if names[key])
        yield f"BLAMED WRONGLY for {run.fault.id}: {found}"
        yield f"    {run.fault.location}"
    if matrix.unproved:
        yield f"NEVER SEEN TO FAIL: {len(matrix.unproved)}"
        yield from (f"    {name}" for name in matrix.unproved)
    if matrix.uncovered:
        yield f"NO FAULT BREAKS: {', '.join(matrix.uncovered)}"


def verdict(matrix: Matrix, seconds: float) -> str:
    """Return the last line: what was proved."""
    caught = len(matrix.runs) - len(matrix.uncaught)
    text = f"{caught} of {len(matrix.runs)} faults caught"
    if matrix.results:
        seen = len(matrix.results) - len(matrix.unproved)
        text += f"; {seen} of {len(matrix.results)} scenarios and passive checks seen to fail"
    again = sum(run.again for run in matrix.runs)
    if again:
        text += f"; {again} judged twice"
    return f"{text}; {len(matrix.false_blame)} blamed wrongly; {seconds:.1f} s"


def legal_complaints(runs: Sequence[LegalRun]) -> Iterator[str]:
    """Yield what was blamed on conformant servers, or not judged, one line each."""
    for run in sorted(runs, key=lambda run: run.variant.id):
        if run.holds:
            continue
        yield f"NOT TOLERATED {run.variant.id}: {run.variant.title} ({run.variant.allowed_by})"
        yield from (f"    blamed by {text}" for text in run.blamed)
        yield from (f"    not judged: {text}" for text in run.open)
        yield from ([f"    {run.trouble}"] if run.trouble else [])
        yield f"    {run.variant.location}"


def legal_verdict(runs: Sequence[LegalRun], seconds: float) -> str:
    """Return the last line: how many legal variants were tolerated."""
    held = sum(run.holds for run in runs)
    blamed = sum(bool(run.blamed) for run in runs)
    return f"{held} of {len(runs)} legal variants tolerated; {blamed} blamed; {seconds:.1f} s"


def _sorted(matrix: Matrix) -> list[FaultRun]:
    return sorted(matrix.runs, key=lambda run: (run.fault.requirement, run.fault.id))


def _caught(run: FaultRun) -> str:
    if not run.caught:
        return "NOT CAUGHT"
    more = f" and {len(run.own) - 1} more" if len(run.own) > 1 else ""
    return f"{run.own[0]}{more}"


def document(matrix: Matrix) -> dict[str, Any]:
    """Return the kill matrix as JSON."""
    return {
        "holds": matrix.holds,
        "control": list(matrix.control),
        "faults": [_row(run) for run in _sorted(matrix)],
        "unproved": matrix.unproved,
        "uncovered": matrix.uncovered,
    }


def _row(run: FaultRun) -> Mapping[str, Any]:
    return {
        "id": run.fault.id,
        "requirement": run.fault.requirement,
        "title": run.fault.title,
        "caught": run.caught,
        "also": sorted(run.fault.also),
        "blamed_wrongly": sorted(run.undeclared),
        "failures": {kill.id: sorted(kill.blamed) for kill in run.kills},
        "trouble": list(run.trouble),
        "again": run.again,
        "seconds": round(run.seconds, 3),
    }


def _json(matrix: Matrix) -> bytes:
    text = json.dumps(document(matrix), ensure_ascii=False, indent=2)
    return json_document(text).encode() + b"\n"


def _markdown(matrix: Matrix) -> bytes:
    return ("\n".join(_lines(matrix)) + "\n").encode()


def _lines(matrix: Matrix) -> Iterator[str]:
    """Yield the document: the same bytes for the same outcomes."""
    caught = len(matrix.runs) - len(matrix.uncaught)
    yield "# Kill matrix"
    yield ""
    yield (
        f"{caught} of {len(matrix.runs)} faulty servers caught, each by a failure of the "
        "requirement that it breaks."
    )
    yield ""
    heads = ("fault", "what the server does", "breaks", "caught by")
    yield from markdown_table(heads, map(_cells, _sorted(matrix)))


def _cells(run: FaultRun) -> Sequence[str]:
    names = ", ".join(sorted(run.own)) or "NOTHING"
    return run.fault.id, run.fault.title, run.fault.requirement, names


WRITERS: Final[Writers[Matrix]] = {"json": _json, "markdown": _markdown}
