"""Attempts at a scenario: another one follows where the last proved nothing."""

import asyncio
import traceback
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from conformance.engine.client_dialogue import ClientDialogue
from conformance.engine.dialogue import Dialogue
from conformance.engine.inconclusive import (
    Crowded,
    Disturbed,
    NotAsked,
    NotJudged,
    TooSlow,
    TryAgain,
)
from conformance.engine.pulse import Flight, Pulse
from conformance.engine.scheduling import LONG_WAIT
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.errors import InputError, KitError
from conformance.loader.form import PLAIN, Form
from conformance.model import (
    Cause,
    Outcome,
    Result,
    Scenario,
    Step,
    Timing,
)
from conformance.record.steps import performed
from conformance.target.hooks import ADVANCE, HookFailed
from conformance.transport import Unreachable

T = TypeVar("T")

ATTEMPTS: Final = 3
"""How many times a scenario is attempted while the attempts prove nothing."""

CROWD_LASTS: Final = 0.25
"""Seconds to wait for closing connections to make room for new ones."""

SCENARIO_LIMIT: Final = 60.0

MOST_STARTS: Final = 3
"""Starts of a client in one scenario, for each of which a slow one gets extra time."""

TRIPS_A_STEP: Final = 4
"""Round trips per step: a connection is opened, greeted and closed."""

SLOWEST_TRIP: Final = 1.0
"""Seconds of a round trip beyond which a slow target gets no extra time."""

LOST_AFTER: Final = 3


