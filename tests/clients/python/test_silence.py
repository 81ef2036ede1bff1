"""Signs of life."""

from typing import Any

import pytest

from tests.clients.python.bench import Bench, error


@pytest.mark.parametrize("features", [[], ["heartbeat"]])
def test_after_30_seconds_it_asks_and_after_10_more_the_connection_is_lost(
    features: list[str],
) -> None:
    bench = Bench()
    bench.is_alive = False
    bench.join(features=features)
    bench.pass_time(29.9)
    assert bench.sent() == []
    bench.pass_time(0.2)
    assert bench.sent() == ([{"type": "ping", "id": "n-1"}] if features else [b""])
    bench.pass_time(9.8)
    assert bench.closes == []
    bench.pass_time(0.2)
    assert bench.closes == ["drop"]
    assert bench.states[-1] == "reconnecting lost"
    bench.end()
    bench.pass_time(2)
    assert len(bench.dials) == 2


def test_whatever_arrives_is_a_sign_of_life() -> None:
    bench = Bench()
    bench.is_alive = False
    bench.join()
    for _ in range(10):
        bench.pass_time(29)
        bench.core.heard(bench.now)
    assert bench.sent() == []
    bench.pass_time(35)
    assert bench.sent() == [b""]
    bench.hear(error("unknown_type", "x"))
    bench.pass_time(20)
    assert (bench.sent(), bench.closes) == ([], [])


def test_a_ping_counts_toward_the_rate_and_without_room_a_frame_does() -> None:
    promise: dict[str, Any] = {
        "features": ["heartbeat", "limits"],
        "rate_limit": {"messages": 50, "per_seconds": 100},
    }
    bench = Bench()
    bench.is_alive = False
    bench.join(**promise)
    bench.pass_time(31)
    assert [message["type"] for message in bench.sent()] == ["ping"]
    bench.core.heard(bench.now)
    for number in range(60):
        bench.post(f"m-{number}")
    assert len(bench.sent()) == 49
    bench.pass_time(31)
    assert bench.sent() == [b""]
