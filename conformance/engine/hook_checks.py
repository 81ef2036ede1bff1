"""Hook checks: whether a hook does what it reports, so that the target is not blamed for it."""

from collections.abc import Iterable, Sequence

from conformance.engine.attempt import Attempts
from conformance.engine.world import World
from conformance.loader.header import HookPart
from conformance.model import Scenario
from conformance.target.hooks import ADVANCE


async def check_needed(world: World, attempts: Attempts, scenarios: Sequence[Scenario]) -> None:
    """Check, before judging, the hooks that scenarios need and that stop nothing."""
    for name in sorted(_needed(attempts, scenarios) & world.target.hooks.keys()):
        if name in world.suite.hooks and not world.suite.hooks[name].stops:
            await _check(world, attempts, name)


async def check_after_failure(world: World, attempts: Attempts, scenario: Scenario) -> str:
    """Check the hooks of a failed scenario that were not checked before.

    Returns what was found against one of them; empty if they did what they reported.
    """
    for name in sorted(_used(world, attempts, scenario)):
        if world.suite.hooks[name].stops:
            await _check(world, attempts, name)
            if name in world.hook_faults:
                return world.hook_faults[name]
        for part in world.suite.hooks[name].parts:
            if part.concerns(scenario) and (fault := await _undone(world, attempts, name, part)):
                world.hook_faults.setdefault(name, fault)
                return fault
    return ""


def _used(world: World, attempts: Attempts, scenario: Scenario) -> set[str]:
    """Return the hooks that a scenario called, or that saved it a wait."""
    waited = world.moves_clock and attempts.wait_of(scenario) > 0
    used = scenario.hooks | ({ADVANCE} if waited else set())
    return {name for name in used if name in world.target.hooks and name in world.suite.hooks}


async def _undone(world: World, attempts: Attempts, name: str, part: HookPart) -> str:
    """Return what a hook leaves undone of a part, tried once per run; empty if it does it."""
    if part.sign.id not in world.hook_parts:
        obstacle = attempts.obstacle(part.sign)
        result = None if obstacle is not None else await attempts.judged(part.sign)
        is_undone = result is not None and result.outcome.blames
        fault = f"the hook {name} answers, but {part.seen}" if is_undone else ""
        world.hook_parts[part.sign.id] = fault
    return world.hook_parts[part.sign.id]


def _needed(attempts: Attempts, scenarios: Iterable[Scenario]) -> set[str]:
    """Return the hooks that the scenarios will call; moving the clock saves a wait."""
    runnable = [scenario for scenario in scenarios if attempts.obstacle(scenario) is None]
    waiting = {ADVANCE for scenario in scenarios if attempts.wait_of(scenario) > 0}
    return waiting.union(*(scenario.hooks for scenario in runnable))


async def _check(world: World, attempts: Attempts, name: str) -> None:
    """Look for a sign that a hook does what it reports; one is enough.

    If the target prevents looking for a sign, nothing is concluded.
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
    fault = f"the hook {name} answers, but {check.seen}"
    if not check.certain:
        world.hook_faults[name] = fault
        return
    world.advanced = advanced
    world.give_up_hook(name, fault)
