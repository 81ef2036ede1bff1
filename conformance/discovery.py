"""Discovery: learning what a target states before it is judged."""

from collections.abc import Mapping
from typing import Any

from conformance.attempt import ATTEMPTS
from conformance.dialogue import Dialogue, World
from conformance.hooks import HookFailed
from conformance.steps import NotJudged, Performer, StepFailed, TooSlow
from conformance.suite import parameters
from conformance.transport import Unreachable


async def discover(world: World) -> None:
    """Learns what the target states; a target that cannot even do this is judged as it is.

    Raises `Unreachable` where there is no WebSocket server at all.
    """
    for left in reversed(range(ATTEMPTS)):
        if await _learn(world, left):
            return


async def _learn(world: World, left: int) -> bool:
    """One try to learn what the target states, with so many left; false where one is needed."""
    dialogue = Dialogue(world, "discovery")
    world.variables = {"url": world.target.url, "origin": world.target.origin}
    world.variables |= dialogue.resolve(world.suite.variables, "c", {})
    _take(world, dialogue.of_connection.setdefault("c", {}))
    try:
        for name in world.suite.discovery:
            await Performer(dialogue).call(name)
            _take(world, dialogue.of_connection["c"])
    except Unreachable:
        raise
    except Exception as error:  # a fault of the kit shows again in the scenarios, and in a report
        if isinstance(error, TooSlow) and left:
            return False
        if isinstance(error, StepFailed | NotJudged | HookFailed):
            _refuse_other_protocols(dialogue)
        _take(world, dialogue.of_connection["c"])
    finally:
        world.round_trip = dialogue.quickest_answer
        await dialogue.finish()
    return True


def _take(world: World, known: Mapping[str, Any]) -> None:
    """Takes what is known of the target so far: its parameters and its claims."""
    given = world.target.parameters
    world.variables |= {**given, **parameters(world.suite, known, given)}
    claims = world.target.claims
    world.claims = world.suite.claims(known) if claims is None else claims


def _refuse_other_protocols(dialogue: Dialogue) -> None:
    """Raises `Unreachable` where what answered is no WebSocket server."""
    connection = dialogue.connections.get("c")
    if connection is None or not connection.refused:
        return
    where = f"{dialogue.world.target.shown_url} accepts the connection but"
    if connection.response is not None:
        status = connection.response.status_code
        raise Unreachable(f"{where} answers HTTP {status}: {connection.refusal}")
    if connection.silent:
        raise Unreachable(f"{where} {connection.refusal}")
    said = connection.refusal or "it hangs up"
    raise Unreachable(f"{where} does not answer with a WebSocket handshake: {said}")
