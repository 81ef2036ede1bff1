"""When a scenario has its turn: the whole table."""

import pytest

from conformance.engine.attempt import Attempts
from conformance.engine.scheduling import BESIDE, Needs, turn
from conformance.engine.world import World
from conformance.loader.suite import Suite
from conformance.record.schedule import EXCLUSIVE, LAST, SHARED
from conformance.record.secrets import Secrets
from conformance.target.hooks import Hook
from conformance.target.target import Target

NOTHING, WAITS, WAITS_LONG = 0.0, 1.0, 60.0

USUAL = {
    "expires_in": 30,
    "dedup_window": 5,
    "dedup_capacity": 1000,
    "id_window": 300,
    "replay_limit": 50,
    "resume_window": 300,
    "rate_messages": 2000,
    "rate_seconds": 10,
    "rate_refusals": 20,
    "violation_limit": 100,
}
"""What the reference server states if it is not told otherwise."""


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


@pytest.mark.parametrize("hooks", [(), ("issue_token", "emit_event")])
def test_a_server_with_usual_windows_whose_clock_stands_is_judged_in_time(
    suite: Suite, hooks: tuple[str, ...]
) -> None:
    target = Target("ws://127.0.0.1:1/", "usual", hooks={name: Hook(name) for name in hooks})
    world = World(suite, target, (), Secrets(suite.redact))
    world.variables |= USUAL
    world.claims = frozenset[str]().union(*(row.claims for row in suite.scenarios.values()))
    attempts = Attempts(world, 60.0)
    plan: dict[str, list[float]] = {EXCLUSIVE: [], BESIDE: []}
    for row in suite.scenarios.values():
        if attempts.obstacle(row) is None:
            waits = attempts.wait_of(row)
            when = turn(row.isolation, Needs.of(row, waits, can_move_clock=False))
            plan.setdefault(when, []).append(waits)
    longest = max(map(max, filter(None, plan.values())))
    assert longest > 30.0
    assert longest + sum(plan[EXCLUSIVE]) + sum(plan[BESIDE]) < 2 * longest
