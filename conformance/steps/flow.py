"""Steps about other steps: procedures, variables, repetition, branches, waiting."""

import asyncio
from typing import Final

from conformance.hooks import ADVANCE, HookFailed
from conformance.json_text import at
from conformance.steps.action import Action, NotJudged

MOST_REPEATS: Final = 20_000

MARGIN: Final = 0.05
"""Seconds added to every wait, so that no clock's resolution decides an outcome."""


async def call(action: Action) -> None:
    """Performs a procedure."""
    given = action.option("with", {})
    await action.performer.call(action.step.argument, action.on, given, action.requirement)


async def wait(action: Action) -> None:
    """Waits until so many seconds have passed since a labelled step."""
    span = action.span(action.step.modifiers["since"])
    seconds = span.end + float(action.argument) + MARGIN - action.world.now()
    if seconds <= 0:
        return
    if action.world.moves_clock:
        await action.dialogue.advance_clock(seconds)
    else:
        action.dialogue.waited += seconds
        await asyncio.sleep(seconds)


async def hook(action: Action) -> None:
    """Asks the operator's hook for something."""
    name, arguments = action.argument, action.option("with", {})
    if name == ADVANCE:
        await action.dialogue.advance_clock(float(arguments["seconds"]))
        return
    result = await action.dialogue.call_hook(name, arguments)
    variables = action.scope
    for variable, path in action.step.modifiers.get("save", {}).items():
        try:
            variables[variable] = at(result, path)
        except LookupError:
            raise HookFailed(f"the result of the hook {name} has no {path}") from None


async def let(action: Action) -> None:
    """Sets variables."""
    for name, raw in action.step.argument.items():
        action.scope[name] = action.value(raw)


async def repeat(action: Action) -> None:
    """Performs steps several times."""
    times = int(action.argument)
    if times > MOST_REPEATS:
        raise NotJudged(f"{action.step.location}: {times} repetitions are more than the kit makes")
    for i in range(times):
        await asyncio.sleep(0)
        scope = {**action.scope, "i": i}
        await action.performer.perform(action.step.nested[0], action.on, scope, action.requirement)


async def together(action: Action) -> None:
    """Performs branches at the same time; fails when one of them does."""
    branches = [
        action.performer.perform(branch, action.on, dict(action.scope), action.requirement)
        for branch in action.step.nested
    ]
    tasks = [asyncio.ensure_future(branch) for branch in branches]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
