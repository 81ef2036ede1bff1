"""The time of a run with clients: unbounded if a person starts them, and rightly called."""

import asyncio
from math import inf

import pytest

from conformance.engine.run import Options, Run
from conformance.engine.time_limit import TimeLimit, limit
from conformance.loader.suite import load
from conformance.target.client_file import from_argument


def run() -> Run:
    return Run(load("coda_clients"), from_argument("", port=1), [], Options())


def test_a_slow_start_makes_a_run_longer() -> None:
    assert limit(0.0, 1.0, 0.0, 10.0, 12.0) - limit(0.0, 1.0, 0.0, 10.0) == 120.0


async def test_a_run_without_a_bound_can_still_be_ended() -> None:
    bound = TimeLimit(run().world, inf, 0.0)
    asyncio.get_running_loop().call_later(0.1, bound.end)
    assert not await bound.keep(asyncio.sleep(600))


async def test_a_limit_counts_from_the_moment_that_is_given() -> None:
    world = run().world
    now = asyncio.get_running_loop().time()
    world.begun -= 1_000.0
    assert await TimeLimit(world, 60.0, now).keep(asyncio.sleep(0))


async def test_an_end_that_nobody_asked_for_is_no_interruption() -> None:
    bound = TimeLimit(run().world, inf, 0.0)

    async def cancelled_otherwise() -> None:
        bound.end()
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            raise

    assert not await bound.keep(cancelled_otherwise())


async def test_a_cancelled_limit_is_an_interruption() -> None:
    task = asyncio.create_task(TimeLimit(run().world, inf, 0.0).keep(asyncio.sleep(600)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
