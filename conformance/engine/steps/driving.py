"""Steps that drive a client: its commands, and the notices that it reports."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any, Final

from conformance.engine.client_dialogue import DRIVER, ClientDialogue
from conformance.engine.inconclusive import NotJudged
from conformance.engine.matching import difference, matches
from conformance.engine.steps.action import Action
from conformance.engine.steps.judging import (
    Subject,
    differs,
    judge_schema,
    like,
    save,
    schema_faults,
)
from conformance.model import Evidence
from conformance.target.notices import Notice

QUIET: Final = 0.3
"""Seconds after a client has shown that it reads in which what it must not send may still come."""


def dialogue_of(action: Action) -> ClientDialogue:
    """Return the dialogue of a step, which is one with a client."""
    assert isinstance(action.dialogue, ClientDialogue)
    return action.dialogue


async def driven(action: Action) -> ClientDialogue:
    """Return the dialogue of a step that needs the driver; raise `NotJudged` without one.

    What a driver tells first comes on another way than the client's connection, and may be later.
    """
    dialogue = dialogue_of(action)
    if not await dialogue.drives(action.timeout if DRIVER in action.world.claims else 0):
        raise NotJudged(f"{action.step.location}: the client has no driver, which this step needs")
    return dialogue


async def settle(action: Action) -> None:
    """Wait until the client has read what was sent to it, and has had a moment to act on it."""
    name = action.on if action.on in action.dialogue.connections else None
    connection = action.dialogue.connections.get(name) if name else None
    if connection is not None and connection.open and connection.end is None:
        payload = action.dialogue.unique().encode()[:100]
        connection.ping(payload)
        try:
            await connection.receive_pong(payload, action.timeout)
        except TimeoutError:
            raise NotJudged(f"{action.step.location}: the client answers no ping") from None
    await asyncio.sleep(QUIET * action.world.timeout_scale)


async def command(action: Action) -> None:
    """Give the client's driver a command."""
    dialogue = await driven(action)
    try:
        await dialogue.command(action.argument)
    except NotJudged as error:
        raise NotJudged(f"{action.step.location}: {error}") from None


async def expect_notice(action: Action) -> None:
    """Fail unless the driver reports what is expected; other notices before it are passed over."""
    await driven(action)
    expected, where = action.argument, action.option("where")
    deadline = perf_counter() + action.timeout
    other: Notice | None = None
    async for came in _notices(action, deadline):
        value = came.value
        if _is_like(action, expected, value) if where is None else matches(where, value):
            notice = Subject("notice", value)
            found = difference(expected, value)
            if found is not None:
                differs(action, notice, expected, found)
            judge_schema(action, notice)
            save(action, notice, action.scope)
            return
        if value.get("notice") == expected.get("notice"):
            other = came
    value = {} if other is None else other.value
    faults = schema_faults(action, value) if value else ()
    action.timed_out(
        "missing",
        "the client does not report it",
        # As it is written: computed values may be parts of secrets, which nothing recognises.
        expected=_due(expected, action.step.modifiers.get("schema")),
        received=Evidence("", value) if value else Evidence("nothing"),
        pointer=faults[0].subject if faults else "",
    )


def _due(members: Any, schema: Any) -> Evidence:
    """Return the evidence that a notice with members that satisfies a schema is due."""
    if not schema:
        return like(members, "a notice like")
    named = {"properties": {name: {"const": value} for name, value in members.items()}}
    whole = {**named, "allOf": [schema]} if members else schema
    return Evidence("a notice that satisfies the schema", whole)


def _counted(action: Action) -> list[Notice]:
    """Return the notices that count: all since a step, or those that no step has taken."""
    client = dialogue_of(action).process
    if "since" not in action.step.modifiers:
        return [*client.notices]
    begun = action.span(action.step.modifiers["since"]).start - action.world.advanced
    return [row for row in client.reported if row.time >= begun]


async def _notices(action: Action, deadline: float) -> AsyncIterator[Notice]:
    """Yield the notices that count until a deadline; those since a step are not taken."""
    dialogue = dialogue_of(action)
    client = dialogue.process
    keeps, seen = "since" in action.step.modifiers, 0
    while True:
        found = _counted(action)[seen:]
        for notice in found:
            if keeps:
                seen += 1
            else:
                client.notices.take()
            yield notice
        left = deadline - perf_counter()
        if left <= 0 or (client.ended and not found):
            return
        with suppress(TimeoutError):
            await dialogue.arrivals.until(partial(_has_more, action, seen), left)


def _has_more(action: Action, seen: int) -> bool:
    """Return whether more notices have come, or none will."""
    return len(_counted(action)) > seen or bool(dialogue_of(action).process.ended)


def _is_like(action: Action, members: Any, value: Any) -> bool:
    """Return whether a notice has members, and satisfies the schema of the step."""
    return matches(members, value) and not schema_faults(action, value)


async def expect_no_notice(action: Action) -> None:
    """Fail if the driver has reported, or reports within a moment, what it must not."""
    dialogue = await driven(action)
    await settle(action)
    if dialogue.process.cut:
        raise NotJudged(f"{action.step.location}: the driver wrote a line of over 2 MiB")
    for notice in _counted(action):
        if _is_like(action, action.argument, notice.value):
            action.fail(
                "unwanted message",
                "the client reports what did not happen",
                expected=like(action.argument, "no notice like"),
                received=Evidence("", notice.value),
            )
