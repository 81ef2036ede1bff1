"""Waiting for what arrives on a connection, with one timer per wait, as timeouts are rare."""

import asyncio
from collections.abc import Callable


class Arrivals:
    """Wakes up whoever waits; `fault` is an error of the kit's own, which every wait raises."""

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._expired = False

    def notify(self) -> None:
        """Wake up whoever waits for something to arrive."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def changed(self) -> None:
        """Wait until something has arrived; raise an error of the kit, if any."""
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter
        self._raise_fault()

    async def until(self, condition: Callable[[], bool], timeout: float) -> None:
        """Wait for a condition; raise `TimeoutError` after `timeout` seconds.

        Raises an error of the kit on this connection, if there was one.
        """
        self._raise_fault()
        if condition():
            return
        timer = asyncio.get_running_loop().call_later(timeout, self._expire)
        self._expired = False
        try:
            while not condition():
                if self._expired:
                    raise TimeoutError
                await self.changed()
        finally:
            timer.cancel()

    def _raise_fault(self) -> None:
        if self.fault is not None:
            raise self.fault

    def _expire(self) -> None:
        self._expired = True
        self.notify()