@dataclass(slots=True)
class Attempts:
    """Attempts the scenarios of a run and notices when the target is lost; `note` says how."""

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
        """Return the seconds that a scenario must wait; infinite if the target states none."""
        if isinstance(scenario.waits, int | float):
            return float(scenario.waits)
        try:
            dialogue = Dialogue(self.world, scenario.id)
            return float(dialogue.resolve(scenario.waits, "c", {}))
        except InputError:
            return float("inf")

    def obstacle(self, scenario: Scenario) -> Result | None:
        """Return the result of a scenario that cannot run or does not apply; None if it can run."""
        world = self.world
        unclaimed = sorted(world.suite.claims_of(scenario) - world.claims)
        if unclaimed:
            reason = f"the target does not claim {', '.join(unclaimed)}"
            return result_of(scenario, Outcome.NOT_APPLICABLE, reason)
        found = self._open_question(scenario)
        if found is None:
            return None
        cause, reason = found
        requirements = world.suite.requirements
        cannot_tell = all(requirements[name].excluded for name in scenario.requirements)
        outcome = Outcome.INCONCLUSIVE
        if cause == "no hook" and cannot_tell:  # no hook could observe it anyway
            outcome = Outcome.NOT_APPLICABLE
        return result_of(scenario, outcome, reason, cause)

    def _open_question(self, scenario: Scenario) -> tuple[Cause, str] | None:
        """Return why a scenario that applies cannot run."""
        world, target = self.world, self.world.target
        hooks = scenario.hooks - target.hooks.keys()
        if hooks:
            return "no hook", self._why_without(sorted(hooks))
        missing = [name for name in scenario.needs if name not in world.variables]
        if missing:
            stated = ", ".join(missing)
            return "not stated", (
                f"the target does not state {stated}; set it under `parameters:` in the target file"
            )
        wait = self.wait_of(scenario)
        if wait == float("inf"):
            return "not stated", f"the target does not state {scenario.waits}"
        if wait > LONG_WAIT and ADVANCE in world.hook_faults and ADVANCE not in target.hooks:
            return "long wait", f"it must wait {wait:g} s: {world.hook_faults[ADVANCE]}"
        if wait > self.max_wait and not world.moves_clock:
            return "long wait", (
                f"it must wait {wait:g} s, longer than --max-wait {self.max_wait:g}; "
                f"the hook {ADVANCE} would avoid the wait"
            )
        return ("target lost", self.note) if self.lost else None

    def _why_without(self, names: list[str]) -> str:
        faults = [self.world.hook_faults[name] for name in names if name in self.world.hook_faults]
        return "; ".join(faults) or self.world.without_hook(", ".join(names))

    async def judged(self, scenario: Scenario, form: Form = PLAIN) -> Result:
        """Play a scenario that nothing prevents from running, in a form; return its result.

        If the target is lost meanwhile, a failure is evidence only if no other scenario was in
        flight.
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
        """Make a result inconclusive because the target was lost, unless it was alone in flight."""
        loss = self.pulse.loss
        assert loss is not None
        self.note = loss.note
        if loss.in_flight == (result.id,) and result.failures:
            return result
        return result.undecided("target lost", loss.note)

    async def _tries(self, scenario: Scenario, form: Form, flight: Flight) -> Result:
        attempts, again = 0, True
        while again and attempts < ATTEMPTS:
            attempts += 1
            if scenario.id in self.turned_away:
                await asyncio.sleep(CROWD_LASTS)
                self.turned_away.discard(scenario.id)
            self.too_slow.discard(scenario.id)
            dialogue = flight.dialogue = self._dialogue_of(scenario, form)
            result, again = await self._attempt(scenario, dialogue)
            flight.in_doubt = dialogue.in_doubt
        if result.outcome is not Outcome.PASSED or self.world.keeps_transcripts:
            steps = performed(scenario, dialogue.performed, result)
            result = replace(result, transcript=dialogue.witness.transcript.entries(), steps=steps)
        return replace(result, timing=_timing(dialogue, attempts))

    def _dialogue_of(self, scenario: Scenario, form: Form) -> Dialogue:
        kind = ClientDialogue if self.world.suite.role == "client" else Dialogue
        return kind(self.world, scenario.id, scenario, form)

    async def _attempt(self, scenario: Scenario, dialogue: Dialogue) -> tuple[Result, bool]:
        """Make one attempt; the second value says whether another may prove more."""
        limit = self._limit(scenario)
        bound = asyncio.timeout(limit)
        again = False
        try:
            async with bound:
                found = await self._dialogue(dialogue, scenario)
            self._crowded = 0
        except NotAsked as error:
            found = result_of(scenario, Outcome.NOT_APPLICABLE, str(error))
        except NotJudged as nothing:
            found = _inconclusive(scenario, nothing.cause, str(nothing))
            again = isinstance(nothing, TryAgain)
            if isinstance(nothing, Crowded):
                self.turned_away.add(scenario.id)
            if isinstance(nothing, TooSlow):
                self.too_slow.add(scenario.id)
        except HookFailed as failed:
            found = _inconclusive(scenario, "hook failed", str(failed))
        except Unreachable as lost:
            found = _inconclusive(scenario, "target lost", str(lost))
            dialogue.unreachable = True
        except Exception as error:
            reason = str(error) if isinstance(error, KitError) else _own_fault(error)
            found = result_of(scenario, Outcome.KIT_ERROR, reason)
            if isinstance(error, TimeoutError) and bound.expired():
                reason = f"the scenario took longer than {limit:g} s"
                found = _inconclusive(scenario, "out of time", reason)
        finally:
            await dialogue.finish()
        return found, again

    def _limit(self, scenario: Scenario) -> float:
        """Return the seconds after which a scenario is given up."""
        trips = TRIPS_A_STEP * scenario.bulk * min(self.world.round_trip, SLOWEST_TRIP)
        starts = MOST_STARTS * self.world.start
        if self.world.suite.role == "client" and self.world.target.command is None:
            starts = MOST_STARTS * self.world.connect_timeout  # by a person
        limit = SCENARIO_LIMIT * self.world.timeout_scale + starts
        return limit + self.wait_of(scenario) + trips

    async def _dialogue(self, dialogue: Dialogue, scenario: Scenario) -> Result:
        performer = Performer(dialogue)
        dialogue.is_set_up = True
        try:
            await _perform(performer, scenario.setup)
        except StepFailed as failed:
            await _heard_out(dialogue, scenario, failed)
            return _not_set_up(scenario, failed)
        dialogue.is_set_up = False
        try:
            await _perform(performer, scenario.steps)
        except StepFailed as failed:
            await _heard_out(dialogue, scenario, failed)
            if failed.shows_nothing:
                return _not_set_up(scenario, failed)
            failure = failed.failure
            self.world.silences.rests(scenario.id, failed.missing)
            if not failure.requirements:
                failure = replace(failure, requirements=scenario.requirements)
            found = result_of(scenario, self.world.suite.severity(failure), failure.summary)
            return replace(found, failures=(failure,))
        return result_of(scenario, Outcome.PASSED, "")

    def note_crowded(self, reason: str) -> None:
        """Note that the target turned a scenario away although nothing else kept it busy."""
        self._crowded += 1
        if self.lost and not self.note:
            self.note = f"the target was lost during the run: {reason}"


def _not_set_up(scenario: Scenario, failed: StepFailed) -> Result:
    """Return the result of a scenario in which what it rests on did not hold."""
    failure = replace(failed.failure, requirements=())
    reason = f"setup failed: {failure.location}: {failure.summary}"
    found = _inconclusive(scenario, "setup failed", reason)
    return replace(found, failures=(failure,))


def result_of(
    scenario: Scenario, outcome: Outcome, reason: str, cause: Cause | None = None
) -> Result:
    """Return the result of a scenario, without evidence."""
    return Result(
        id=scenario.id,
        kind="scenario",
        title=scenario.title,
        requirements=scenario.requirements,
        profile=scenario.profile,
        outcome=outcome,
        reason=reason,
        cause=cause,
    )


def _inconclusive(scenario: Scenario, cause: Cause, reason: str) -> Result:
    return result_of(scenario, Outcome.INCONCLUSIVE, reason, cause)


async def _perform(performer: Performer, steps: Sequence[Step]) -> None:
    """Perform steps one by one, so that it is known which were reached."""
    for step in steps:
        await performer.perform((step,))
        performer.dialogue.performed += 1


async def _heard_out(dialogue: Dialogue, scenario: Scenario, failed: StepFailed) -> None:
    """Raise `Disturbed` if a failure proves nothing; keep listening for a missing answer."""
    await _check_quiet(dialogue, scenario)
    if failed.missing is not None:
        dialogue.listen(failed.missing)


def _cut_short(scenario: Scenario, dialogue: Dialogue | None) -> Result:
    """Return the result of a scenario that was not played to the end."""
    result = _inconclusive(scenario, "not tried", "")
    if dialogue is None:
        return result
    return replace(
        result, transcript=dialogue.witness.transcript.entries(), timing=_timing(dialogue, 1)
    )


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """Do a piece of work; return None if the event comes first."""
    task, other = asyncio.create_task(work), asyncio.create_task(event.wait())
    try:
        await asyncio.wait({task, other}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        other.cancel()
        await asyncio.gather(task, other, return_exceptions=True)


async def _check_quiet(dialogue: Dialogue, scenario: Scenario) -> None:
    """Raise `Disturbed` if others caused events and the scenario relies on silence."""
    if scenario.quiet and await dialogue.is_disturbed():
        raise Disturbed("other clients, or the target itself, caused events during the scenario")


def _timing(dialogue: Dialogue, attempt: int) -> Timing:
    return Timing(
        started=dialogue.witness.started - dialogue.world.begun,
        duration=perf_counter() - dialogue.witness.started,
        waited=sum(dialogue.waited_for.values()),
        held_up=dialogue.held_up,
        attempts=attempt,
        waited_for=dialogue.waited_for,
    )


def _own_fault(error: Exception) -> str:
    """Describe an unexpected error of the kit, with the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {error}"
