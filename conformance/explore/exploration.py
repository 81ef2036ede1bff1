"""A run that plays dialogues which a model writes, in place of a suite's scenarios."""

from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from conformance.engine.hook_checks import check_needed
from conformance.engine.run import Run
from conformance.explore.explorer import Explorer
from conformance.explore.extent import AREA, Extent
from conformance.explore.find import Find
from conformance.explore.plan import Script, scenario_of
from conformance.loader.exploration import Facts, ProtocolModel
from conformance.model import Failure, Outcome, Result, Scenario
from conformance.target.hooks import ADVANCE

NOTHING: Final = Script((), (), ())


@dataclass(slots=True)
class Exploration(Run):
    """One exploration in progress."""

    model: ProtocolModel | None = None
    extent: Extent = field(default_factory=Extent)
    explorer: Explorer | None = field(default=None, init=False)

    @property
    def total(self) -> int:
        """How many dialogues are to be played; 0 if time decides."""
        return self.extent.dialogues or 0

    async def _in_time(self) -> None:
        """Explore as much as was asked for."""
        assert self.model is not None
        world = self.world
        world.moves_clock = ADVANCE in world.target.hooks
        await check_needed(world, self._attempts, [self._using_hooks()])
        facts = Facts(world.claims, world.variables, frozenset(world.target.hooks))
        self.explorer = Explorer(self._attempts, self.model, facts, self.extent, self.progress)
        with self._phase(AREA):
            try:
                await self.explorer.explore()
            finally:
                self._take()

    def _using_hooks(self) -> Scenario:
        """Return a scenario that stands for dialogues that use all hooks."""
        row = scenario_of(NOTHING, AREA, self.suite.requirements)
        required = next(name for name, profile in self.suite.profiles.items() if profile.required)
        return replace(row, hooks=frozenset(self.world.target.hooks), profile=required)

    def _take(self) -> None:
        """Turn what was found into scenarios with results."""
        explorer = self.explorer
        assert explorer is not None
        finds = list(explorer.finds.values())
        summary = self._summary(explorer)
        rest = [] if finds and summary.outcome is not Outcome.PASSED else [summary]
        whole = [scenario_of(NOTHING, row.id, self.suite.requirements) for row in rest]
        self.scenarios = [*(find.scenario(self.suite) for find in finds), *whole]
        for result in (*(find.told(self.suite, self._seen(find)) for find in finds), *rest):
            self.results[result.id] = result

    def _seen(self, find: Find) -> Failure | None:
        """Return what a passive check saw of a find."""
        found = (
            row.violations for row in self.world.monitors if row.requirement == find.requirement
        )
        return next((seen[0].failure for seen in found if seen), None)

    def _summary(self, explorer: Explorer) -> Result:
        """Return the result of all that was as the model says."""
        judged = [name for name in explorer.judged if name not in explorer.finds]
        profiles = [self.suite.requirements[name].profile for name in judged]
        right = explorer.outcomes[Outcome.PASSED]
        return Result(
            id=f"{AREA}/{self.extent.seed}",
            kind="scenario",
            title=f"{right:,} dialogues that nobody scripted went as the model says",
            requirements=tuple(judged),
            profile=next(iter(profiles), next(iter(self.suite.profiles))),
            outcome=Outcome.PASSED if right else Outcome.INCONCLUSIVE,
            reason="" if right else "no dialogue was judged",
            cause=None if right else "not provable",
        )
