"""Interruption: Ctrl-C ends the run, not the report."""

import signal
from collections.abc import Callable
from types import FrameType


class Interruption:
    """Takes SIGINT and SIGTERM from the first moment; `cancel` is what they call from then on.

    After `release` they end what is still being done: nothing but a reader who does not read is
    waited for then.
    """

    def __init__(self) -> None:
        self.asked = False
        self.cancel: Callable[[], object] | None = None
        self._released = False
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def release(self) -> None:
        """Says that the reports are written."""
        self._released = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._released:
            raise KeyboardInterrupt
        if self.cancel is not None:
            self.cancel()
