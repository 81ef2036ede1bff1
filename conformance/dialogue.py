"""One run of one scenario: its connections, variables, marks in time and transcript."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from secrets import token_hex
from time import perf_counter
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance import values
from conformance.checks import cut, matches
from conformance.hooks import ADVANCE, HookFailed
from conformance.model import Failure, Procedure, Scenario
from conformance.monitors import Monitor, Violation
from conformance.pace import Pace
from conformance.problems import InputError, did_you_mean
from conformance.suite import Suite
from conformance.target import Target
from conformance.transcript import Secrets, Transcript
from conformance.transport import Connection, End, Handshake, Message, Watcher, connect
from conformance.transport.handshake import MAX_MESSAGE

TICK: Final = 0.05
WRAPPING: Final = 64 * 1024
MOST: Final = 16 * 1024 * 1024


class Span(msgspec.Struct, frozen=True):
    """When a step began and when it was complete."""

    start: float
    end: float


@dataclass
class World:
    """What all dialogues of a run share."""

    suite: Suite
    target: Target
    monitors: Sequence[Monitor]
    secrets: Secrets
    by_kind: dict[str, list[Monitor]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    claims: frozenset[str] = frozenset()
    advanced: float = 0.0
    moves_clock: bool = False
    round_trip: float = 0.0
    stalls: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=200))
    last_tick: float = field(default_factory=perf_counter)
    timeout_scale: float = 1.0
    begun: float = field(default_factory=perf_counter)
    hook_errors: dict[str, str] = field(default_factory=dict)
    hook_faults: dict[str, str] = field(default_factory=dict)

    def give_up_hook(self, name: str, reason: str) -> None:
        """Goes on as if the target had no hook of that name, for a reason that is told."""
        self.hook_faults[name] = reason
        hooks = {other: hook for other, hook in self.target.hooks.items() if other != name}
        self.target = replace(self.target, hooks=hooks)

    def without_hook(self, name: str) -> str:
        """Why a hook cannot be used."""
        return self.hook_faults.get(
            name, f"it needs the hook {name}, which a target file can name (hooks: …)"
        )

    def procedure(self, name: str) -> Procedure:
        """The procedure of that name; of several variants, the one for what the target claims."""
        forms = self.suite.variants.get(name)
        if forms is None:
            return self.suite.procedures[name]
        for form in forms:
            if form.claim in self.claims:
                return self.suite.procedures[form.procedure]
        wanted = " or ".join(form.claim for form in forms)
        raise HookFailed(f"the target claims no way that the kit knows to {name}: {wanted}")

    @cached_property
    def timing_monitors(self) -> list[Monitor]:
        """The monitors that judge how long answers take."""
        return [m for m in self.monitors if type(m).answered is not Monitor.answered]

    def monitors_of(self, kind: str) -> list[Monitor]:
        """The monitors that judge messages of a kind."""
        found = self.by_kind.get(kind)
        if found is None:
            found = [m for m in self.monitors if m.sees(kind)]
            self.by_kind[kind] = found
        return found

    @property
    def pace(self) -> Pace:
        """How fast an identity may send: unbounded where the target states no rate."""
        rate = self.suite.rate
        stated = [self.variables.get(name) for name in (rate.messages, rate.seconds)]
        numbers = [value for value in stated if isinstance(value, int | float)]
        return Pace(*numbers) if len(numbers) == len(stated) else Pace()

    @property
    def max_message(self) -> int:
        """Bytes of the longest message that is taken: what the target takes, and a wrapping."""
        stated = (self.variables.get(name) for name in self.suite.message_limits)
        limits = [int(limit) + WRAPPING for limit in stated if isinstance(limit, int | float)]
        return min(max([MAX_MESSAGE, *limits]), MOST)

    def now(self) -> float:
        """The time in seconds, by a clock that is moved when the target's is."""
        return perf_counter() + self.advanced

    @property
    def timeout(self) -> float:
        """Seconds to wait for an answer: ample, and more on a slow line."""
        return self._on_this_line(5.0)

    @property
    def connect_timeout(self) -> float:
        """Seconds to wait for the answer to a handshake."""
        return self._on_this_line(self.target.connect_timeout)

    def _on_this_line(self, seconds: float) -> float:
        return (seconds + 20.0 * self.round_trip) * self.timeout_scale

    @property
    def slack(self) -> float:
        """Seconds by which a time that the kit measures may be off, when it was not held up."""
        return 0.25 + 4.0 * self.round_trip

    def held_up(self, since: float) -> float:
        """Seconds for which the kit itself was held up since a moment, the present one included."""
        late = perf_counter() - self.last_tick - TICK
        stalls = takewhile(lambda stall: stall[0] >= since, reversed(self.stalls))
        return sum(length for _, length in stalls) + (late if late > TICK else 0.0)

    async def watch_stalls(self) -> None:
        """Notes, until it is cancelled, when the kit was held up: nobody else's fault."""
        while True:
            self.last_tick = perf_counter()
            await asyncio.sleep(TICK)
            late = perf_counter() - self.last_tick - TICK
            if late > TICK:
                self.stalls.append((perf_counter(), late))


