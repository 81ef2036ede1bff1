"""Meeting a client: whether it starts and connects, and what it can do, before it is judged."""

from typing import Any

from conformance.engine.client_dialogue import DRIVER, ClientDialogue
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.parameters import parameters
from conformance.model import COMES_BACK, ONE_SESSION
from conformance.record.schedule import DISCOVERY
from conformance.text.escapes import printable
from conformance.text.excerpts import cut
from conformance.transport import Unreachable

TELLS_WITHIN = 1.0
"""Seconds within which a driver reports that its client connects (spec/driver.md)."""
QUOTED = 5


async def meet(world: World, *, force: bool = False) -> None:
    """Start the client once and learn what it can do; the procedures of the discovery do it.

    Of a client whose claims are given, the first one shows enough: that it connects.

    Raises `Unreachable` if it cannot be started or, without `force`, does not connect in time.
    """
    world.variables = dict(world.target.parameters)
    world.variables = {**world.suite.variables, **parameters(world.suite, {}, world.variables)}
    known: dict[str, Any] = {}
    target, discovery = world.target, world.suite.discovery
    knows = target.claims is not None and not target.one_session
    for name in discovery[:1] if knows else discovery:
        known |= await _played(world, name, force=force)
    claims = world.suite.claims(known) if target.claims is None else target.claims
    # One that is said to be made for one session comes back only if it is seen to.
    world.claims |= claims | {ONE_SESSION if target.one_session else COMES_BACK}


async def _played(world: World, name: str, *, force: bool) -> dict[str, Any]:
    """Return what one procedure of the discovery saves; what fails shows up in the scenarios."""
    dialogue = ClientDialogue(world, DISCOVERY)
    try:
        await Performer(dialogue).call(name)
    except Unreachable:
        raise
    except StepFailed as failed:
        if not dialogue.connections and not force:
            raise Unreachable(_why(dialogue, str(failed))) from None
    except Exception:  # noqa: S110 - a fault of the kit shows up again in the scenarios
        pass
    finally:
        world.round_trip = dialogue.witness.quickest_answer
        world.start = max(world.start, dialogue.came_after)
        try:
            drives = await dialogue.drives(TELLS_WITHIN * world.timeout_scale)
        finally:  # even if this is cut short: no client may outlive the run
            await dialogue.finish()
    found = {name: value for row in dialogue.of_connection.values() for name, value in row.items()}
    return found | ({DRIVER: True} if drives else {})


def _why(dialogue: ClientDialogue, failed: str) -> str:
    """Return why a client cannot be judged at all, with what it printed."""
    client = dialogue.client
    if client is None:
        return failed
    how = f"ended {client.ended} before it connected" if client.ended else "does not connect"
    said = dialogue.world.secrets.hide(" ".join([*client.said][-QUOTED:]))
    return f"the client {how} and said: {cut(printable(' '.join(said.split()))) or 'nothing'}"
