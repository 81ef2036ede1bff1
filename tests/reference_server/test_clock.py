import asyncio

import pytest

from reference_server.clock import Clock
from tests.reference_server.support import PATIENCE
from tests.reference_server.support import Clock as SetClock


def test_both_times_follow_what_they_are_made_of_and_what_the_clock_is_advanced_by() -> None:
    clock = Clock(SetClock(10.0), SetClock(1000.0))
    assert (clock.monotonic(), clock.time()) == (10.0, 1000.0)
    clock.advance(2.5)
    assert (clock.monotonic(), clock.time()) == (12.5, 1002.5)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_time_does_not_go_back(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        Clock().advance(seconds)


async def test_alarms_whose_time_has_come_ring_before_advance_returns_in_their_order() -> None:
    clock, rang = Clock(), list[str]()
    clock.call_later(200, lambda: rang.append("second"))
    clock.call_later(100, lambda: rang.append("first"))
    third = clock.call_later(300, lambda: rang.append("third"))
    clock.advance(150)
    assert rang == ["first"]
    clock.advance(50)
    assert rang == ["first", "second"]
    third.cancel()
    third.cancel()
    clock.advance(1000)
    assert rang == ["first", "second"]


async def test_an_alarm_rings_by_itself_when_the_rest_of_its_time_has_passed() -> None:
    clock, rang = Clock(), asyncio.Event()
    clock.call_later(100.05, rang.set)
    clock.advance(100)
    async with asyncio.timeout(PATIENCE):
        await rang.wait()


async def test_an_alarm_may_cancel_another_that_is_due() -> None:
    clock, rang = Clock(), list[str]()
    alarms = [clock.call_later(2, lambda: rang.append("cancelled"))]
    clock.call_later(1, alarms[0].cancel)
    clock.advance(3)
    assert rang == []


async def test_an_alarm_may_set_the_next() -> None:
    clock, rang = Clock(), list[int]()

    def set_next() -> None:
        clock.call_later(1, lambda: rang.append(2))

    clock.call_later(1, set_next)
    clock.advance(1)
    assert rang == []
    clock.advance(1)
    assert rang == [2]
