"""Progress of a run: one moving line on a terminal, a line now and then in a log."""

from collections.abc import Mapping, Sequence
from time import perf_counter
from types import TracebackType
from typing import Final, TextIO

from conformance.model import Outcome, Result
from conformance.record import schedule
from conformance.record.role import SERVER, told
from conformance.text.streams import Output

EVERY: Final = 10.0
"""Seconds between two lines where the stream is no terminal."""

_PHASES: Final[Mapping[str, str]] = {
    schedule.DISCOVERY: "meeting the server",
    schedule.FORMS: "the same in other forms",
    schedule.EXCLUSIVE: "one at a time",
    schedule.RETRIES: "rerunning failures",
    schedule.LAST: "stopping the server",
}
"""What is done in the phases of a run, but for the first scenarios."""


class Progress:
    """Counts results as they are found, and says what is waited for."""

    def __init__(self, stream: TextIO, total: int, *, quiet: bool, role: str = SERVER) -> None:
        self._role = role
        self.output = Output.of(stream)
        self.total = total
        self.shown = not quiet
        self.done = 0
        self.failed = 0
        self._begun = self._last = perf_counter()

    def found(self, result: Result) -> None:
        """Take one more result; a rerun was counted when it first ran."""
        if not result.trials:
            self._count(failed=result.outcome is Outcome.FAILED)

    def step(self, name: str, *, failed: bool) -> None:
        """Count one more thing as done, and show it."""
        self._count(failed=failed)
        self._show(name)

    def tick(self, phase: str, waiting: Sequence[tuple[str, float]]) -> None:
        """Show the phase of a run and what is in progress: ids and seconds, the longest first."""
        parts = [told(_PHASES[phase], self._role)] if phase in _PHASES else []
        if waiting:
            name, seconds = waiting[0]
            more = f" and {len(waiting) - 1} more" if waiting[1:] else ""
            parts.append(f"{name} ({seconds:.0f} s){more}")
        self._show(": ".join(parts))

    def _count(self, *, failed: bool) -> None:
        self.done += 1
        self.failed += failed

    def _show(self, what: str) -> None:
        if not self.shown:
            return
        now = perf_counter()
        wrong = f", {self.failed} failed" if self.failed else ""
        of = f" of {self.total}" if self.total else ""
        text = f"{now - self._begun:3.0f} s  {self.done}{of}{wrong}  {what}"
        if self.output.is_terminal:
            self.output.passing(text[: self.output.width - 1])
        elif now - self._last >= EVERY:
            self._last = now
            self.output.line(text)

    def close(self) -> None:
        """Erase the line."""
        if self.shown:
            self.output.passing("")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
