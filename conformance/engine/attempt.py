"""One attempt at a scenario, and another where the first proved nothing."""

import asyncio
import traceback
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from conformance.engine.dialogue import Dialogue
from conformance.engine.pulse import Flight, Pulse
from conformance.engine.steps import (
    Crowded,
    Disturbed,
    NotJudged,
    Performer,
    StepFailed,
    TooSlow,
    TryAgain,
)
from conformance.engine.world import World
from conformance.errors import InputError, KitError
from conformance.loader.form import PLAIN, Form
from conformance.model import Failure, Outcome, Result, Scenario, Timing
from conformance.target.hooks import ADVANCE, HookFailed
from conformance.transport import Unreachable

T = TypeVar("T")

ATTEMPTS: Final = 3
"""How often a scenario is tried while what is seen proves nothing."""

CROWD_LASTS: Final = 0.25
"""Seconds in which connections that are on their way out make room for others."""

SCENARIO_LIMIT: Final = 60.0

TRIPS_A_STEP: Final = 4
"""Round trips that a step takes: a connection is opened, greeted, and ends."""

SLOWEST_TRIP: Final = 1.0
"""Seconds of a round trip from which on a slow target gets no more time."""

LOST_AFTER: Final = 3

LONG_WAIT: Final = 2.0
"""Seconds from which on moving the clock alone beats waiting beside others."""


@dataclass(slots=True)
class Attempts:
    """Tries the scenarios of a run, and notices when the target is lost; `note` says how."""

    world: World
    max_wait: float
    note: str = ""
    turned_away: set[str] = field(default_factory=set, init=False)
    too_slow: set[str] = field(default_factory=set, init=False)
    pulse: Pulse = field(init=False)
    _crowded: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.world)

    @property
    def lost(self) -> bool:
        """Whether the target is lost, or turned several scenarios away in a row."""
        return self.pulse.loss is not None or self._crowded >= LOST_AFTER

    def wait_of(self, scenario: Scenario) -> float:
        """The seconds that a scenario must wait; infinite where the target does not say."""
        if isinstance(scenario.waits, int | float):
            return float(scenario.waits)
        try:
            dialogue = Dialogue(self.world, scenario.id)
            return float(dialogue.resolve(scenario.waits, "c", {}))
        except InputError:
            return float("inf")

    def obstacle(self, scenario: Scenario) -> tuple[Outcome, str] | None:
        """Why a scenario cannot run, or does not apply; None where it can."""
        world, target = self.world, self.world.target
        profile = world.suite.profiles[scenario.profile]
        if not profile.required and profile.claim not in world.claims:
            return Outcome.NOT_APPLICABLE, f"the target does not claim {profile.claim}"
        unclaimed = scenario.claims - world.claims
        if unclaimed:
            names = ", ".join(sorted(unclaimed))
            return Outcome.NOT_APPLICABLE, f"the target does not claim {names}"
        hooks = scenario.hooks - target.hooks.keys()
        if hooks:
            return self._without_hooks(scenario, sorted(hooks))
        missing = [name for name in scenario.needs if name not in world.variables]
        if missing:
            return Outcome.INCONCLUSIVE, (
                f"the target does not state {', '.join(missing)}; a target file can (parameters: …)"
            )
        wait = self.wait_of(scenario)
        if wait == float("inf"):
            return Outcome.INCONCLUSIVE, f"the target does not state {scenario.waits}"
        if wait > LONG_WAIT and ADVANCE in world.hook_faults and ADVANCE not in target.hooks:
            return Outcome.INCONCLUSIVE, f"it must wait {wait:g} s: {world.hook_faults[ADVANCE]}"
        if wait > self.max_wait and not world.moves_clock:
            return Outcome.INCONCLUSIVE, (
                f"it must wait {wait:g} s, longer than --max-wait {self.max_wait:g}; "
                f"the hook {ADVANCE} would spare that"
            )
        return (Outcome.INCONCLUSIVE, self.note) if self.lost else None

    def _without_hooks(self, scenario: Scenario, names: list[str]) -> tuple[Outcome, str]:
        """A scenario without its hooks is inconclusive; it is not missed where none could tell."""
        reason = self._why_without(names)
        requirements = self.world.suite.requirements
        excluded = all(requirements[name].excluded for name in scenario.requirements)
        return Outcome.NOT_APPLICABLE if excluded else Outcome.INCONCLUSIVE, reason

    def _why_without(self, names: list[str]) -> str:
        faults = [self.world.hook_faults[name] for name in names if name in self.world.hook_faults]
        return "; ".join(faults) or self.world.without_hook(", ".join(names))

    async def judged(self, scenario: Scenario, form: Form = PLAIN) -> Result:
        """The result of a scenario that nothing keeps from running, played in a form.

        Where the target is lost meanwhile, what was seen proves something only of a scenario that
        was alone in flight.
        """
        flight = self.pulse.take_off(scenario.id)
        result = await _unless(self.pulse.lost, self._tries(scenario, form, flight))
        if result is None:
            return self._withdrawn(_cut_short(scenario, flight.dialogue))
        flight.ended = perf_counter()
        flight.held = result.outcome is Outcome.PASSED
        if flight.in_doubt and not flight.held and not await self.pulse.beats(flight.ended):
            return self._withdrawn(result)
        return result

    def _withdrawn(self, result: Result) -> Result:
        """A result that proves nothing, as the target was lost, unless it alone was in flight."""
        loss = self.pulse.loss
        assert loss is not None
        self.note = loss.note
        if loss.in_flight == (result.id,) and result.failures:
            return result
        return result.undecided(loss.note)

    async def _tries(self, scenario: Scenario, form: Form, flight: Flight) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            if scenario.id in self.turned_away:
                await asyncio.sleep(CROWD_LASTS)
                self.turned_away.discard(scenario.id)
            self.too_slow.discard(scenario.id)
            flight.dialogue = Dialogue(self.world, scenario.id, scenario, form)
            result, again = await self._attempt(scenario, attempt, flight.dialogue)
            flight.in_doubt = flight.dialogue.in_doubt
            if not again:
                break
        return result

    async def _attempt(
        self, scenario: Scenario, attempt: int, dialogue: Dialogue
    ) -> tuple[Result, bool]:
        """One try; the second value says whether another may tell more."""
        limit = self._limit(scenario)
        bound = asyncio.timeout(limit)
        failures: tuple[Failure, ...] = ()
        again = False
        try:
            async with bound:
                outcome, reason, failures = await self._dialogue(dialogue, scenario)
            self._crowded = 0
        except TryAgain as nothing:
            outcome, reason, again = Outcome.INCONCLUSIVE, str(nothing), True
            if isinstance(nothing, Crowded):
                self.turned_away.add(scenario.id)
            if isinstance(nothing, TooSlow):
                self.too_slow.add(scenario.id)
        except (NotJudged, HookFailed) as open_:
            outcome, reason = Outcome.INCONCLUSIVE, str(open_)
        except Unreachable as lost:
            outcome, reason = Outcome.INCONCLUSIVE, str(lost)
            dialogue.unreachable = True
        except TimeoutError as error:
            outcome, reason = Outcome.KIT_ERROR, _own_fault(error)
            if bound.expired():
                outcome, reason = Outcome.INCONCLUSIVE, f"it took longer than {limit:g} s"
        except KitError as error:
            outcome, reason = Outcome.KIT_ERROR, str(error)
        except Exception as error:
            outcome, reason = Outcome.KIT_ERROR, _own_fault(error)
        finally:
            await dialogue.finish()
        kept = dialogue.transcript.entries() if outcome is not Outcome.PASSED else ()
        found = result_of(scenario, outcome, reason)
        timing = _timing(dialogue, attempt)
        return replace(found, failures=failures, transcript=kept, timing=timing), again

    def _limit(self, scenario: Scenario) -> float:
        """Seconds after which a scenario is given up."""
        trips = TRIPS_A_STEP * scenario.bulk * min(self.world.round_trip, SLOWEST_TRIP)
        return SCENARIO_LIMIT * self.world.timeout_scale + self.wait_of(scenario) + trips

    async def _dialogue(
        self, dialogue: Dialogue, scenario: Scenario
    ) -> tuple[Outcome, str, tuple[Failure, ...]]:
        performer = Performer(dialogue)
        silences = self.world.silences
        dialogue.is_set_up = True
        try:
            await performer.perform(scenario.setup)
        except StepFailed as failed:
            await _check_quiet(dialogue, scenario)
            if failed.missing is not None:
                dialogue.listen(failed.missing)
            where = f"{failed.failure.location}: {failed.failure.summary}"
            reason = f"what it needs first did not work: {where}"
            return Outcome.INCONCLUSIVE, reason, (replace(failed.failure, requirements=()),)
        dialogue.is_set_up = False
        try:
            await performer.perform(scenario.steps)
        except StepFailed as failed:
            await _check_quiet(dialogue, scenario)
            failure = failed.failure
            silences.rests(scenario.id, failed.missing)
            if failed.missing is not None:
                dialogue.listen(failed.missing)
            if not failure.requirements:
                failure = replace(failure, requirements=scenario.requirements)
            return self.world.suite.severity(failure), failure.summary, (failure,)
        return Outcome.PASSED, "", ()

    def note_crowded(self, reason: str) -> None:
        """Notes that the target turned a scenario away, though nothing else kept it busy."""
        self._crowded += 1
        if self.lost and not self.note:
            self.note = f"the target was lost during the run: {reason}"


