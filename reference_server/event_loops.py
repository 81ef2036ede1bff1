"""Event loops: one per thread, coroutines handed over between them, and a bounded end.

Only the standard library is used, and nothing that Python 3.11 or later calls deprecated: loops
are made and passed explicitly, never through the process-wide policy.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import gc
import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from typing import Any, TypeVar

__all__ = ["EventLoopManager", "get_event_loop", "run_coroutine_threadsafe"]

T = TypeVar("T")

# Seconds for the pending tasks of a loop whose thread has ended.
_PARTING = 1.0
# The share of the time to end that tasks may take, and the seconds that they always get.
_SHARE, _MOMENT = 0.8, 0.05


class EventLoopManager:
    """Gives each thread its event loop and ends, with ``close``, the loops that it made.

    The loop of a thread that has ended is closed when another thread asks for a loop of its own.
    """

    def __init__(self) -> None:
        self._local = threading.local()
        self._made: dict[asyncio.AbstractEventLoop, _Kept] = {}
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
        loop = self._own()
        if loop is None or loop.is_closed():
            self._let_go()
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

        Returns a future to wait for in any thread but the loop's own, where ``result`` and
        ``exception`` raise ``RuntimeError`` instead of waiting for themselves. Raises
        ``RuntimeError`` if there is no loop to hand it to.
        """
        target = loop or self._main
        if target is None or target.is_closed():
            coro.close()
            raise RuntimeError("there is no event loop to run the coroutine in")
        try:
            inner = asyncio.run_coroutine_threadsafe(coro, target)
        except RuntimeError:
            # It was closed meanwhile.
            coro.close()
            raise
        return _Handed(inner, lambda: self._is_of_this_thread(target))

    def close(self, timeout: float = 5.0) -> None:
        """End all loops that this manager made, and no others, within ``timeout`` seconds.

        What is pending is cancelled and waited for; a loop that runs in another thread is stopped
        first. Raises ``TimeoutError``, after all that can be closed is closed, when something did
        not end in time; ``RuntimeError`` when called inside one of the loops; and ``ValueError``
        for a ``timeout`` that is not a number of 0 or more.
        """
        if isinstance(timeout, bool) or not 0 <= timeout < math.inf:
            raise ValueError("timeout must be a finite number of seconds, 0 or more")
        if _running_loop() in self._made:
            raise RuntimeError("close() would wait for the loop that it runs in")
        with self._lock:
            made, self._made, self._is_closed = self._made, {}, True
            self._main = None
        faults = _end(made.values(), time.monotonic() + timeout)
        if faults:
            raise TimeoutError("; ".join(faults))

    def __enter__(self) -> EventLoopManager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _own(self) -> asyncio.AbstractEventLoop | None:
        """Return the loop that is kept for this thread, if any."""
        loop: asyncio.AbstractEventLoop | None = getattr(self._local, "loop", None)
        return loop

    def _is_of_this_thread(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Say whether a loop runs in this thread, or could run in no other."""
        return _running_loop() is loop or (self._own() is loop and not loop.is_running())

    def _make(self) -> asyncio.AbstractEventLoop:
        """Make a loop for this thread."""
        with self._lock:
            if self._is_closed:
                raise RuntimeError("the event loop manager is closed")
            kept = _Kept()
            self._made[kept.loop] = kept
            return kept.loop

    def _let_go(self) -> None:
        """End the loops of threads that have ended."""
        with self._lock:
            ended = [kept for kept in self._made.values() if kept.is_left()]
            for kept in ended:
                del self._made[kept.loop]
        _end(ended, time.monotonic() + _PARTING)

    def _adopt(self, loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
        """Make a loop the main one if there is none that can still run."""
        with self._lock:
            if self._main is None or self._main.is_closed():
                self._main = loop
        return loop


class _Kept:
    """A loop, the thread that it was made for, and the threads that work for it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.workers = _Workers()
        self.loop.set_default_executor(self.workers)
        self._thread = threading.current_thread()

    def is_left(self) -> bool:
        """Say whether the thread has ended and no other thread runs the loop."""
        return not self._thread.is_alive() and not self.loop.is_running()

    def drain(self, deadline: float) -> None:
        """End what the loop has to do, in whichever thread it runs, and stop it."""
        # Another thread may close the loop or begin to run it.
        with contextlib.suppress(RuntimeError):
            _stop(self.loop, deadline)
            # In Python 3.13, asking a running loop to run makes it look as if it were stopped.
            if self.loop.is_running():
                return
            # A stop that was requested and not seen would interrupt what follows.
            self.loop.call_soon(self.loop.stop)
            self.loop.run_forever()
            self.loop.run_until_complete(_drain(deadline))

    def close(self, deadline: float) -> str | None:
        """Close the loop if it is stopped; return what did not end, or None."""
        self.workers.shutdown(wait=False, cancel_futures=True)
        tasks = asyncio.all_tasks(self.loop)
        _left.extend(tasks)
        if self.loop.is_running():
            return "an event loop does not stop"
        self.loop.close()
        if tasks:
            return "a task does not end although it was cancelled"
        return None if self.workers.wait(deadline) else "a job in a thread does not end"


class _Workers(concurrent.futures.ThreadPoolExecutor):
    """The default executor of a loop.

    Its threads are daemons. Those of the base class, which only provides the type, would keep the
    interpreter from exiting for as long as they work.
    """

    def __init__(self) -> None:
        super().__init__(1)
        self._most = min(32, (os.cpu_count() or 1) + 4)
        self._jobs: deque[tuple[concurrent.futures.Future[Any], Callable[[], Any]]] = deque()
        self._staff: list[threading.Thread] = []
        self._idle = 0
        self._is_shut = False
        self._change = threading.Condition()

    def submit(
        self, fn: Callable[..., T], /, *args: Any, **kwargs: Any
    ) -> concurrent.futures.Future[T]:
        """Have a function called in a thread; raise ``RuntimeError`` after ``shutdown``."""
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        with self._change:
            if self._is_shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
            if len(self._jobs) >= self._idle and len(self._staff) < self._most:
                name = f"asyncio_{len(self._staff)}"
                thread = threading.Thread(target=self._work, name=name, daemon=True)
                thread.start()
                self._staff.append(thread)
            self._jobs.append((future, partial(fn, *args, **kwargs)))
            self._change.notify()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more jobs, and let the threads end once they have done theirs."""
        with self._change:
            self._is_shut = True
            left = list(self._jobs) if cancel_futures else []
            if cancel_futures:
                self._jobs.clear()
            self._change.notify_all()
        for future, _ in left:
            future.cancel()
        if wait:
            self.wait(math.inf)

    def wait(self, deadline: float) -> bool:
        """Wait for the threads until a monotonic time; say whether all have ended."""
        for thread in self._staff:
            left = None if deadline == math.inf else max(deadline - time.monotonic(), 0)
            thread.join(left)
        return not any(thread.is_alive() for thread in self._staff)

    def _work(self) -> None:
        """Do jobs until there are no more to come."""
        while True:
            with self._change:
                self._idle += 1
                self._change.wait_for(lambda: self._jobs or self._is_shut)
                self._idle -= 1
                if not self._jobs:
                    return
                future, call = self._jobs.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    result = call()
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
            del future, call


class _Handed(concurrent.futures.Future[T]):
    """The future of a coroutine that was handed over; it does not wait for its own thread."""

    def __init__(
        self, inner: concurrent.futures.Future[T], is_of_this_thread: Callable[[], bool]
    ) -> None:
        super().__init__()
        self._inner = inner
        self._is_of_this_thread = is_of_this_thread
        inner.add_done_callback(self._take_over)

    def cancel(self) -> bool:
        """Cancel the coroutine, as its own future does."""
        return self._inner.cancel()

    def result(self, timeout: float | None = None) -> T:
        """Wait for the result; raise ``RuntimeError`` if it would never come."""
        self._refuse_to_wait_for_itself()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the exception; raise ``RuntimeError`` if it would never come."""
        self._refuse_to_wait_for_itself()
        return super().exception(timeout)

    def _refuse_to_wait_for_itself(self) -> None:
        if not self.done() and self._is_of_this_thread():
            raise RuntimeError(
                "this thread's event loop cannot run the coroutine while the thread waits for it:"
                " await asyncio.wrap_future(…), or wait in another thread"
            )

    def _take_over(self, inner: concurrent.futures.Future[T]) -> None:
        """Take over the outcome of the coroutine's own future."""
        if inner.cancelled():
            super().cancel()
            self.set_running_or_notify_cancel()
        elif (error := inner.exception()) is not None:
            self.set_exception(error)
        else:
            self.set_result(inner.result())


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop that runs in this thread, if any."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _end(loops: Iterable[_Kept], deadline: float) -> list[str]:
    """Drain all loops in parallel until a monotonic time, close them, and return what is left."""
    loops = list(loops)
    now = time.monotonic()
    # What does not end takes most of the time, and stopping it gets the rest, or a moment.
    drained = now + (deadline - now) * _SHARE
    drains = [_begin(partial(kept.drain, drained)) for kept in loops]
    stopped = max(deadline, now + _MOMENT)
    for drain in drains:
        if drain is not None:
            drain.join(max(stopped - time.monotonic(), 0))
    faults = [kept.close(stopped) for kept in loops]
    return [fault for fault in faults if fault is not None]


def _begin(drain: Callable[[], None]) -> threading.Thread | None:
    """Drain in a thread that nothing has to wait for, because a task may block it for ever.

    Since Python 3.12 no thread can be started while the interpreter exits.
    """
    thread = threading.Thread(target=drain, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        drain()
        return None
    return thread


def _stop(loop: asyncio.AbstractEventLoop, deadline: float) -> None:
    """Cancel what is pending in a loop of another thread, stop the loop, and wait for that."""
    if not loop.is_running():
        return
    # Half of the time is reserved for what does not end, after the loop has been stopped.
    cancelled = asyncio.run_coroutine_threadsafe(_drain((time.monotonic() + deadline) / 2), loop)
    # Cancelling may stop the loop by itself, so both ends are polled for; neither is announced.
    while loop.is_running() and time.monotonic() < deadline:
        if cancelled.done():
            loop.call_soon_threadsafe(loop.stop)
        time.sleep(0.001)
    loop.call_soon_threadsafe(loop.stop)


async def _drain(deadline: float) -> None:
    """Cancel all other tasks of the running loop and close its generators, as far as they end."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        done, _ = await asyncio.wait(tasks, timeout=max(deadline - time.monotonic(), 0))
        for task in done:
            # Retrieved, so that it is not reported as never retrieved.
            _ = task.cancelled() or task.exception()
    closing = asyncio.ensure_future(asyncio.get_running_loop().shutdown_asyncgens())
    await asyncio.wait({closing}, timeout=max(deadline - time.monotonic(), 0))
    closing.cancel()


_default = EventLoopManager()
# Tasks that did not end. If they were destroyed, their cleanup would go on in whichever thread
# destroys them, and might block it for ever; so this list holds itself.
_left: list[object] = []
_left.append(_left)


@atexit.register
def _at_exit() -> None:
    """End the loops of the process, ignoring what does not end."""
    try:
        _default.close()
    finally:
        if len(_left) > 1:
            gc.freeze()


def get_event_loop() -> asyncio.AbstractEventLoop:
    """Return this thread's event loop."""
    return _default.get_event_loop()


def run_coroutine_threadsafe(
    coro: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop | None = None
) -> concurrent.futures.Future[T]:
    """Hand a coroutine to a loop (by default the main one) from any thread."""
    return _default.run_coroutine_threadsafe(coro, loop)
