"""Event loops: one for each thread, coroutines handed over between them, and a clean end.

Only the standard library is used, and nothing that any Python from 3.11 on calls deprecated: loops
are made and passed explicitly, never through the process-wide policy.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["EventLoopManager", "get_event_loop", "run_coroutine_threadsafe"]

T = TypeVar("T")


class EventLoopManager:
    """Gives each thread its event loop and ends, with ``close``, the loops that it made."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._made: list[asyncio.AbstractEventLoop] = []
        self._main: asyncio.AbstractEventLoop | None = None
        self._is_closed = False
        self._lock = threading.Lock()

    def get_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop that runs in this thread, else the one that is kept for it.

        The first loop asked for becomes the main loop, unless ``register`` names another.
        Raises ``RuntimeError`` after ``close``.
        """
        running = _running_loop()
        if running is not None:
            return self._adopt(running)
        loop: asyncio.AbstractEventLoop | None = getattr(self._local, "loop", None)
        if loop is None or loop.is_closed():
            loop = self._local.loop = self._make()
        return self._adopt(loop)

    def register(self, loop: asyncio.AbstractEventLoop) -> None:
        """Make a loop the main one, which coroutines go to by default."""
        with self._lock:
            self._main = loop

    def run_coroutine_threadsafe(
        self, coro: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None
    ) -> concurrent.futures.Future[T]:
        """Hand a coroutine to a loop (by default the main one) from any thread.

        Return a future to wait for in any thread but the loop's own. Raises ``RuntimeError``
        when there is no loop to hand it to.
        """
        target = loop or self._main
        if target is None or target.is_closed():
            coro.close()
            raise RuntimeError("there is no event loop to run the coroutine in")
        return asyncio.run_coroutine_threadsafe(coro, target)

    def close(self, timeout: float = 5.0) -> None:
        """End every loop that this manager made, and no other.

        What is pending is cancelled and waited for; a loop that runs in another thread is stopped
        first. Raises ``TimeoutError`` if that takes more than ``timeout`` seconds a loop, and
        ``RuntimeError`` when called inside one of the loops.
        """
        if _running_loop() in self._made:
            raise RuntimeError("close() would wait for the loop that it runs in")
        with self._lock:
            made, self._made, self._is_closed = self._made, [], True
            self._main = None
        for loop in made:
            _stop(loop, timeout)
            _finish(loop)

    def __enter__(self) -> EventLoopManager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _make(self) -> asyncio.AbstractEventLoop:
        """Make a loop for this thread."""
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the event loop manager is closed")
            loop = asyncio.new_event_loop()
            self._made.append(loop)
            return loop

    def _adopt(self, loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
        """Make a loop the main one if there is none that can still run."""
        with self._lock:
            if self._main is None or self._main.is_closed():
                self._main = loop
        return loop


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _stop(loop: asyncio.AbstractEventLoop, timeout: float) -> None:
    """Cancel what is pending in a loop of another thread, stop the loop, and see it stand."""
    if not loop.is_running():
        return
    deadline = time.monotonic() + timeout
    cancelled = asyncio.run_coroutine_threadsafe(_cancel_pending(), loop)
    # Cancelling may stop the loop by itself, so both ends are watched for; nothing tells of them.
    while loop.is_running():
        if cancelled.done():
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(loop.stop)
        if time.monotonic() > deadline:
            raise TimeoutError("an event loop does not stop")
        time.sleep(0.001)


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel what is pending in a loop that stands, and close it."""
    if loop.is_closed():
        return
    try:
        # A stop that was asked for and not seen would interrupt what follows.
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.run_until_complete(_cancel_pending())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        loop.close()


async def _cancel_pending() -> None:
    """Cancel all other tasks of the running loop and wait for them."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_default = EventLoopManager()
atexit.register(_default.close)


def get_event_loop() -> asyncio.AbstractEventLoop:
    """Return this thread's event loop."""
    return _default.get_event_loop()


def run_coroutine_threadsafe(
    coro: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None
) -> concurrent.futures.Future[T]:
    """Hand a coroutine to a loop (by default the main one) from any thread."""
    return _default.run_coroutine_threadsafe(coro, loop)
