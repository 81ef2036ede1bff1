"""Checks of hooks: whether a hook does what it answers, so that a target is not blamed for it."""

from collections.abc import Iterable, Sequence

from conformance.engine.attempt import Attempts
from conformance.engine.scheduling import LONG_WAIT
from conformance.engine.world import World
from conformance.loader.header import HookPart
from conformance.model import Scenario
from conformance.target.hooks import ADVANCE


async def check_needed(world: World, attempts: Attempts, scenarios: Sequence[Scenario]) -> None:
    """Checks, before anything is judged, the hooks that scenarios need and that stop nothing."""
    for name in sorted(_needed(attempts, scenarios) & world.target.hooks.keys()):
        if name in world.suite.hooks and not world.suite.hooks[name].stops:
            await _check(world, attempts, name)


async def check_after_failure(world: World, attempts: Attempts, scenario: Scenario) -> str:
    """Checks of the hooks that a failed scenario used what was not checked before.

    What is found against one of them; empty where they did what they answered.
    """
    for name in sorted(_used(world, attempts, scenario)):
        if world.suite.hooks[name].stops:
            await _check(world, attempts, name)
            if name in world.hook_faults:
                return world.hook_faults[name]
        for part in world.suite.hooks[name].parts:
            if part.concerns(scenario) and (told := await _undone(world, attempts, name, part)):
                world.hook_faults.setdefault(name, told)
                return told
    return ""


def _used(world: World, attempts: Attempts, scenario: Scenario) -> set[str]:
    """The hooks that a scenario called, or that spared it a wait."""
    waited = world.moves_clock and attempts.wait_of(scenario) > LONG_WAIT
    used = scenario.hooks | ({ADVANCE} if waited else set())
    return {name for name in used if name in world.target.hooks and name in world.suite.hooks}


async def _undone(world: World, attempts: Attempts, name: str, part: HookPart) -> str:
    """What a hook leaves undone of a part, tried once in a run; empty where it does it."""
    if part.sign.id not in world.hook_parts:
        obstacle = attempts.obstacle(part.sign)
        result = None if obstacle is not None else await attempts.judged(part.sign)
        is_undone = result is not None and result.outcome.blames
        told = f"the hook {name} answers, but {part.seen}" if is_undone else ""
        world.hook_parts[part.sign.id] = told
    return world.hook_parts[part.sign.id]


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
        if not result.outcome.blames:
            return
    told = f"the hook {name} answers, but {check.seen}"
    if not check.certain:
        world.hook_faults[name] = told
        return
    world.advanced = advanced
    world.give_up_hook(name, told)
