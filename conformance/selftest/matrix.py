"""The kill matrix: which fault made which scenario fail, and what is left unproved."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from conformance.model import Requirement
from conformance.selftest.fault import Fault
from conformance.selftest.subject import SERVER


class Kill(msgspec.Struct, frozen=True):
    """One scenario or passive check that failed, and the requirements that it blamed."""

    id: str
    blamed: frozenset[str]


class FaultRun(msgspec.Struct, frozen=True):
    """The results of a run against one faulty server; `trouble` says what it could not judge.

    `again` says that a second run is included.
    """

    fault: Fault
    kills: tuple[Kill, ...]
    tried: frozenset[str]
    trouble: tuple[str, ...] = ()
    seconds: float = 0.0
    again: bool = False

    @property
    def own(self) -> tuple[str, ...]:
        """The results that caught the fault: they blame the requirement that it breaks."""
        return tuple(kill.id for kill in self.kills if self.fault.requirement in kill.blamed)

    @property
    def caught(self) -> bool:
        """Whether the requirement that the fault breaks was blamed."""
        return bool(self.own)

    @property
    def holds(self) -> bool:
        """Whether the fault was caught, and only the guilty were blamed."""
        return self.caught and not self.undeclared

    @property
    def undeclared(self) -> frozenset[str]:
        """The requirements that were blamed although the fault is not known to break them."""
        blamed = frozenset[str]().union(*(kill.blamed for kill in self.kills))
        return blamed - {self.fault.requirement} - self.fault.also

    def with_second(self, second: "FaultRun") -> "FaultRun":
        """Return both runs together, or the second alone if the first did not hold."""
        kills = {kill.id: kill for kill in (*self.kills, *second.kills)}
        shown = replace(self, kills=tuple(kills.values())) if self.holds else second
        return replace(shown, again=True)


class Matrix(msgspec.Struct, frozen=True):
    """The runs against all faulty servers, and what there is to prove.

    `results` are the scenarios and passive checks with the requirements that each judges, empty if
    only some of the faults were tried; `control` is what was found wrong with the server without a
    fault.
    """

    runs: Sequence[FaultRun]
    results: Mapping[str, Collection[str]]
    requirements: Mapping[str, Requirement]
    control: Sequence[str] = ()
    role: str = SERVER.role

    @property
    def uncaught(self) -> list[FaultRun]:
        """Faults whose own requirement was not blamed."""
        return [run for run in self.runs if not run.caught]

    @property
    def false_blame(self) -> list[FaultRun]:
        """Faults for which a requirement was blamed that they do not break."""
        return [run for run in self.runs if run.undeclared]

    @property
    def unproved(self) -> list[str]:
        """Scenarios and passive checks that no fault made fail."""
        killers = {kill.id for run in self.runs for kill in run.kills}
        return [name for name in self.results if name not in killers]

    @property
    def doubtful(self) -> list[FaultRun]:
        """Runs that do not hold, or that should have failed a scenario that never failed."""
        open_ = {name for result in self.unproved for name in self.results[result]}
        return [run for run in self.runs if not run.holds or run.fault.requirement in open_]

    @property
    def uncovered(self) -> list[str]:
        """Requirements that bind such a target and can be observed, but that no fault breaks."""
        if not self.results:
            return []
        broken = {run.fault.requirement for run in self.runs}
        return [
            requirement.id
            for requirement in self.requirements.values()
            if _is_judged(requirement, self.role) and requirement.id not in broken
        ]

    @property
    def holds(self) -> bool:
        """Whether every check was seen to fail, and no fault was missed or blamed wrongly."""
        wrong = (self.control, self.uncaught, self.false_blame, self.unproved, self.uncovered)
        return not any(wrong)


def _is_judged(requirement: Requirement, role: str) -> bool:
    judged = requirement.role == role and requirement.level in ("MUST", "SHOULD")
    return judged and not requirement.excluded
