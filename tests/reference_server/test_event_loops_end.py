"""However tasks, jobs and loops resist, the end of the event loops is bounded in time."""

import asyncio
import concurrent.futures
import contextlib
import gc
import math
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from reference_server import event_loops
from reference_server.event_loops import EventLoopManager
from tests.reference_server.event_loops_check import answer
from tests.reference_server.support import PATIENCE

ROOT = Path(__file__).parents[2]
BOUND = 0.5
# What a busy machine may add to a bound.
SLACK = 10.0


async def refuse_to_end() -> None:
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.01)
        if released.is_set():
            return


async def block_when_cancelled() -> None:
    try:
        await asyncio.Event().wait()
    finally:
        released.wait()


async def begin_a_job() -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def job() -> None:
        loop.call_soon_threadsafe(begun.set)
        released.wait()

    loop.run_in_executor(None, job)
    await begun.wait()
    at_work.set()


async def hold_a_generator() -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            while not released.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.01)

    kept.append(numbers())
    await anext(kept[-1])


async def block() -> None:
    released.wait()


released = threading.Event()
at_work = threading.Event()
"""Whether a job in a thread has begun: one that has not is simply never begun."""
kept: list[AsyncIterator[int]] = []
threads: list[threading.Thread] = []

RESISTANCE = {
    "a task swallows its cancellation": refuse_to_end,
    "a task blocks its cancellation": block_when_cancelled,
    "a job in a thread goes on": begin_a_job,
    "a generator does not close": hold_a_generator,
}


@pytest.fixture(autouse=True)
def _release() -> object:
    released.clear()
    at_work.clear()
    yield
    released.set()
    for thread in threads:
        thread.join(PATIENCE)
    kept.clear()
    threads.clear()
    gc.collect()


def in_thread(manager: EventLoopManager) -> asyncio.AbstractEventLoop:
    """Run a loop of the manager's in a thread of its own, and return it."""
    found: concurrent.futures.Future[asyncio.AbstractEventLoop] = concurrent.futures.Future()

    def serve() -> None:
        loop = manager.get_event_loop()
        loop.call_soon(found.set_result, loop)
        loop.run_forever()

    threads.append(threading.Thread(target=serve, daemon=True))
    threads[-1].start()
    return found.result(PATIENCE)


def close_in_time(manager: EventLoopManager) -> None:
    """Close, and see that it fails at its bound and no earlier than tasks were given time."""
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="does not"):
        manager.close(BOUND)
    assert time.monotonic() - begun < BOUND + SLACK


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("resistance", RESISTANCE)
@pytest.mark.parametrize("running", [False, True], ids=["standing", "running"])
def test_closing_keeps_its_bound_and_closes_every_other_loop(
    resistance: str, running: bool
) -> None:
    manager = EventLoopManager()
    others = [in_thread(manager) for _ in range(2)]
    own = manager.get_event_loop()
    work = RESISTANCE[resistance]
    if running:
        loop = in_thread(manager)
        # A task that nobody holds may be collected at any time.
        task: object = manager.run_coroutine_threadsafe(work(), loop)
        manager.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(PATIENCE)
        assert work is not begin_a_job or at_work.wait(PATIENCE)
    else:
        loop = own
        task = loop.create_task(work())
        loop.run_until_complete(task if work is begin_a_job else asyncio.sleep(0.02))
    close_in_time(manager)
    assert task
    assert all(other.is_closed() for other in [*others, own] if other is not loop)
    assert loop.is_closed() is (resistance != "a task blocks its cancellation")
    manager.close()


@pytest.mark.filterwarnings("ignore")
def test_a_loop_that_is_blocked_is_named_and_all_others_are_closed() -> None:
    manager = EventLoopManager()
    blocked, others = in_thread(manager), [in_thread(manager), manager.get_event_loop()]
    manager.run_coroutine_threadsafe(block(), blocked)
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="an event loop does not stop"):
        manager.close(BOUND)
    assert time.monotonic() - begun < BOUND + SLACK
    assert all(other.is_closed() for other in others)
    released.set()
    threads[0].join(PATIENCE)
    blocked.close()


@pytest.mark.parametrize("timeout", [-1, -0.001, math.nan, math.inf, True])
def test_a_time_that_is_no_bound_is_refused(timeout: float) -> None:
    with EventLoopManager() as manager:
        manager.get_event_loop()
        with pytest.raises(ValueError, match="finite number of seconds"):
            manager.close(timeout)


def test_no_time_at_all_is_enough_for_a_loop_with_nothing_to_do() -> None:
    manager = EventLoopManager()
    loop = manager.get_event_loop()
    manager.close(0)
    assert loop.is_closed()


def test_loops_of_ended_threads_are_let_go_with_what_was_pending_in_them() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    def use() -> None:
        loop = manager.get_event_loop()
        pending.append(loop.create_task(wait()))
        loop.run_until_complete(asyncio.sleep(0))
        loop.run_until_complete(asyncio.to_thread(int))

    pending: list[object] = []
    process = psutil.Process()
    with EventLoopManager() as manager:
        files, threads = process.num_fds(), threading.active_count()
        for _ in range(50):
            thread = threading.Thread(target=use)
            thread.start()
            thread.join(PATIENCE)
        manager.get_event_loop()
        assert len(manager._made) == 1
        assert process.num_fds() - files <= 4
        assert threading.active_count() - threads <= 1
    assert ended == ["cancelled"] * 50


