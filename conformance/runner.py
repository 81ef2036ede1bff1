"""Runs scenarios against a target: those that wait first, many at once, each with an outcome."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from conformance.dialogue import Dialogue, World
from conformance.hooks import ADVANCE, HookFailed
from conformance.model import Failure, Outcome, Result, Scenario, Timing
from conformance.monitors import Monitor
from conformance.problems import InputError, KitError
from conformance.record import RunRecord
from conformance.steps import NotJudged, Performer, StepFailed, TooSlow
from conformance.suite import Suite, is_passive_selected, parameters
from conformance.target import Target
from conformance.transcript import Secrets
from conformance.transport import Unreachable

ATTEMPTS: Final = 3
SCENARIO_LIMIT: Final = 60.0
LOST_AFTER: Final = 3
LONG_WAIT: Final = 2.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is made."""

    jobs: int = 16
    max_wait: float = 60.0
    timeout_scale: float = 1.0
    selection: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(slots=True)
class Run:
    """One run in progress; `progress` is called with every result as it is found."""

    suite: Suite
    target: Target
    scenarios: Sequence[Scenario]
    options: Options
    progress: Callable[[Result], None] = field(default=lambda result: None)
    world: World = field(init=False)
    results: dict[str, Result] = field(default_factory=dict, init=False)
    note: str = field(default="", init=False)
    interrupted: bool = field(default=False, init=False)
    _started: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)
    _lost: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        monitors = self.suite.make_monitors(self.suite)
        secrets = Secrets(self.suite.redact)
        self.world = World(self.suite, self.target, monitors, secrets)
        self.world.timeout_scale = self.options.timeout_scale

    async def perform(self) -> RunRecord:
        """Runs everything; raises `Unreachable` when the target cannot be reached at all.

        A cancelled run ends as one that was interrupted: with a record of what it found.
        """
        try:
            async with _stall_watch(self.world):
                await self._discover()
                await self._all()
        except asyncio.CancelledError:
            self.interrupted = True
        return self.record()

    def record(self) -> RunRecord:
        """What the run has found so far."""
        for scenario in self.scenarios:
            if scenario.id not in self.results:
                reason = "the run was interrupted" if self.interrupted else self.note
                self.results[scenario.id] = _result(scenario, Outcome.COULD_NOT_RUN, reason)
        results = [self.results[scenario.id] for scenario in self.scenarios]
        results += self._passive_results()
        return RunRecord(
            suite=self.suite,
            target_name=self.target.name,
            target_url=self.target.shown_url,
            target_words=self.target.words,
            selection=self.options.selection,
            profiles=self.options.profiles,
            claims=self.world.claims,
            variables=self._stated(),
            results=tuple(results),
            started=self._started.isoformat(timespec="seconds"),
            duration=perf_counter() - self.world.begun,
            round_trip=self.world.round_trip,
            jobs=self.options.jobs,
            interrupted=self.interrupted,
            note=self.note,
        )

    def _stated(self) -> dict[str, object]:
        known = self.world.variables
        return {name: known[name] for name in self.suite.parameters if name in known}

    # ── discovery ──

    async def _discover(self) -> None:
        """Learns what the target states; a target that cannot even do this is judged as it is."""
        for _ in range(ATTEMPTS):
            if await self._learn():
                return

    async def _learn(self) -> bool:
        """One try to learn what the target states; false where another may learn more."""
        world, dialogue = self.world, Dialogue(self.world, "discovery")
        world.variables = {"url": self.target.url, "origin": self.target.origin}
        world.variables |= dialogue.resolve(self.suite.variables, "c", {})
        self._take(dialogue.of_connection.setdefault("c", {}))
        try:
            for name in self.suite.discovery:
                await Performer(dialogue).call(name)
                self._take(dialogue.of_connection["c"])
        except TooSlow:
            return False
        except (StepFailed, NotJudged, HookFailed):
            self._refuse_other_protocols(dialogue)
            self._take(dialogue.of_connection["c"])
        finally:
            world.round_trip = dialogue.quickest_answer
            await dialogue.finish()
        return True

    def _take(self, known: Mapping[str, Any]) -> None:
        """Takes what is known of the target so far: its parameters and its claims."""
        given = self.target.parameters
        self.world.variables |= {**given, **parameters(self.suite, known, given)}
        claims = self.target.claims
        self.world.claims = self.suite.claims(known) if claims is None else claims

    def _refuse_other_protocols(self, dialogue: Dialogue) -> None:
        """Raises `Unreachable` where what answered is no WebSocket server."""
        connection = dialogue.connections.get("c")
        if connection is None or not connection.refused:
            return
        where = f"{self.target.shown_url} accepts the connection but"
        if connection.response is not None:
            status = connection.response.status_code
            raise Unreachable(f"{where} answers HTTP {status}: {connection.refusal}")
        if connection.silent:
            raise Unreachable(f"{where} {connection.refusal}")
        said = connection.refusal or "it hangs up"
        raise Unreachable(f"{where} does not answer with a WebSocket handshake: {said}")

    # ── scenarios ──

    async def _all(self) -> None:
        turns: dict[str, list[Scenario]] = {"shared": [], "exclusive": [], "final": []}
        for scenario in self.scenarios:
            turns[self._turn(scenario)].append(scenario)
        await self._in_parallel(sorted(turns["shared"], key=self._wait_of, reverse=True))
        self.world.moves_clock = ADVANCE in self.target.hooks
        for scenario in (*turns["exclusive"], *turns["final"]):
            await self._one(scenario)

    def _turn(self, scenario: Scenario) -> str:
        """When a scenario runs: one that can move the clock instead of waiting long runs alone."""
        movable = ADVANCE in self.target.hooks and self._wait_of(scenario) > LONG_WAIT
        if scenario.isolation == "shared" and (movable or ADVANCE in scenario.hooks):
            return "exclusive"
        return scenario.isolation

    async def _in_parallel(self, scenarios: Iterable[Scenario]) -> None:
        waiting = iter(scenarios)

        async def worker() -> None:
            for scenario in waiting:
                await self._one(scenario)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.options.jobs):
                group.create_task(worker())

    def _wait_of(self, scenario: Scenario) -> float:
        """The seconds that a scenario must wait; infinite where the target does not say."""
        try:
            dialogue = Dialogue(self.world, scenario.id)
            return float(dialogue.resolve(scenario.waits, "c", {}))
        except InputError:
            return float("inf")

    async def _one(self, scenario: Scenario) -> None:
        reason = self._obstacle(scenario)
        if reason:
            result = _result(scenario, *reason)
        else:
            result = await self._attempts(scenario)
        self.results[scenario.id] = result
        self.progress(result)

    def _obstacle(self, scenario: Scenario) -> tuple[Outcome, str] | None:
        """Why a scenario cannot run, or does not apply; None where it can."""
        profile = self.suite.profiles[scenario.profile]
        if not profile.required and profile.claim not in self.world.claims:
            return Outcome.NOT_APPLICABLE, f"the target does not claim {profile.claim}"
        unclaimed = scenario.claims - self.world.claims
        if unclaimed:
            names = ", ".join(sorted(unclaimed))
            return Outcome.NOT_APPLICABLE, f"the target does not claim {names}"
        hooks = scenario.hooks - self.target.hooks.keys()
        if hooks:
            return self._without_hooks(scenario, sorted(hooks))
        missing = [name for name in scenario.needs if name not in self.world.variables]
        if missing:
            return Outcome.COULD_NOT_RUN, (
                f"the target does not state {', '.join(missing)}; a target file can (parameters: …)"
            )
        wait = self._wait_of(scenario)
        if wait == float("inf"):
            return Outcome.COULD_NOT_RUN, f"the target does not state {scenario.waits}"
        if wait > self.options.max_wait and not self.world.moves_clock:
            return Outcome.COULD_NOT_RUN, (
                f"it must wait {wait:g} s, longer than --max-wait {self.options.max_wait:g}; "
                f"the hook {ADVANCE} would spare that"
            )
        if self._lost >= LOST_AFTER:
            return Outcome.COULD_NOT_RUN, self.note
        return None

    def _without_hooks(self, scenario: Scenario, names: list[str]) -> tuple[Outcome, str]:
        """A scenario without its hooks could not run; it is not missed where none could tell."""
        reason = f"it needs the hook {', '.join(names)}, which a target file can name (hooks: …)"
        excluded = all(self.suite.requirements[name].excluded for name in scenario.requirements)
        return Outcome.NOT_APPLICABLE if excluded else Outcome.COULD_NOT_RUN, reason

    async def _attempts(self, scenario: Scenario) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            result, again = await self._attempt(scenario, attempt)
            if not again:
                break
        return result

    async def _attempt(self, scenario: Scenario, attempt: int) -> tuple[Result, bool]:
        """One try; the second value says whether another may tell more."""
        dialogue = Dialogue(self.world, scenario.id)
        limit = SCENARIO_LIMIT * self.options.timeout_scale + self._wait_of(scenario)
        failures: tuple[Failure, ...] = ()
        again = False
        try:
            async with asyncio.timeout(limit):
                outcome, reason, failures = await self._dialogue(dialogue, scenario)
            self._lost = 0
        except TooSlow as slow:
            outcome, reason, again = Outcome.COULD_NOT_RUN, str(slow), True
        except (NotJudged, HookFailed) as open_:
            outcome, reason = Outcome.COULD_NOT_RUN, str(open_)
        except Unreachable as lost:
            outcome, reason = Outcome.COULD_NOT_RUN, str(lost)
            self._note_lost(reason)
        except TimeoutError:
            outcome, reason = Outcome.COULD_NOT_RUN, f"it took longer than {limit:g} s"
        except KitError as error:
            outcome, reason = Outcome.KIT_ERROR, str(error)
        except Exception as error:
            outcome, reason = Outcome.KIT_ERROR, _own_fault(error)
        finally:
            await dialogue.finish()
        kept = dialogue.transcript.lines() if outcome is not Outcome.PASSED else ()
        timing = Timing(
            dialogue.started - self.world.begun,
            perf_counter() - dialogue.started,
            dialogue.waited,
            attempt,
        )
        found = _result(scenario, outcome, reason)
        return replace(found, failures=failures, transcript=kept, timing=timing), again

    async def _dialogue(
        self, dialogue: Dialogue, scenario: Scenario
    ) -> tuple[Outcome, str, tuple[Failure, ...]]:
        performer = Performer(dialogue)
        try:
            await performer.perform(scenario.setup)
        except StepFailed as failed:
            where = f"{failed.failure.location}: {failed.failure.summary}"
            reason = f"what it needs first did not work: {where}"
            return Outcome.COULD_NOT_RUN, reason, (replace(failed.failure, requirements=()),)
        try:
            await performer.perform(scenario.steps)
        except StepFailed as failed:
            failure = failed.failure
            if not failure.requirements:
                failure = replace(failure, requirements=scenario.requirements)
            return self._severity(failure), failure.summary, (failure,)
        return Outcome.PASSED, "", ()

    def _severity(self, failure: Failure) -> Outcome:
        levels = {self.suite.requirements[name].level for name in failure.requirements}
        return Outcome.FAILED if "MUST" in levels else Outcome.WARNED

    def _note_lost(self, reason: str) -> None:
        self._lost += 1
        if self._lost >= LOST_AFTER and not self.note:
            self.note = f"the target was lost during the run: {reason}"

    # ── passive checks ──

    def _passive_results(self) -> list[Result]:
        wanted, words = self.options.profiles, self.options.selection
        rows = [self._passive_result(monitor) for monitor in self.world.monitors]
        return [
            row
            for row in rows
            if (not wanted or row.profile in wanted)
            and (not words or any(is_passive_selected(row.id, row.requirements, w) for w in words))
        ]

    def _passive_result(self, monitor: Monitor) -> Result:
        requirement = self.suite.requirements[monitor.requirement]
        failures = tuple(
            replace(v.failure, requirements=(monitor.requirement,), step=f"seen in {v.scenario}")
            for v in monitor.violations
        )
        outcome, reason = Outcome.PASSED, ""
        if failures:
            outcome = self._severity(failures[0])
            reason = f"{failures[0].summary} ({monitor.violated} of {monitor.observed} times)"
        elif not monitor.observed:
            outcome, reason = Outcome.NOT_APPLICABLE, "nothing of the kind was seen in this run"
        return Result(
            id=f"passive/{monitor.name}",
            kind="monitor",
            title=monitor.title,
            requirements=(monitor.requirement,),
            profile=requirement.profile,
            outcome=outcome,
            reason=reason,
            failures=failures,
            transcript=monitor.violations[0].transcript() if failures else (),
            observed=monitor.observed,
        )


def _own_fault(error: Exception) -> str:
    """What an unforeseen error of the kit was, and the line that raised it."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno}: {error}"


def _result(scenario: Scenario, outcome: Outcome, reason: str) -> Result:
    return Result(
        id=scenario.id,
        kind="scenario",
        title=scenario.title,
        requirements=scenario.requirements,
        profile=scenario.profile,
        outcome=outcome,
        reason=reason,
    )


@asynccontextmanager
async def _stall_watch(world: World) -> AsyncIterator[None]:
    """Watches for stalls of the kit meanwhile."""
    task = asyncio.create_task(world.watch_stalls())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
