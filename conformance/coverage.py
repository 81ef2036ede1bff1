"""Which scenarios and passive checks try each requirement."""

from dataclasses import dataclass

from conformance.model import Requirement, Scenario
from conformance.suite import Suite


@dataclass(frozen=True, slots=True)
class Coverage:
    """One requirement of servers, with everything that tries it."""

    requirement: Requirement
    scenarios: tuple[Scenario, ...]
    monitors: tuple[tuple[str, str], ...]

    @property
    def summary(self) -> str:
        """How many scenarios and passive checks there are."""
        passive = f", {len(self.monitors)} passive" if self.monitors else ""
        return f"{len(self.scenarios)} scenarios{passive}"

    @property
    def tried(self) -> bool:
        """Whether anything can find the requirement broken."""
        return bool(self.scenarios or self.monitors)


def coverage(suite: Suite) -> list[Coverage]:
    """The coverage of every requirement that a server can keep or break, in their order."""
    monitors = suite.make_monitors(suite)
    return [
        Coverage(
            requirement,
            tuple(s for s in suite.scenarios.values() if requirement.id in s.requirements),
            tuple((m.name, m.title) for m in monitors if m.requirement == requirement.id),
        )
        for requirement in suite.requirements.values()
        if requirement.role == "server"
    ]