def test_the_loop_of_an_ended_thread_that_another_thread_runs_is_not_let_go() -> None:
    with EventLoopManager() as manager:
        found: list[asyncio.AbstractEventLoop] = []
        thread = threading.Thread(target=lambda: found.append(manager.get_event_loop()))
        thread.start()
        thread.join(PATIENCE)
        threading.Thread(target=found[0].run_forever, daemon=True).start()
        result = manager.run_coroutine_threadsafe(answer(), found[0]).result(PATIENCE)
        manager.get_event_loop()
        assert result == 42
        assert not found[0].is_closed()


WAITS: dict[str, Callable[[concurrent.futures.Future[int]], object]] = {
    "result": lambda future: future.result(),
    "result with a time": lambda future: future.result(PATIENCE),
    "exception": lambda future: future.exception(),
}


@pytest.mark.parametrize("wait", WAITS)
@pytest.mark.parametrize("hand_over", ["manager", "module"])
async def test_waiting_inside_the_loop_is_a_clear_error(wait: str, hand_over: str) -> None:
    loop = asyncio.get_running_loop()
    with EventLoopManager() as manager:
        giver = manager if hand_over == "manager" else event_loops
        future = giver.run_coroutine_threadsafe(answer(), loop)
        with pytest.raises(RuntimeError, match=r"await asyncio\.wrap_future"):
            WAITS[wait](future)
        assert await asyncio.wrap_future(future) == 42
        assert (future.result(), future.exception()) == (42, None)


def test_waiting_in_the_thread_of_a_loop_that_stands_is_a_clear_error() -> None:
    with EventLoopManager() as manager:
        loop = manager.get_event_loop()
        future = manager.run_coroutine_threadsafe(answer())
        with pytest.raises(RuntimeError, match=r"await asyncio\.wrap_future"):
            future.result()
        assert loop.run_until_complete(asyncio.wrap_future(future, loop=loop)) == 42


def test_in_another_thread_a_future_tells_of_results_exceptions_and_cancellation() -> None:
    async def fail() -> None:
        raise LookupError("gone")

    with EventLoopManager() as manager:
        loop = in_thread(manager)
        assert manager.run_coroutine_threadsafe(answer(), loop).result(PATIENCE) == 42
        failed = manager.run_coroutine_threadsafe(fail(), loop)
        assert isinstance(failed.exception(PATIENCE), LookupError)
        waiting = manager.run_coroutine_threadsafe(asyncio.sleep(1000), loop)
        assert waiting.cancel()
        with pytest.raises(concurrent.futures.CancelledError):
            waiting.result(PATIENCE)
        assert concurrent.futures.wait([waiting], PATIENCE).done == {waiting}


def test_jobs_run_beside_each_other_and_fail_for_themselves() -> None:
    barrier = threading.Barrier(4)

    async def work() -> list[object]:
        loop = asyncio.get_running_loop()
        jobs = [loop.run_in_executor(None, barrier.wait, PATIENCE) for _ in range(4)]
        failing = loop.run_in_executor(None, int, "x")
        return list(await asyncio.gather(*jobs, failing, return_exceptions=True))

    with EventLoopManager() as manager:
        *numbers, failure = manager.get_event_loop().run_until_complete(work())
    assert sorted(map(str, numbers)) == ["0", "1", "2", "3"]
    assert isinstance(failure, ValueError)


EXITS = {
    "a job in a thread goes on": """
begun = threading.Event()
loop.run_in_executor(None, lambda: (begun.set(), threading.Event().wait()))
begun.wait()""",
    "a task swallows its cancellation": "kept = loop.create_task(refuse())\ntick()",
    "a task blocks its cancellation": """
async def block():
    try:
        await asyncio.Event().wait()
    finally:
        threading.Event().wait()
def serve():
    own = get_event_loop()
    kept = own.create_task(block())
    own.call_later(0.05, begun.set)
    own.run_forever()
begun = threading.Event()
threading.Thread(target=serve, daemon=True).start()
begun.wait()""",
    "a loop in a thread is blocked": """
def serve():
    own = get_event_loop()
    own.call_soon(threading.Event().wait)
    own.run_forever()
threading.Thread(target=serve, daemon=True).start()
time.sleep(0.1)""",
    "a generator does not close": """
async def numbers():
    try:
        yield 1
    finally:
        await refuse()
async def begin():
    global kept
    kept = numbers()
    await anext(kept)
loop.run_until_complete(begin())""",
}
PREFACE = """
import asyncio, threading, time
from reference_server import EventLoopManager, get_event_loop
async def refuse():
    while True:
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            pass
def tick():
    loop.run_until_complete(asyncio.sleep(0))
loop = get_event_loop()
"""


@pytest.mark.parametrize("resistance", EXITS)
def test_the_interpreter_exits_all_the_same(resistance: str) -> None:
    code = f"{PREFACE}{EXITS[resistance]}\nprint('end')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.stdout == "end\n"
    assert "does not" in done.stderr
