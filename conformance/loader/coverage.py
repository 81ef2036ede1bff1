"""Coverage: which scenarios and passive checks test each requirement."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec

from conformance.loader.suite import Suite
from conformance.model import Requirement, Scenario

if TYPE_CHECKING:
    from conformance.loader.monitor import Monitor


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
    rows = suite.requirements.values()
    return [coverage_of(row, suite, monitors) for row in rows if row.role == suite.role]


def coverage_of(requirement: Requirement, suite: Suite, monitors: "Iterable[Monitor]") -> Coverage:
    """Return the coverage of one requirement; `monitors` are the suite's passive checks."""
    return Coverage(
        requirement,
        tuple(s for s in suite.scenarios.values() if requirement.id in s.requirements),
        tuple((m.name, m.title) for m in monitors if m.requirement == requirement.id),
    )
