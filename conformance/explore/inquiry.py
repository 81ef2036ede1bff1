"""Inquiries into dialogues that failed: which fail again, by what little, and what it breaks."""

from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Final, NamedTuple

from conformance.explore.find import Find
from conformance.explore.plan import Plan, Script, script_of
from conformance.explore.shrink import Shrinker
from conformance.loader.exploration import Facts, ProtocolModel
from conformance.loader.form import PLAIN, Form
from conformance.model import Result

CONFIRMATIONS: Final = 2
"""How often what failed is played again."""


LONGEST: Final = 15.0
"""Seconds after which a plan is made no shorter: a missing answer is waited for each time."""


class Played(NamedTuple):
    """A script that was played, its result, and what it showed to be broken.

    What a step showed comes first, then what passive checks saw.
    """

    script: Script
    result: Result
    broken: Sequence[str]


Play = Callable[[Script, Form], Awaitable[Played]]
"""Plays a script in a form."""


class Inquiry:
    """Looks into a dialogue in which a requirement was seen broken, until it is `stopped`."""

    def __init__(
        self, model: ProtocolModel, facts: Facts, play: Play, stopped: Callable[[], bool]
    ) -> None:
        self._model, self._facts = model, facts
        self._play, self._stopped = play, stopped
        self._form = PLAIN
        self._checked = False
        self._last: dict[str, Played] = {}
        """The last failure of each plan, by the text of the plan: 1 and true are not the same."""

    async def find(self, seen: Played, form: Form, requirement: str) -> Find | None:
        """Return what is found; None if the dialogue does not fail again."""
        begun, failed, plan = perf_counter(), 1, seen.script.done
        self._form, self._last[repr(plan)] = form, seen
        if form is not PLAIN and await self._shows(plan, requirement, PLAIN):
            self._form = PLAIN
        for _ in range(CONFIRMATIONS):
            failed += await self._shows(plan, requirement, self._form)
        if failed == 1:
            return None
        requirement = await self._closer(plan, requirement)

        async def shows(shorter: Plan) -> bool:
            return await self._shows(shorter, requirement, self._form)

        async def fails(simpler: Plan) -> bool:
            await shows(simpler)
            return repr(simpler) in self._last

        end = perf_counter() + LONGEST

        def stopped() -> bool:
            return self._stopped() or perf_counter() > end

        short = await Shrinker(shows, fails, stopped).shrunk(plan)
        played = self._last[repr(short)]
        return Find(
            requirement=self._form.requirement or _name(played, requirement),
            form="" if self._form is PLAIN else self._form.name,
            script=played.script,
            result=played.result,
            length=len(plan),
            failed=failed,
            played=1 + CONFIRMATIONS,
            seconds=perf_counter() - begun,
        )

    async def _shows(self, plan: Plan, requirement: str, form: Form) -> bool:
        script = script_of(self._model, self._facts, plan, checked=self._checked)
        played = await self._play(script, form)
        if played.broken:
            self._last[repr(plan)] = played
        return requirement in played.broken

    async def _closer(self, plan: Plan, requirement: str) -> str:
        """Return what is broken if it is shown after each action that nothing more came.

        What comes too much would otherwise be taken for an answer to what is done next.
        """
        before, self._checked = self._last.pop(repr(plan)), True
        if await self._shows(plan, requirement, self._form):
            return requirement
        if repr(plan) in self._last:
            return self._last[repr(plan)].broken[0]
        self._checked, self._last[repr(plan)] = False, before
        return requirement


def _name(played: Played, requirement: str) -> str:
    """Return what a find is called by: what must make no difference and does, or what is broken."""
    if played.script.harmless:
        return played.script.harmless[-1]
    return requirement if requirement in played.broken else played.broken[0]
