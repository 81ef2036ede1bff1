"""Performs the steps of a scenario, one after the other."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from conformance.engine.dialogue import Dialogue, NotGiven, Span
from conformance.engine.inconclusive import NotJudged, TooLarge
from conformance.engine.steps import clients, connections, flow, receiving, sending
from conformance.engine.steps.action import Action
from conformance.errors import InputError, KitError, OutOfReach
from conformance.model import Step

Verbs = dict[str, Callable[[Action], Awaitable[None]]]

SHARED: Final[Verbs] = {
    "close": connections.close,
    "drop": connections.drop,
    "stall": connections.stall,
    "unstall": connections.unstall,
    "expect_close": connections.expect_close,
    "send": sending.send,
    "send_raw": sending.send_raw,
    "ping": sending.ping,
    "expect": receiving.expect,
    "expect_pong": receiving.expect_pong,
    "call": flow.call,
    "let": flow.let,
    "repeat": flow.repeat,
    "together": flow.together,
    "wait": flow.wait,
}

VERBS: Final[dict[str, Verbs]] = {
    "server": {
        **SHARED,
        "connect": connections.connect,
        "expect_absent": receiving.expect_absent,
        "hook": flow.hook,
    },
    "client": {**SHARED, **clients.VERBS},
}
"""The verbs of scenarios by the role of the target."""


OTHER_CAUSES: Final = frozenset({"close", "drop", "hook", "wait", "stall", "unstall"})
"""Verbs after which something may come that answers no message."""


class Performer:
    """Performs steps in one dialogue."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.world = dialogue.world
        self._verbs = VERBS[dialogue.world.suite.role]

    async def perform(
        self,
        steps: Sequence[Step],
        on: str = "c",
        scope: dict[str, Any] | None = None,
        requirement: str | None = None,
    ) -> None:
        """Perform the steps in order; raise `StepFailed` at the first that does not hold."""
        scope = self.dialogue.variables if scope is None else scope
        for step in steps:
            await self._step(step, on, scope, requirement)

    async def call(
        self,
        name: str,
        on: str = "c",
        given: dict[str, Any] | None = None,
        requirement: str | None = None,
    ) -> None:
        """Perform a procedure in the variant that the form and the target's claims call for."""
        procedure = self.world.procedure(self.dialogue.form.calls.get(name, name))
        given = given or {}
        defaults = {key: raw for key, raw in procedure.parameters.items() if key not in given}
        scope = {**given, **self.dialogue.resolve(defaults, on, given)}
        await self.perform(procedure.steps, on, scope, requirement)

    async def _step(
        self, step: Step, on: str, scope: dict[str, Any], requirement: str | None
    ) -> None:
        action = Action(self, step, on, scope, step.modifiers.get("requirement", requirement))
        self.dialogue.step_begun = action.begun
        start = self.world.now()
        try:
            await self._verbs[step.verb](action)
        except NotGiven as missing:
            raise NotJudged(f"{step.location}: {missing}") from None
        except OutOfReach as beyond:
            raise TooLarge(f"{step.location}: {beyond}") from None
        except InputError as error:
            raise KitError(f"{error.location or step.location}: {error.message}") from None
        if step.verb in OTHER_CAUSES:
            self.dialogue.barriers.senders.clear()
        if step.label:
            if action.happened is not None:
                start = action.happened + self.world.advanced
            self.dialogue.spans[step.label] = Span(start, self.world.now())
