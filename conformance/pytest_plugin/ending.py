"""The signals that would end pytest at once: while a target runs, they end it as Ctrl-C does."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from conformance.target.held_signals import ENDING

_ENDING: Final = tuple(number for number in ENDING if number is not signal.SIGINT)


@contextmanager
def orderly() -> Iterator[None]:
    """Have SIGTERM and SIGHUP raise `KeyboardInterrupt` in a `with` block, the first of them only.

    A signal that somebody else handles or ignores is left to them; only the main thread has any.
    """
    taken: list[signal.Signals] = []
    asked = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if not asked:
            asked = True
            raise KeyboardInterrupt(signal.Signals(number).name)

    if threading.current_thread() is threading.main_thread():
        taken += [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
