"""Refusals of a target that is short of room: those that a scenario is not about prove nothing."""

import math
from typing import Any

import msgspec

from conformance.engine.matching import matches
from conformance.engine.world import World
from conformance.json_text import at
from conformance.model import Scenario


class Refusal(msgspec.Struct, frozen=True):
    """A message with the members `like`, whose `wait`, if it counts, is longer than `beyond`."""

    like: Any
    wait: str = ""
    beyond: float = -math.inf

    def is_seen_in(self, value: Any) -> bool:
        """Return whether a message is such a refusal."""
        if not matches(self.like, value):
            return False
        return self.beyond == -math.inf or _number(value, self.wait) > self.beyond


def unforeseen(scenario: Scenario | None, world: World) -> Refusal | None:
    """Return the refusal that a scenario is not about, if the target states its rate.

    To a scenario that judges what is promised, it is one with a longer wait than the rate can have
    a reason for; to any other about the rate, there is none.
    """
    rate = world.suite.inconclusive.rate
    if scenario is None or rate.messages not in world.variables:
        return None
    if rate.messages not in scenario.needs:
        return Refusal(rate.refusal)
    if rate.promised_by not in scenario.requirements:
        return None
    return Refusal(rate.refusal, rate.wait, math.ceil(world.variables[rate.seconds]))


def _number(value: Any, pointer: str) -> float:
    try:
        found = at(value, pointer)
    except LookupError:
        return -math.inf
    return float(found) if isinstance(found, int | float) else -math.inf
