"""Results of the passive checks, which watch the connections of a whole run."""

from collections.abc import Collection

from msgspec.structs import replace

from conformance.engine.world import World
from conformance.loader.monitor import Monitor
from conformance.loader.selection import is_passive_selected
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result


def passive_results(
    world: World, words: Collection[str], profiles: Collection[str]
) -> list[Result]:
    """What the passive checks came to that the words and profiles select; without any, all."""
    return [
        row
        for row in (_result(monitor, world.suite) for monitor in world.monitors)
        if (not profiles or row.profile in profiles)
        and (not words or any(is_passive_selected(row.id, row.requirements, w) for w in words))
    ]


def _result(monitor: Monitor, suite: Suite) -> Result:
    requirement = suite.requirements[monitor.requirement]
    failures = tuple(
        replace(v.failure, requirements=(monitor.requirement,), step=f"seen in {v.scenario}")
        for v in monitor.violations
    )
    outcome, reason = Outcome.PASSED, ""
    if failures:
        outcome = suite.severity(failures[0])
        reason = f"{failures[0].summary} ({monitor.violated} of {monitor.observed} times)"
    elif not monitor.observed:
        outcome, reason = Outcome.NOT_APPLICABLE, "nothing of the kind was seen in this run"
    return Result(
        id=monitor.id,
        kind="monitor",
        title=monitor.title,
        requirements=(monitor.requirement,),
        profile=requirement.profile,
        outcome=outcome,
        reason=reason,
        failures=failures,
        transcript=monitor.violations[0].transcript() if failures else (),
        observed=monitor.observed,
    )
