"""Progress of a run: one moving line on a terminal, nothing where it would be noise."""

from types import TracebackType
from typing import TextIO

from conformance.model import Outcome, Result
from conformance.text.streams import Output


class Progress:
    """Counts results as they are found, on one line that is erased at the end."""

    def __init__(self, stream: TextIO, total: int, *, quiet: bool) -> None:
        self.output = Output.of(stream)
        self.total = total
        self.shown = not quiet
        self.done = 0
        self.failed = 0

    def found(self, result: Result) -> None:
        """Take one more result; a rerun was counted when it first ran."""
        if result.trials:
            self._show("rerunning failures", result.id)
            return
        self.step(result.id, failed=result.outcome is Outcome.FAILED)

    def step(self, name: str, *, failed: bool) -> None:
        """Count one more thing as done."""
        self.done += 1
        self.failed += failed
        wrong = f", {self.failed} failed" if self.failed else ""
        self._show(f"{self.done} of {self.total}{wrong}", name)

    def _show(self, text: str, name: str) -> None:
        if self.shown:
            self.output.passing(f"{text}  {name[:60]}")

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
