"""The part of the suite that judges a faulty server."""

from collections.abc import Collection, Sequence
from enum import Enum

from conformance.model import Scenario
from conformance.selftest.fault import Fault


class Scope(Enum):
    """The scenarios of what the fault breaks, those of its chapter, or the whole suite.

    Passive checks judge in every scope.
    """

    REQUIREMENT = "requirement"
    CHAPTER = "chapter"
    SUITE = "suite"

    def __str__(self) -> str:
        return self.value


def scenarios_for(fault: Fault, scenarios: Collection[Scenario], scope: Scope) -> list[Scenario]:
    """Return the scenarios that judge a faulty server.

    A requirement that only passive checks judge has no scenarios: its chapter's show it.
    """
    if scope is Scope.SUITE:
        return list(scenarios)
    broken = {fault.requirement, *fault.also}
    own = [scenario for scenario in scenarios if not broken.isdisjoint(scenario.requirements)]
    if scope is Scope.REQUIREMENT and _is_tried(fault.requirement, own):
        return own
    chapter = _chapter(fault.requirement)
    return [
        scenario
        for scenario in scenarios
        if scenario in own or chapter in map(_chapter, scenario.requirements)
    ]


def _is_tried(requirement: str, scenarios: Sequence[Scenario]) -> bool:
    return any(requirement in scenario.requirements for scenario in scenarios)


def _chapter(requirement: str) -> str:
    return requirement.partition("-")[0]
