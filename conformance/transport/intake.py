"""Whether a connection is read: not while it is stalled or full, or has much that is not filed."""

import asyncio
from collections.abc import Callable
from typing import Final

FRAMES_A_TURN: Final = 200
"""Frames that are filed before others have their turn: what one read brings can be 100,000."""


class Intake:
    """Pauses and resumes the reading of a transport.

    While it `is_behind`, `file` is called once a turn until all that was read is filed.
    """

    def __init__(self, file: Callable[[], None]) -> None:
        self.transport: asyncio.Transport | None = None
        self.is_full = False
        self.is_behind = False
        self._file = file
        self._is_stalled = False
        self._reads = True

    def fill(self, is_full: bool) -> None:
        """Note whether there is room for what is read."""
        self.is_full = is_full
        self._switch()

    def stall(self) -> None:
        """Read nothing until it is released."""
        self._is_stalled = True
        self._switch()

    def release(self) -> None:
        """Read on, stalled or full."""
        self._is_stalled = self.is_full = False
        self._switch()

    def fall_behind(self) -> None:
        """Have the rest of what was read filed in a later turn."""
        self.is_behind = True
        self._switch()
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self.is_behind:
            self.is_behind = False
            self._file()
            self._switch()

    def catch_up(self) -> None:
        """File all that was read, before the end of the connection."""
        while self.is_behind:
            self._go_on()

    def _switch(self) -> None:
        reads = not (self._is_stalled or self.is_full or self.is_behind)
        transport = self.transport
        if reads is self._reads or transport is None or transport.is_closing():
            return
        self._reads = reads
        switch = transport.resume_reading if reads else transport.pause_reading
        switch()
