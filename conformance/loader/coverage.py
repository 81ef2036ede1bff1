"""Coverage: which scenarios and passive checks test each requirement."""

import msgspec

from conformance.loader.suite import Suite
from conformance.model import Requirement, Scenario


class Coverage(msgspec.Struct, frozen=True):
    """One requirement of servers, with everything that tests it."""

    requirement: Requirement
    scenarios: tuple[Scenario, ...]
    monitors: tuple[tuple[str, str], ...]

    @property
    def tried(self) -> bool:
        """Whether anything can find the requirement broken, or nothing ever could."""
        return bool(self.scenarios or self.monitors or self.requirement.excluded)


def coverage(suite: Suite) -> list[Coverage]:
    """Return the coverage of every requirement that a server can keep or break, in order."""
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
