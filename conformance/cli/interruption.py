"""Interruption: Ctrl-C, SIGTERM or a closing terminal ends the run, but not the report."""

import signal
from collections.abc import Callable
from types import FrameType

from conformance.target.held_signals import ENDING


def take_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Install a handler for the signals that end a run: SIGINT, SIGTERM and SIGHUP.

    SIGHUP stays ignored if it is: `nohup` asks for that.
    """
    for number in ENDING:
        if number.name != "SIGHUP" or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


class Interruption:
    """Takes the signals that end a run, from the first moment; they call `cancel` once it is set.

    After `release` they end what is still being done: by then, only a reader that does not read is
    being waited for.
    """

    def __init__(self) -> None:
        self.asked = False
        self.cancel: Callable[[], object] | None = None
        self._released = False
        take_signals(self._on_signal)

    def release(self) -> None:
        """Note that the reports are written."""
        self._released = True

    def settle(self) -> None:
        """Ignore an impatient second signal once everything is written.

        The interpreter gives up its handlers while it exits.
        """
        if self.asked:
            for number in ENDING:
                signal.signal(number, signal.SIG_IGN)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if self._released:
            raise KeyboardInterrupt
        if self.cancel is not None:
            self.cancel()
