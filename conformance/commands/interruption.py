"""Interruption: Ctrl-C ends the run, not the report."""

import signal
from collections.abc import Callable
from types import FrameType


class Interruption:
    """Takes SIGINT and SIGTERM from the first moment; `cancel` is what they call from then on."""

    def __init__(self) -> None:
        self.asked = False
        self.cancel: Callable[[], object] | None = None
        signal.signal(signal.SIGINT, self._on_signal)
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self.cancel is not None:
            self.cancel()