def result_of(scenario: Scenario, outcome: Outcome, reason: str) -> Result:
    """The result of a scenario, without evidence."""
    return Result(
        id=scenario.id,
        kind="scenario",
        title=scenario.title,
        requirements=scenario.requirements,
        profile=scenario.profile,
        outcome=outcome,
        reason=reason,
    )


def _cut_short(scenario: Scenario, dialogue: Dialogue | None) -> Result:
    """The result of a scenario that was not played to its end."""
    result = result_of(scenario, Outcome.INCONCLUSIVE, "")
    if dialogue is None:
        return result
    return replace(result, transcript=dialogue.transcript.entries(), timing=_timing(dialogue, 1))


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Does a piece of work; None where the event comes first."""
    task, other = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, other}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        other.cancel()
        await asyncio.gather(task, other, return_exceptions=True)


async def _check_quiet(dialogue: Dialogue, scenario: Scenario) -> None:
    """Raises `Disturbed` where others caused events, and the scenario counts on nobody doing so."""
    if scenario.quiet and await dialogue.is_disturbed():
        raise Disturbed("other clients, or the target itself, caused events meanwhile")


def _timing(dialogue: Dialogue, attempt: int) -> Timing:
    return Timing(
        started=dialogue.started - dialogue.world.begun,
        duration=perf_counter() - dialogue.started,
        waited=sum(dialogue.waited_for.values()),
        attempts=attempt,
        waited_for=dialogue.waited_for,
    )


def _own_fault(error: Exception) -> str:
    """What an unforeseen error of the kit was, and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {error}"
