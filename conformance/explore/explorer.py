"""Explores a target: plays dialogues, confirms and shrinks what diverges."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from random import Random
from time import perf_counter
from typing import Final

from msgspec.structs import replace

from conformance.engine.attempt import Attempts
from conformance.engine.hook_checks import check_after_failure
from conformance.explore.extent import AREA, Extent
from conformance.explore.find import Find
from conformance.explore.generator import Generator
from conformance.explore.inquiry import Inquiry, Played
from conformance.explore.plan import Script, scenario_of
from conformance.loader.exploration import Facts, ProtocolModel
from conformance.loader.form import PLAIN, Form
from conformance.model import Outcome, Result, Scenario

IN_FORMS: Final = 0.25
"""How many of the dialogues are played in another form."""

IN_A_ROW: Final = 100
"""Dialogues that are made up without a look at anything else."""

MOST_DIALOGUES: Final = 99_999
"""Dialogues of a seed: to play one again, those before it are made up as well."""

MOST_INQUIRIES: Final = 3
"""Dialogues that are looked into for a requirement that they show to be broken."""


@dataclass(slots=True)
class Explorer:
    """Plays the dialogues of a seed until there are enough, or time is up."""

    attempts: Attempts
    model: ProtocolModel
    facts: Facts
    extent: Extent
    progress: Callable[[Result], None] = field(default=lambda result: None)
    played: int = field(default=0, init=False)
    outcomes: Counter[Outcome] = field(default_factory=Counter, init=False)
    tried: Counter[str] = field(default_factory=Counter, init=False)
    """How often what was done in which state."""
    judged: Counter[str] = field(default_factory=Counter, init=False)
    """How many dialogues judged a requirement."""
    finds: dict[str, Find] = field(default_factory=dict, init=False)
    again: Counter[str] = field(default_factory=Counter, init=False)
    """How many dialogues showed a requirement to be broken, under its first name."""
    unsteady: list[str] = field(default_factory=list, init=False)
    """What failed only once."""
    open: list[Result] = field(default_factory=list, init=False)
    interrupted: str = field(default="", init=False)
    """What is being looked into."""
    _end: float = field(default=inf, init=False)

    async def explore(self) -> None:
        """Play, until done."""
        extent, self._end = self.extent, perf_counter() + self.extent.seconds
        scripts = Generator(self.model, self.facts, extent.seed).dialogues()
        most = inf if extent.dialogues is None else extent.dialogues
        for number, script in enumerate(scripts, 1):
            if number % IN_A_ROW == 0:
                await asyncio.sleep(0)
            if self.played >= most or len(self.finds) >= extent.finds or self._stopped():
                return
            if number > MOST_DIALOGUES or (extent.only is not None and number > extent.only):
                return
            if extent.only in (None, number):
                await self._try(script, number)

    def _stopped(self) -> bool:
        """Return whether time is up, or the target is lost."""
        return perf_counter() > self._end or self.attempts.lost

    async def _try(self, script: Script, number: int) -> None:
        """Play a dialogue, and look into what it shows."""
        name = f"{AREA}/{self.extent.seed}-{number}"
        form = self._form(Random(f"{self.extent.seed} {number} form"))  # noqa: S311
        played = await self._play(script, name, form)
        result = played.result
        self.played += 1
        self.progress(result)
        self.tried.update(script.abouts)
        self.outcomes[result.outcome] += 1
        if result.outcome is Outcome.PASSED:
            self.judged.update(script.expected)
        elif not result.outcome.blames:
            self.open.append(result)
        for requirement in played.broken:
            await self._found(requirement, played, name, form)

    def _form(self, random: Random) -> Form:
        """Draw a form that must make no difference, or the plain one."""
        forms = [row for row in self.attempts.world.suite.forms.values() if _is_of_texts(row)]
        return random.choice(forms) if forms and random.random() < IN_FORMS else PLAIN

    async def _play(self, script: Script, name: str, form: Form = PLAIN) -> Played:
        """Play a script; what took longer than the model knows what is due proves nothing."""
        world, monitors = self.attempts.world, self.attempts.world.monitors
        before = [monitor.violated for monitor in monitors]
        result = await self.attempts.judged(self._scenario(script, name), form)
        broken = [*result.failures[0].requirements[:1]] if result.outcome.blames else []
        if broken and _moment(result) + world.slack > script.slack:
            said = f"the dialogue took longer than {script.slack:.2f} s"
            result, broken = result.undecided("too busy", said), []
        seen = [
            row.requirement
            for row, count in zip(monitors, before, strict=True)
            if row.violated > count
        ]
        return Played(script, result, list(dict.fromkeys([*broken, *seen])))

    def _scenario(self, script: Script, name: str) -> Scenario:
        world = self.attempts.world
        rate = world.suite.inconclusive.rate.messages
        needs = (rate,) if rate in world.variables else ()
        return scenario_of(script, name, world.suite.requirements, needs)

    async def _found(self, requirement: str, seen: Played, name: str, form: Form) -> None:
        """Look into what was found, unless enough is known of it, or a hook is to blame."""
        self.again[requirement] += 1
        if requirement in self.finds or self.again[requirement] > MOST_INQUIRIES:
            return
        world = self.attempts.world
        fault = await check_after_failure(world, self.attempts, self._scenario(seen.script, name))
        if fault:
            self.unsteady.append(f"{name}: {fault}")
            hooks = self.facts.hooks - world.hook_faults.keys()
            self.facts = replace(self.facts, hooks=hooks)
            return

        async def play(script: Script, form: Form) -> Played:
            return await self._play(script, name, form)

        self.interrupted = f"{name}: {requirement}"
        inquiry = Inquiry(self.model, self.facts, play, self._stopped)
        find = await inquiry.find(seen, form, requirement)
        self.interrupted = ""
        if find is None:
            self.unsteady.append(f"{name}: {requirement}")
        else:
            self.finds.setdefault(find.requirement, find)


def _moment(result: Result) -> float:
    """Return when what was wrong came, or when the last came before nothing did, in seconds."""
    entry = result.failures[0].entry
    times = [
        row.seconds
        for row in result.transcript
        if (row.ordinal == entry if entry is not None else row.direction == "received")
    ]
    return max(times, default=0.0)


def _is_of_texts(form: Form) -> bool:
    """Return whether a form changes only how messages are written and sent."""
    return not (form.calls or form.before or form.words or form.compression)
