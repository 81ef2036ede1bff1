"""What holds of every run of the kit, whatever its target does."""

from pathlib import Path

from conformance.loader.suite import Suite
from tests.support.kit import Finished, judging

SECONDS = 120.0
"""Far more than any of these runs needs: the kit's own limits end them after a few seconds."""

MEMORY = 300 * 1024 * 1024


async def judged(folder: Path, target: str, *words: str) -> Finished:
    """A run of the kit, given so much time that only one that hangs is ended."""
    return await judging(folder, target, *words, timeout=SECONDS)


def survived(done: Finished, suite: Suite, expected: tuple[int, ...]) -> None:
    """The kit ended in time, within its memory, with a status and a report that are right."""
    assert done.errors == ""
    assert done.status in expected
    assert done.seconds < SECONDS
    assert done.peak_bytes < MEMORY
    faults = suite.schemas.explain("kit/report", done.report)
    assert [(fault.pointer, fault.message) for fault in faults] == []
    assert done.report["exit_status"] == done.status
    assert done.report["counts"]["kit error"] == 0
    assert [line for line in done.output.splitlines() if not line.isprintable()] == []