class NotGiven(Exception):
    """A variable is not set because the target did not send what it is made of."""


class Dialogue(Watcher):
    """The state of one run of one scenario."""

    def __init__(self, world: World, name: str, scenario: Scenario | None = None) -> None:
        self.world = world
        self.name = name
        self.crowds = scenario is not None and scenario.crowds
        self.refused = False
        self._disturbed = False
        self._refusal = self._foreseen_by_none(scenario)
        self.token = f"k{token_hex(6)}"
        self.connections: dict[str, Connection] = {}
        self.variables: dict[str, Any] = {"run": self.token, "marker": f"probe.{self.token}"}
        self.of_connection: dict[str, dict[str, Any]] = {}
        self.spans: dict[str, Span] = {}
        self.ended_at: dict[Connection, float] = {}
        self.transcript = Transcript(world.secrets)
        self.started = perf_counter()
        self.waited_for: dict[str, float] = {}
        self.not_given: set[str] = set()
        self.barriers: set[str] = set()
        self.last_sent = ""
        self.quickest_answer = 0.0
        self._unique = 0
        self._functions: dict[str, values.Function] = {
            **world.suite.functions,
            "unique": self.unique,
            "affordable": world.pace.affordable,
            "pacing": world.pace.duration,
        }

    def unique(self) -> str:
        """A text that nothing else in this run contains."""
        self._unique += 1
        return f"{self.token}.{self._unique}"

    def _foreseen_by_none(self, scenario: Scenario | None) -> Any:
        """What refuses a message for the target's rate, where the scenario is not about that."""
        rate = self.world.suite.rate
        stated = rate.messages in self.world.variables
        about_it = scenario is None or rate.messages in scenario.needs
        return rate.refusal if stated and not about_it else None

    def note_wait(self, name: str, seconds: float) -> None:
        """Notes that the target's windows, not its answers, make this take so long."""
        self.waited_for[name] = self.waited_for.get(name, 0.0) + seconds

    # ── variables ──

    def resolve(self, value: Any, on: str, scope: Mapping[str, Any]) -> Any:
        """The value with its variables and functions replaced."""
        return values.resolve(value, lambda name: self._lookup(name, on, scope), self._functions)

    def _lookup(self, name: str, on: str, scope: Mapping[str, Any]) -> Any:
        connection, dot, member = name.partition(".")
        places = (
            [self.of_connection.get(connection, {})]
            if dot
            else [scope, self.of_connection.get(on, {}), self.variables, self.world.variables]
        )
        for place in places:
            if (member or name) in place:
                return place[member or name]
        if (member or name) in self.not_given:
            raise NotGiven(f"the target did not give the {member or name} that is needed here")
        known = [key for place in places for key in place]
        raise InputError(f"the variable ${name} is not set{did_you_mean(name, known)}")

    # ── connections ──

    async def connect(self, name: str, answers_close: bool, **options: Any) -> Connection:
        """Opens a connection under a name that the scenario has not used, or has ended."""
        handshake = Handshake(
            url=self.world.target.url,
            headers=self.world.target.headers,
            tls=self.world.target.tls_context(),
            max_message=self.world.max_message,
            timeout=self.world.connect_timeout,
            **options,
        )
        connection = await connect(name, handshake, self, answers_close)
        earlier = self.connections.get(name)
        if earlier is not None:
            self.connections[f"{name}#{len(self.connections)}"] = earlier
        self.connections[name] = connection
        self.of_connection[name] = {}
        return connection

    def connection(self, name: str) -> Connection:
        """The connection of that name."""
        if name not in self.connections:
            hint = did_you_mean(name, self.connections)
            raise InputError(f'there is no connection "{name}"{hint}')
        return self.connections[name]

    async def finish(self) -> None:
        """Closes every connection that is still open."""
        for connection in self.connections.values():
            connection.take_leave()
        end = perf_counter() + self._patience
        for connection in self.connections.values():
            await connection.finish(max(0.0, end - perf_counter()))

    @property
    def _patience(self) -> float:
        """Seconds for what a target answers at once."""
        return 0.5 + 4 * self.world.round_trip

    # ── hooks ──

    async def call_hook(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The result of a hook of the target."""
        self.transcript.add(perf_counter() - self.started, "·", "→", f"hook {name} {arguments}")
        if name not in self.world.target.hooks:
            raise HookFailed(self.world.without_hook(name))
        try:
            result = await self.world.target.hooks[name].call(arguments)
        except HookFailed as error:
            self.world.hook_errors[name] = str(error)
            if error.lasting:
                self.world.give_up_hook(name, str(error))
            raise
        self.world.secrets.learn(result, str(result))
        return result

    async def advance_clock(self, seconds: float) -> None:
        """Moves the target's clock, and with it the kit's notion of time.

        The kit's own moves first: what the jump brings about may come before the hook's answer.
        """
        self.world.advanced += seconds
        try:
            await self.call_hook(ADVANCE, {"seconds": seconds})
        except HookFailed:
            self.world.advanced -= seconds
            raise

    # ── what a connection tells ──

    def line(self, connection: Connection, direction: str, text: str) -> None:
        """Adds a line to the transcript."""
        self.transcript.add(perf_counter() - self.started, connection.name, direction, text)
        if direction == "→":
            self.last_sent = text

    def received(self, connection: Connection, message: Message) -> None:
        """Notes a message and hands it to the monitors; learns the secrets in it first."""
        self.world.secrets.learn(message.value, message.text)
        found = [
            (monitor, failure)
            for monitor in self.world.monitors_of(self.world.suite.kind_of(message.value))
            if (failure := monitor.received(connection, message)) is not None
        ]
        own = self.owns(message)
        if own and self._refusal is not None and matches(self._refusal, message.value):
            self.refused = True
        if own or any(monitor.keeps_evidence for monitor, _ in found):
            self.line(connection, "←", message.text)
            message.line = self.transcript.count
        else:
            self.transcript.add_other(perf_counter() - self.started, connection.name)
        if not own and not self._is_barrier(message):
            self._disturbed = True
        for monitor, failure in found:
            monitor.note(failure, self._violation)
        if own and connection.awaits_answer:
            connection.awaits_answer = False
            self._answered(connection, message)

    def _answered(self, connection: Connection, message: Message) -> None:
        seconds = message.time - connection.last_sent
        self.quickest_answer = min(self.quickest_answer or seconds, seconds)
        seconds -= self.world.slack + self.world.held_up(connection.last_sent)
        for monitor in self.world.timing_monitors:
            failure = monitor.answered(message, seconds)
            if failure is not None:
                monitor.note(failure, self._violation)

    def owns(self, message: Message) -> bool:
        """Whether a message is this scenario's own, not another client's traffic."""
        if self.token in message.text:
            return not self._is_barrier(message)
        suite = self.world.suite
        if message.fault:
            return suite.background_text not in message.text
        return not suite.background.is_valid(message.value)

    def _is_barrier(self, message: Message) -> bool:
        return any(barrier in message.text for barrier in self.barriers)

    async def is_disturbed(self) -> bool:
        """Whether others have caused events; those that are on their way are waited for."""

        async def catch_up(connection: Connection) -> None:
            if connection.open and connection.end is None:
                connection.ping(b"caught up")
                with suppress(TimeoutError):
                    await connection.receive_pong(self._patience)

        await asyncio.gather(*map(catch_up, self.connections.values()))
        return self._disturbed

    def ended(self, connection: Connection, end: End) -> None:
        """Notes when a connection ended, and hands its end to the monitors."""
        self.ended_at[connection] = self.world.now()
        for monitor in self.world.monitors:
            failure = monitor.ended(connection, end)
            if failure is not None:
                monitor.note(failure, self._violation)

    def _violation(self, failure: Failure) -> Violation:
        return Violation(replace(self.shown(failure), sent=""), self.name, self.transcript.lines)

    def shown(self, failure: Failure) -> Failure:
        """The failure with its place in the transcript, without secrets, then cut."""

        def safe(text: str) -> str:
            return cut(self.world.secrets.hide(text))

        return replace(
            failure,
            summary=safe(failure.summary),
            sent=safe(failure.sent or self.last_sent),
            expected=safe(failure.expected),
            received=safe(failure.received),
            transcript_line=failure.transcript_line or self.transcript.count,
        )
