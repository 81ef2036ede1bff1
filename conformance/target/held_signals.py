"""Signals that would interrupt what must not be left half done: held back until it is whole."""

import signal
import threading
from types import FrameType
from typing import Final

ENDING: Final = tuple(s for s in signal.Signals if s.name in ("SIGINT", "SIGTERM", "SIGHUP"))
"""The signals that end a run; Windows has no SIGHUP."""


class HeldSignals:
    """Holds SIGINT, SIGTERM and SIGHUP back from its making to `release`, which delivers them.

    What is ignored stays so, for child processes too; only the main thread gets any.
    """

    def __init__(self) -> None:
        self._came: list[int] = []
        self._before: dict[signal.Signals, object] = {}
        if threading.current_thread() is threading.main_thread():
            for number in ENDING:
                handler = signal.getsignal(number)
                if handler not in (signal.SIG_IGN, None):
                    self._before[number] = handler
                    signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._came.append(number)

    def release(self) -> None:
        """Deliver what came, by the handlers that there were before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        self._before.clear()
        came, self._came = self._came, []
        for arrived in came:
            signal.raise_signal(arrived)
