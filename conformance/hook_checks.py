"""Checks of hooks: whether a hook does what it answers, so that a target is not blamed for it."""

from collections.abc import Iterable, Sequence

from conformance.attempt import Attempts
from conformance.hooks import ADVANCE
from conformance.model import Scenario
from conformance.record import BLAMING
from conformance.world import World


async def check_needed(world: World, attempts: Attempts, scenarios: Sequence[Scenario]) -> None:
    """Checks, before anything is judged, the hooks that scenarios need and that stop nothing."""
    for name in sorted(_needed(attempts, scenarios) & world.target.hooks.keys()):
        if name in world.suite.hooks and not world.suite.hooks[name].stops:
            await _check(world, attempts, name)


async def check_after_failure(world: World, attempts: Attempts, scenario: Scenario) -> str:
    """Checks the hooks of a scenario that failed and that stop the target.

    What is found against one of them; empty where they did what they answered.
    """
    for name in sorted(scenario.hooks & world.target.hooks.keys()):
        if name in world.suite.hooks and world.suite.hooks[name].stops:
            await _check(world, attempts, name)
            if name in world.hook_faults:
                return world.hook_faults[name]
    return ""


def _needed(attempts: Attempts, scenarios: Iterable[Scenario]) -> set[str]:
    """The hooks that are called when the scenarios run; moving the clock spares a wait."""
    runnable = [scenario for scenario in scenarios if attempts.obstacle(scenario) is None]
    waiting = {ADVANCE for scenario in scenarios if attempts.wait_of(scenario) > 0}
    return waiting.union(*(scenario.hooks for scenario in runnable))


async def _check(world: World, attempts: Attempts, name: str) -> None:
    """Looks for a sign that a hook does what it answers; one is enough.

    Where a sign cannot be looked for, because the target is in the way, nothing is said.
    """
    check, advanced = world.suite.hooks[name], world.advanced
    for sign in check.signs:
        world.hook_errors.pop(name, None)
        result = await attempts.judged(sign)
        if name in world.hook_errors:
            world.give_up_hook(name, world.hook_errors[name])
            return
        if result.outcome not in BLAMING:
            return
    told = f"the hook {name} answers, but {check.seen}"
    if not check.certain:
        world.hook_faults[name] = told
        return
    world.advanced = advanced
    world.give_up_hook(name, told)
