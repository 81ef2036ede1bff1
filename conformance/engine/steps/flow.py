"""Steps about other steps: procedures, variables, repetition, branches, waiting."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final

from conformance.engine.inconclusive import NotJudged
from conformance.engine.pace import MARGIN
from conformance.engine.steps.action import Action
from conformance.json_text import at
from conformance.loader.expressions import names
from conformance.model import Step
from conformance.target.hooks import ADVANCE, HookFailed

MOST_REPEATS: Final = 20_000

IN_A_ROW: Final = 8
"""Repetitions after which incoming messages and other scenarios get a turn."""


async def call(action: Action) -> None:
    """Perform a procedure."""
    given = action.option("with", {})
    await action.performer.call(action.step.argument, action.on, given, action.requirement)


async def wait(action: Action) -> None:
    """Wait until a number of seconds has passed since a labelled step."""
    seconds = float(action.argument)
    moment = action.span(action.step.modifiers["since"]).end + seconds
    action.dialogue.waits.append((seconds, moment))
    await _wait_until(action, moment + MARGIN, _name_of_wait(action))


async def _wait_until(action: Action, moment: float, name: str) -> None:
    """Wait until a moment of the world's clock, or move the target's clock there."""
    seconds = moment - action.world.now()
    if seconds <= 0:
        return
    if action.world.moves_clock:
        await action.dialogue.advance_clock(seconds)
    else:
        action.dialogue.note_wait(name, seconds)
        await asyncio.sleep(seconds)


def _name_of_wait(action: Action) -> str:
    """Return what a wait is for: the target's windows by name, or the step it counts from."""
    windows = dict.fromkeys(names(action.step.argument))
    return ", ".join(windows) or f"time since {action.step.modifiers['since']}"


async def hook(action: Action) -> None:
    """Call one of the operator's hooks."""
    name, arguments = action.argument, action.option("with", {})
    if name == ADVANCE:
        seconds = float(arguments["seconds"])
        await action.dialogue.advance_clock(seconds)
        action.dialogue.waits.append((seconds, action.world.now()))
        return
    try:
        result = await action.dialogue.call_hook(name, arguments)
    except HookFailed as error:
        if error.lasting or not action.option("may_fail", False):
            raise
        action.world.hook_errors.pop(name, None)
        return
    variables = action.scope
    for variable, path in action.step.modifiers.get("save", {}).items():
        try:
            variables[variable] = at(result, path)
        except LookupError:
            raise HookFailed(f"the result of the hook {name} has no {path}") from None


async def let(action: Action) -> None:
    """Set variables."""
    for name, raw in action.step.argument.items():
        action.scope[name] = action.value(raw)


async def repeat(action: Action) -> None:
    """Perform steps several times, or once per list item, in sequence or in lanes."""
    argument, lanes = action.argument, int(action.option("lanes", 1))
    items = argument if isinstance(argument, list) else ()
    times = len(items) if isinstance(argument, list) else int(argument)
    if times > MOST_REPEATS:
        raise NotJudged(f"{action.step.location}: {times} repetitions exceed the kit's limit")
    pace = action.world.pace
    share = int(min(times, pace.share)) if action.option("paced", False) else times
    for start in range(0, times, max(1, share)):
        if start:
            seconds = action.world.suite.inconclusive.rate.seconds
            await _wait_until(action, action.world.now() + pace.pause, seconds)
        for steps in action.step.nested:
            numbers = range(start, min(start + share, times))
            shares = [numbers[i::lanes] for i in range(lanes)]
            await _at_once([_perform_each(action, steps, row, items) for row in shares])


async def _perform_each(
    action: Action, steps: Sequence[Step], numbers: range, items: Sequence[Any]
) -> None:
    for n, i in enumerate(numbers):
        if n and n % IN_A_ROW == 0:
            await asyncio.sleep(0)
        item = {"item": items[i]} if items else {}
        scope = {**action.scope, **item, "i": i}
        await action.performer.perform(steps, action.on, scope, action.requirement)


async def together(action: Action) -> None:
    """Perform branches at the same time; fail if one of them does."""
    await _at_once(
        [
            action.performer.perform(branch, action.on, dict(action.scope), action.requirement)
            for branch in action.step.nested
        ]
    )


async def _at_once(branches: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Await all branches; the first that fails ends the others.

    A single one runs without a task, so that nothing is read before the next step sends.
    """
    if len(branches) == 1:
        await branches[0]
        return
    tasks = [asyncio.ensure_future(branch) for branch in branches]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
