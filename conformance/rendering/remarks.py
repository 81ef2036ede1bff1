"""Remarks on the target's surroundings: a process that ended by itself, hooks that fail."""

from collections.abc import Iterator
from typing import Final

from conformance.model import COMES_BACK, ONE_SESSION
from conformance.record.record import RunRecord
from conformance.text.excerpts import cut
from conformance.text.layout import capitalized

SHOWN: Final = 5
"""Lines of a process's output, and scenarios in flight, that are shown."""


def sentences(record: RunRecord) -> Iterator[str]:
    """Yield the remarks in short form, without anything that varies between runs."""
    ended = record.process.unasked if record.process else None
    if ended is not None:
        yield f"The target's process ended during the run {ended.how}"
    for fault in record.hook_faults.values():
        yield capitalized(fault)
    if {ONE_SESSION, COMES_BACK} <= record.claims:
        yield "The client is said to be made for one session (one_session), but connects again"


def lines(record: RunRecord) -> Iterator[str]:
    """Yield all remarks, with what was in flight when the process ended, and its last output."""
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
