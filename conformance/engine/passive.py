"""Results of the passive checks, which watch all connections of a run."""

from collections.abc import Collection

from msgspec.structs import replace

from conformance.engine.world import World
from conformance.loader.monitor import Monitor
from conformance.loader.selection import is_excluded, is_selected
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result
from conformance.record.sightings import sighting


def passive_results(
    world: World, words: Collection[str], profiles: Collection[str]
) -> list[Result]:
    """Return the results of the passive checks that the words and profiles select; by default all.

    All of them watch whatever is run: one that saw something wrong is left out only if asked.
    """
    rows = (_result(monitor, world.suite) for monitor in world.monitors)
    return [
        row
        for row in rows
        if _is_selected(row, words, profiles)
        or (row.outcome.blames and not is_excluded(words, row.id, row.requirements))
    ]


def _is_selected(row: Result, words: Collection[str], profiles: Collection[str]) -> bool:
    named = is_selected(words, row.id, row.requirements)
    return named and (not profiles or row.profile in profiles)


def _result(monitor: Monitor, suite: Suite) -> Result:
    requirement = suite.requirements[monitor.requirement]
    failures = tuple(
        replace(v.failure, requirements=(monitor.requirement,), step=sighting(v.scenario))
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
        failures=failures[:1] + tuple(replace(row, entry=None) for row in failures[1:]),
        transcript=monitor.violations[0].transcript() if failures else (),
        observed=monitor.observed,
    )
