"""Runs scenarios against a target: long waits first, many at once, then failures once more."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from time import perf_counter

import msgspec
from msgspec.structs import replace

from conformance.engine.attempt import Attempts, result_of
from conformance.engine.collateral import collateral, undecided
from conformance.engine.discovery import RefusedHandshake, discover
from conformance.engine.form_plays import FormPlays, drawn, each
from conformance.engine.hook_checks import check_after_failure, check_needed
from conformance.engine.meeting import meet
from conformance.engine.passive import passive_results
from conformance.engine.room import Room
from conformance.engine.scheduling import BESIDE, Needs, in_parallel, turn, urgency
from conformance.engine.time_limit import SPARE, TimeLimit, limit
from conformance.engine.world import World
from conformance.errors import KitError
from conformance.loader.selection import is_excluded
from conformance.loader.suite import Suite
from conformance.model import Outcome, Result, Scenario
from conformance.record import retries
from conformance.record.record import RunRecord
from conformance.record.schedule import DISCOVERY, EXCLUSIVE, FORMS, LAST, RETRIES, SHARED, Phase
from conformance.record.secrets import Secrets
from conformance.target.hooks import ADVANCE
from conformance.target.target import Target
from conformance.transport import Unreachable


class Options(msgspec.Struct, frozen=True):
    """How a run is made.

    Failures are rerun up to `retries` times, unless their ids are among the `known` failures.
    With `schedule`, the reports for people show where the time went. With `force`, a target that
    does not look like one of the suite's protocol is judged anyway. What passes is played again
    in the named `forms`; None: in one that `seed` picks. Without any scenarios all are played, in
    these forms only. With `only_watches`, the scenarios are there to be watched by passive checks
    and have no results of their own. The run ends once `max_failures` scenarios have failed that
    are not `known`. With `transcripts`, what passed keeps its transcript, too.
    """

    jobs: int = 16
    max_wait: float = 60.0
    timeout_scale: float = 1.0
    selection: tuple[str, ...] = ()
    only_watches: bool = False
    profiles: tuple[str, ...] = ()
    retries: int = 0
    known: frozenset[str] = frozenset()
    schedule: bool = False
    force: bool = False
    forms: tuple[str, ...] | None = ()
    seed: int = 1
    max_failures: int | None = None
    transcripts: bool = False


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
    interrupted: bool = field(default=False, init=False)
    unreachable: bool = field(default=False, init=False)
    _attempts: Attempts = field(init=False)
    _forms: FormPlays = field(init=False)
    _room: Room = field(init=False)
    _phases: list[Phase] = field(default_factory=list, init=False)
    _ran: set[str] = field(default_factory=set, init=False)
    _put_off: list[Scenario] = field(default_factory=list, init=False)
    _can_put_off: bool = field(default=False, init=False)
    _bound: str = field(default="", init=False)
    _end: Callable[[], None] = field(default=lambda: None, init=False)
    phase: str = field(default=DISCOVERY, init=False)
    """The phase that it is in."""
    _started: datetime = field(default_factory=lambda: datetime.now(UTC), init=False)

    def __post_init__(self) -> None:
        monitors = self.suite.make_monitors(self.suite)
        for monitor in monitors:
            if monitor.requirement not in self.suite.requirements:
                raise KitError(f"{monitor.id}: there is no requirement {monitor.requirement}")
        secrets = Secrets(self.suite.redact, self.target.secrets, self.suite.secret_behind)
        self.world = World(self.suite, self.target, monitors, secrets)
        self.world.timeout_scale = self.options.timeout_scale
        self.world.keeps_transcripts = self.options.transcripts
        self._attempts = Attempts(self.world, self.options.max_wait)
        self._forms = FormPlays(self._attempts)
        self._room = Room(self.world, self._attempts)

    @property
    def total(self) -> int:
        """How many results are to come; 0 if it is not known."""
        return len(self.scenarios)

    async def perform(self) -> RunRecord:
        """Run everything; a target that cannot be reached is a result as well.

        A cancelled run ends like an interrupted one: with a record of what it found.
        """
        try:
            async with _stall_watch(self.world):
                with self._phase(DISCOVERY):
                    refused = await self._discovered()
                if refused is None:
                    await self._in_time()
                else:
                    await self._judge_handshake(refused)
        except Unreachable as error:
            return self.unreached(str(error))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            self.interrupted = task is not None and task.cancelling() > 0
            self._attempts.note = self._attempts.note or "the run was cut short by a time limit"
        return self.record()

    async def _discovered(self) -> RefusedHandshake | None:
        if self.suite.role == "client":
            await meet(self.world, force=self.options.force)
            return None
        return await discover(self.world, force=self.options.force)

    def unreached(self, why: str) -> RunRecord:
        """Return the record of a run whose target cannot be reached: nothing is judged."""
        self.unreachable, self._attempts.note = True, why
        self.world.monitors = self.suite.make_monitors(self.suite)
        return self.record()

    async def _judge_handshake(self, refused: RefusedHandshake) -> None:
        """Run only the scenarios that judge a refused handshake, whether selected or not."""
        chosen = [self.suite.scenarios[name] for name in refused.scenarios]
        for scenario in chosen:
            await self._one(scenario, alone=True)
        self.scenarios = [*self.scenarios, *(row for row in chosen if row not in self.scenarios)]
        self._attempts.note = f"{refused.reason}; judged by {' and '.join(refused.scenarios)}"

    def record(self) -> RunRecord:
        """Return the record of what the run has found so far."""
        note, options = self._attempts.note, self.options
        untried = "the run was interrupted" if self.interrupted else note
        for scenario in self.scenarios:
            if scenario.id not in self.results:
                self.results[scenario.id] = result_of(
                    scenario, Outcome.INCONCLUSIVE, untried, "not tried"
                )
        silences = self.world.silences
        self.results |= undecided(self.results, silences.refuted())
        others = collateral(self.results, silences.rests_on, self.suite.owed)
        self.results |= undecided(self.results, others)
        judged = [] if options.only_watches else self.scenarios
        results = [self._without_secrets(self.results[scenario.id]) for scenario in judged]
        results += self._forms.results(self.suite)
        results += passive_results(self.world, options.selection, options.profiles)
        return RunRecord(
            suite=self.suite,
            target_name=self.target.name,
            target_url=self.target.shown_url,
            target_words=self.target.words,
            selection=options.selection,
            profiles=options.profiles,
            claims=self.world.claims,
            variables=self._stated(),
            results=tuple(results),
            started=self._started.isoformat(timespec="seconds"),
            duration=perf_counter() - self.world.begun,
            round_trip=self.world.round_trip,
            jobs=options.jobs,
            interrupted=self.interrupted,
            unreachable=self.unreachable,
            note=self.world.secrets.hide(note),
            in_flight=self._attempts.pulse.loss.in_flight if self._attempts.pulse.loss else (),
            retries=retries.summary(
                options.retries, self.scenarios, self.results, options.known, self._bound
            ),
            phases=tuple(self._phases),
            shows_schedule=options.schedule,
            hook_faults={
                name: self.world.secrets.hide(fault)
                for name, fault in sorted(self.world.hook_faults.items())
            },
            observed={
                self.world.secrets.hide(kind): count
                for kind, count in sorted(self.world.observed.counts.items())
            },
            stalls=tuple((end - self.world.begun, long) for end, long in self.world.stalls),
        )

    def _without_secrets(self, result: Result) -> Result:
        """Return a result whose reasons hold no secrets; its failures hold none already."""
        hide = self.world.secrets.hide
        trials = tuple(replace(trial, reason=hide(trial.reason)) for trial in result.trials)
        return replace(result, reason=hide(result.reason), trials=trials)

    def _stated(self) -> dict[str, object]:
        known = self.world.variables
        return {name: known[name] for name in self.suite.parameters if name in known}

    def in_progress(self) -> list[tuple[str, float]]:
        """Return the ids of the scenarios in progress and for how many seconds, longest first."""
        now = perf_counter()
        return [(row.scenario, now - row.begun) for row in self._attempts.pulse.flying()]

    # ── phases ──

    async def _in_time(self) -> None:
        """Run everything, or as much as time allows."""
        waits = [
            self._attempts.wait_of(row)
            for row in self.scenarios
            if self._attempts.obstacle(row) is None and not self._needs(row).spares_wait
        ]
        scale = self.options.timeout_scale
        starts, since, trip = 0.0, self.world.begun, self.world.round_trip
        if self.suite.role == "client":
            starts, since = len(waits) / self.options.jobs, perf_counter()
        seconds = limit(max(waits, default=0.0), scale, trip, starts, self.world.start)
        if self.suite.role == "client" and self.target.command is None:
            seconds = inf  # a person starts each client
        bound = TimeLimit(self.world, seconds, since)
        self._end = bound.end
        try:
            if not await bound.keep(self._all()):
                self._attempts.note = self._attempts.note or (
                    f"the run took longer than {seconds:.0f} s, three times its longest wait plus "
                    f"{SPARE:g} s; use --timeout-scale to give a slow target more time"
                )
        finally:
            self.world.silences.stop()

    async def _all(self) -> None:
        await check_needed(self.world, self._attempts, self.scenarios)
        turns: dict[str, list[Scenario]] = {SHARED: [], BESIDE: [], EXCLUSIVE: [], LAST: []}
        for scenario in self.scenarios:
            turns[self._turn(scenario)].append(scenario)
        beside = deque(turns[BESIDE])
        self._can_put_off = True
        with self._phase(SHARED):
            in_order = sorted(turns[SHARED], key=self._urgency, reverse=True)
            await in_parallel(in_order, beside, self._beside_others, self.options.jobs)
        with self._phase(FORMS):
            await self._in_forms()
        with self._phase(EXCLUSIVE):
            await self._alone([*beside, *turns[EXCLUSIVE]])
            self._can_put_off = False
            await self._alone(self._put_off)
        with self._phase(RETRIES):
            await self._retries()
            await self.world.silences.settle()
        with self._phase(LAST):
            await self._alone(turns[LAST])
            await self.world.silences.settle()

    def _turn(self, scenario: Scenario) -> str:
        """Return when a scenario runs."""
        return turn(scenario.isolation, self._needs(scenario))

    def _needs(self, scenario: Scenario) -> Needs:
        waits = self._attempts.wait_of(scenario)
        return Needs.of(scenario, waits, can_move_clock=ADVANCE in self.world.target.hooks)

    def _urgency(self, scenario: Scenario) -> tuple[bool, float, int]:
        return urgency(scenario, self._attempts.wait_of(scenario))

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        begun = perf_counter()
        self._ran, self.phase = set(), name
        try:
            yield
        finally:
            self._phases.append(Phase(name, perf_counter() - begun, len(self._ran)))

    async def _in_forms(self) -> None:
        """Play what passed again, in forms that must make no difference."""
        options = self.options
        forms = {
            name: form
            for name, form in self.suite.forms.items()
            if not is_excluded(options.selection, form.id, form.requirements)
        }
        scenarios = [row for row in self.scenarios if self._is_right(row.id)]
        if not self.scenarios:
            scenarios = list(self.suite.scenarios.values())
        if options.forms is None:
            plays = drawn(scenarios, forms, options.seed)
        else:
            plays = each(scenarios, [forms[name] for name in options.forms if name in forms])
        await self._forms.play(plays, options.jobs)

    def _is_right(self, name: str) -> bool:
        result = self.results.get(name)
        return result is not None and result.outcome is Outcome.PASSED

    async def _alone(self, scenarios: Iterable[Scenario]) -> None:
        self.world.moves_clock = ADVANCE in self.world.target.hooks
        self.world.silences.briefly = True
        for scenario in scenarios:
            await self.world.silences.settle()
            await self._one(scenario, alone=True)

    async def _beside_others(self, scenario: Scenario) -> None:
        await self._one(scenario, alone=False)

    async def _one(self, scenario: Scenario, *, alone: bool) -> None:
        obstacle = self._attempts.obstacle(scenario)
        if obstacle is not None:
            self._found(obstacle)
            return
        self._ran.add(scenario.id)
        result = await self._attempts.judged(scenario)
        turned_away = scenario.id in self._attempts.turned_away
        undecided = result.outcome is Outcome.INCONCLUSIVE and self._turn(scenario) == BESIDE
        can_wait = self._can_put_off and scenario not in self._put_off
        too_slow = scenario.id in self._attempts.too_slow and can_wait
        if too_slow or (not alone and (turned_away or undecided)):
            self._put_off.append(scenario)  # retried when nothing else is connected
            return
        self._found(await self._looked_into(scenario, result))

    async def _looked_into(self, scenario: Scenario, result: Result) -> Result:
        """Return a first result, unless there was no room for it or a hook is to blame."""
        if scenario.id in self._attempts.turned_away:
            result = await self._room.judged(scenario, result)
        if result.outcome is Outcome.FAILED:
            fault = await check_after_failure(self.world, self._attempts, scenario)
            if fault:
                return result_of(scenario, Outcome.INCONCLUSIVE, fault, "hook failed")
        return result

    def _found(self, result: Result) -> None:
        self.results[result.id] = result
        self.progress(result)
        most = self.options.max_failures
        if most is not None and self._failed() >= most and not self._attempts.note:
            self._attempts.note = f"the run ended early, after {most} failed (--max-failures)"
            self._end()

    def _failed(self) -> int:
        rows = self.results.values()
        return sum(
            row.outcome is Outcome.FAILED and row.id not in self.options.known for row in rows
        )

    # ── retries ──

    async def _retries(self) -> None:
        """Rerun what failed and what was not decided, all of it once before any a second time."""
        due = retries.due(self.scenarios, self.results, self.options.known)
        seconds = retries.SECONDS * self.options.timeout_scale
        end = perf_counter() + seconds
        for _ in range(self.options.retries):
            for scenario in due:
                if self._attempts.lost:
                    return
                if perf_counter() > end:
                    self._bound = f"none starts after {seconds:g} s of reruns"
                    return
                await self._again(scenario)

    async def _again(self, scenario: Scenario) -> None:
        """Rerun a scenario alone, unless that can tell nothing new."""
        earlier = self.results[scenario.id]
        if retries.is_settled(earlier):
            return
        self.world.moves_clock = (
            ADVANCE in self.world.target.hooks and self._turn(scenario) != SHARED
        )
        self._ran.add(scenario.id)
        await self.world.silences.settle()
        result = await self._attempts.judged(scenario)
        if earlier.outcome is Outcome.INCONCLUSIVE:
            result = await self._looked_into(scenario, result)
        self._found(retries.merged(earlier, result))


@asynccontextmanager
async def _stall_watch(world: World) -> AsyncIterator[None]:
    """Watch for stalls of the kit in the meantime."""
    task = asyncio.create_task(world.watch_stalls())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
