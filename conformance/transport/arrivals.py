"""Waiting for what arrives, with one timer per wait, as timeouts are rare."""

import asyncio
from collections.abc import Callable


class Arrivals:
    """Wakes up whoever waits; `fault` is an error of the kit's own, which every wait raises."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self._waiters: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        """Wake up whoever waits for something to arrive."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self) -> None:
        """Wait until something has arrived; raise an error of the kit, if any."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
        self._raise_fault()

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait for a condition; raise `TimeoutError` after `timeout` seconds.

        Raises an error of the kit, if there was one.
        """
        self._raise_fault()
        if condition():
            return
        expired = False

        def expire() -> None:
            nonlocal expired
            expired = True
            self.notify()

        timer = asyncio.get_running_loop().call_later(timeout, expire)
        try:
            while not condition():
                if expired:
                    raise TimeoutError
                await self.changed()
        finally:
            timer.cancel()

    def _raise_fault(self) -> None:
        if self.fault is not None:
            raise self.fault
