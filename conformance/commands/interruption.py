"""Interruption: Ctrl-C ends the run, not the report; so do SIGTERM and a terminal that closes."""

import signal
from collections.abc import Callable
from types import FrameType


def take_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Has a function called by the signals that end a run: SIGINT, SIGTERM and SIGHUP.

    SIGHUP stays ignored where it is: `nohup` asks for that.
    """
    signal.signal(signal.SIGINT, handler)
    signal.signal(signal.SIGTERM, handler)
    hang_up = getattr(signal, "SIGHUP", None)  # there is none on Windows
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        signal.signal(hang_up, handler)


class Interruption:
    """Takes the signals that end a run, from the first moment; they call `cancel` from then on.

    After `release` they end what is still being done: nothing but a reader who does not read is
    waited for then.
    """

    def __init__(self) -> None:
        self.asked = False
        self.cancel: Callable[[], object] | None = None
        self._released = False
        take_signals(self._on_signal)

    def release(self) -> None:
        """Says that the reports are written."""
        self._released = True

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._released:
            raise KeyboardInterrupt
        if self.cancel is not None:
            self.cancel()
