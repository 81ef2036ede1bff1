"""Remarks on what surrounds a target: a process that ended by itself, hooks that fail it."""

from collections.abc import Iterator
from typing import Final

from conformance.record.record import RunRecord
from conformance.text.excerpts import cut

SHOWN: Final = 5
"""Lines of a process's output, and scenarios in flight, that a person is shown."""


def sentences(record: RunRecord) -> Iterator[str]:
    """What is said of it in short: nothing that differs from run to run."""
    ended = record.process.unasked if record.process else None
    if ended is not None:
        yield f"The target's process ended during the run {ended.how}"
    for fault in record.hook_faults.values():
        yield fault[:1].upper() + fault[1:]


def lines(record: RunRecord) -> Iterator[str]:
    """All that a person is told of it, with what ran when the process ended, and its last words."""
    ended = record.process.unasked if record.process else None
    for sentence in sentences(record):
        yield f"{sentence}."
    if record.process is None or ended is None:
        return
    yield f"  ended      after {ended.seconds:.1f} s"
    if ended.in_flight:
        more = len(ended.in_flight) - SHOWN
        rest = f" and {more} more" if more > 0 else ""
        yield f"  in flight  {', '.join(ended.in_flight[:SHOWN])}{rest}"
    for stream, text in record.process.output[-SHOWN:]:
        yield f"  {stream}     {cut(text, 240)}"
