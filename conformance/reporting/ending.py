"""What the reports for people say of a target's process that ended by itself."""

from collections.abc import Iterator
from typing import Final

from conformance.checks import cut, printable
from conformance.record import RunRecord

SHOWN: Final = 5
"""Lines of its output, and scenarios in flight, that a person is shown."""


def sentence(record: RunRecord) -> str:
    """How the process ended; empty where it did not, or was asked to."""
    ended = record.process.unasked if record.process else None
    return "" if ended is None else f"The target's process ended during the run {ended.how}"


def lines(record: RunRecord) -> Iterator[str]:
    """How and when the process ended, what ran at that moment, and what it said last."""
    ended = record.process.unasked if record.process else None
    if record.process is None or ended is None:
        return
    yield f"{sentence(record)}, after {ended.seconds:.1f} s."
    if ended.in_flight:
        more = len(ended.in_flight) - SHOWN
        rest = f" and {more} more" if more > 0 else ""
        yield f"  in flight  {', '.join(ended.in_flight[:SHOWN])}{rest}"
    for stream, text in record.process.output[-SHOWN:]:
        yield f"  {stream}     {cut(printable(text), 240)}"
