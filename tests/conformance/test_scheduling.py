"""When a scenario has its turn: the whole table."""

import pytest

from conformance.engine.scheduling import BESIDE, Needs, turn
from conformance.record.schedule import EXCLUSIVE, LAST, SHARED

NOTHING, WAITS, WAITS_LONG = 0.0, 1.0, 60.0


@pytest.mark.parametrize(
    ("isolation", "waits", "moves", "can_move", "when"),
    [
        ("shared", NOTHING, False, True, SHARED),
        ("shared", WAITS, False, True, SHARED),
        ("shared", WAITS_LONG, False, False, SHARED),
        ("shared", WAITS_LONG, False, True, EXCLUSIVE),
        ("shared", NOTHING, True, True, EXCLUSIVE),
        ("paced", NOTHING, False, True, BESIDE),
        ("paced", WAITS, False, True, EXCLUSIVE),
        ("paced", NOTHING, True, True, EXCLUSIVE),
        ("paced", WAITS_LONG, False, False, SHARED),
        ("paced", WAITS_LONG, False, True, EXCLUSIVE),
        ("exclusive", WAITS_LONG, True, True, EXCLUSIVE),
        ("exclusive", WAITS_LONG, False, True, EXCLUSIVE),
        ("exclusive", WAITS, False, False, EXCLUSIVE),
        ("exclusive", WAITS_LONG, False, False, SHARED),
        ("final", NOTHING, False, False, LAST),
    ],
)
def test_a_scenario_has_its_turn_by_its_isolation_and_what_it_needs_of_time(
    isolation: str, waits: float, moves: bool, can_move: bool, when: str
) -> None:
    assert turn(isolation, Needs(waits, moves, can_move)) == when


@pytest.mark.parametrize("isolation", ["paced", "exclusive"])
def test_what_disturbs_others_runs_alone_however_long_it_waits(isolation: str) -> None:
    assert turn(isolation, Needs(WAITS_LONG, False, False, has_effects=True)) == EXCLUSIVE
