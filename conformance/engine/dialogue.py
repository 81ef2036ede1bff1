"""One run of one scenario: its connections, its variables and its marks in time."""

import asyncio
import math
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from secrets import token_hex
from time import perf_counter
from typing import Any, Final

import msgspec

from conformance.engine.barriers import Barriers
from conformance.engine.refusal import unforeseen
from conformance.engine.silence import Missing
from conformance.engine.witness import Witness
from conformance.engine.world import World
from conformance.errors import InputError, did_you_mean
from conformance.json_text import encode
from conformance.loader import expressions
from conformance.loader.form import PLAIN, Form
from conformance.model import Scenario
from conformance.target.hooks import ADVANCE, RESTART, HookFailed
from conformance.transport import (
    NO_CLOSE_FRAME,
    Connection,
    Handshake,
    connect,
)

PACED: Final = "paced"


class Span(msgspec.Struct, frozen=True):
    """When a step began and when it was complete."""

    start: float
    end: float


class NotGiven(Exception):
    """A variable is not set because the target did not send its value."""


class Dialogue:
    """The state of one run of one scenario."""

    def __init__(
        self, world: World, name: str, scenario: Scenario | None = None, form: Form = PLAIN
    ) -> None:
        self.world = world
        self.form = form
        self.name = name
        self.crowds = scenario is not None and scenario.crowds
        self.requirements = frozenset(scenario.requirements if scenario is not None else ())
        self.unreachable = False
        self.is_set_up = False
        self.performed = 0
        self.token = f"k{token_hex(6)}{form.words}"
        self.connections: dict[str, Connection] = {}
        self.variables: dict[str, Any] = {"run": self.token, "marker": f"probe.{self.token}"}
        self.of_connection: dict[str, dict[str, Any]] = {}
        self.spans: dict[str, Span] = {}
        self.waits: list[tuple[float, float]] = []
        self._advanced_before: dict[Connection, float] = {}
        self.waited_for: dict[str, float] = {}
        self.not_given: set[str] = set()
        self.barriers = Barriers(world.suite.barrier, self._barrier)
        refusal = unforeseen(scenario, world)
        self.witness = Witness(world, name, self.token, self.barriers, refusal)
        self._scenario = scenario
        self.step_begun = 0.0
        self._unique = 0
        self._listened_to: Connection | None = None
        self._functions: dict[str, expressions.Function] = {
            **world.suite.functions,
            "unique": self.unique,
            "affordable": world.pace.affordable,
            "pacing": world.pace.duration,
        }

    def unique(self) -> str:
        """A text that occurs nowhere else in this run."""
        self._unique += 1
        return f"{self.token}.{self._unique}"

    @cached_property
    def may_send_barriers(self) -> bool:
        """Whether the kit's own messages change nothing that the scenario counts on."""
        scenario = self._scenario
        if scenario is None:
            return True
        used = expressions.variables_of((*scenario.setup, *scenario.steps))
        counts = self.world.suite.barrier.counted & used
        return not scenario.quiet and scenario.isolation != PACED and not counts

    def _barrier(self, raw: Any, token: str) -> Any:
        return self.resolve(raw, "c", {"barrier": token})

    def note_wait(self, name: str, seconds: float) -> None:
        """Note a wait that is due to the target's windows, not its answers."""
        self.waited_for[name] = self.waited_for.get(name, 0.0) + seconds

    # ── variables ──

    def resolve(self, value: Any, on: str, scope: Mapping[str, Any]) -> Any:
        """Return the value with its variables and functions replaced."""
        return expressions.resolve(
            value, lambda name: self._lookup(name, on, scope), self._functions
        )

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
            raise NotGiven(f"the target did not send {member or name}, which this step needs")
        known = [key for place in places for key in place]
        raise InputError(f"the variable ${name} is not set{did_you_mean(name, known)}")

    # ── connections ──

    async def connect(self, name: str, answers_close: bool, **options: Any) -> Connection:
        """Open a connection under a name that is unused or whose connection has ended."""
        if self.form.compression:
            options.setdefault("compression", {})
        handshake = Handshake(
            url=self.world.target.url,
            headers=self.world.target.headers,
            tls=self.world.target.tls_context(),
            max_message=self.world.max_message,
            timeout=self.world.connect_timeout,
            **options,
        )
        advanced = self.world.advanced
        connection = await connect(name, handshake, self.witness, answers_close)
        self._keep(name, connection, advanced)
        return connection

    def _keep(self, name: str, connection: Connection, advanced: float) -> None:
        """Keep a connection under a name, opened when the clock had been moved so far."""
        self._advanced_before[connection] = advanced
        earlier = self.connections.get(name)
        if earlier is not None:
            self.connections[f"{name}#{len(self.connections)}"] = earlier
        self.connections[name] = connection
        self.of_connection[name] = {}

    def opened_at(self, connection: Connection) -> float:
        """Return when a connection was opened, by the world's clock."""
        return connection.opened + self._advanced_before[connection]

    def connection(self, name: str) -> Connection:
        """Return the connection of that name."""
        if name not in self.connections:
            hint = did_you_mean(name, self.connections)
            raise InputError(f'there is no connection "{name}"{hint}')
        return self.connections[name]

    async def finish(self) -> None:
        """Close every connection that is still open, except one that is still listened to."""
        connections = [c for c in self.connections.values() if c is not self._listened_to]
        for connection in connections:
            connection.take_leave()
        end = perf_counter() + self._patience
        for connection in connections:
            await connection.finish(max(0.0, end - perf_counter()))

    def listen(self, missing: Missing) -> None:
        """Keep listening for an answer that did not come, if the world is interested."""
        task = self.world.silences.listen(missing)
        if task is not None:
            self._listened_to = missing.connection
            task.add_done_callback(lambda _: missing.connection.leave())

    # ── a target that may be lost ──

    @property
    def held_up(self) -> float:
        """Seconds for which the kit was held up while the target had shortened waits: none here."""
        return 0.0

    @property
    def in_doubt(self) -> bool:
        """Whether the target may have died: it hung up, or nothing has been heard from it since.

        That is, since a message that has no answer yet, or since the latest step began.
        """
        connections = self.connections.values()
        if self.unreachable:
            return True
        hung_up = any(c.end is not None and c.end.code == NO_CLOSE_FRAME for c in connections)
        silent = any(c.silent for c in connections)
        unanswered = self.unanswered_since
        since = max(self.step_begun, unanswered if unanswered < math.inf else 0.0)
        return hung_up or silent or self.world.last_heard < since

    @property
    def unanswered_since(self) -> float:
        """When the oldest wait for an answer that is due began; infinite if there is none.

        A connection on which nothing has come waits for its greeting from the start.
        """
        connections = self.connections.values()
        silent = (c.last_sent for c in connections if c.silent)
        greeted = (c.opened for c in connections if c not in self.witness.heard and not c.refused)
        return min(self.asked_since, *silent, *greeted, math.inf)

    @property
    def asked_since(self) -> float:
        """When the first message that still has no answer was sent; infinite if there is none."""
        asked = (c.last_sent for c in self.connections.values() if c.awaits_answer)
        return min(asked, default=math.inf)

    def note_silence(self) -> None:
        """Have the monitors judge that a message of this dialogue was never answered."""
        if (since := self.asked_since) < math.inf:
            self.witness.never_answered(perf_counter() - since)

    @property
    def _patience(self) -> float:
        """Seconds to wait for what a target answers at once."""
        return 0.5 + 4 * self.world.round_trip

    # ── hooks ──

    async def call_hook(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call a hook of the target and return its result."""
        self.witness.noted("hook", f"{name} {encode(dict(arguments))}")
        if name not in self.world.target.hooks:
            raise HookFailed(self.world.without_hook(name))
        for monitor in self.world.monitors if name == RESTART else ():
            monitor.restarting()
        begun = perf_counter()
        try:
            result = await self.world.target.hooks[name].call(arguments)
        except HookFailed as error:
            self.world.hook_errors[name] = str(error)
            if error.lasting:
                self.world.give_up_hook(name, str(error))
            raise
        finally:
            self.world.in_hooks += perf_counter() - begun
        self.world.secrets.learn(result, str(result))
        self.witness.given(result)
        return result

    async def advance_clock(self, seconds: float) -> None:
        """Move the target's clock, and with it the kit's notion of time.

        The kit's own moves first: the effects of the jump may arrive before the hook's answer.
        """
        self.world.advanced += seconds
        for monitor in self.world.monitors:
            monitor.clock_moved(seconds)
        try:
            await self.call_hook(ADVANCE, {"seconds": seconds})
        except HookFailed:
            self.world.advanced -= seconds
            raise

    # ── others ──

    async def is_disturbed(self) -> bool:
        """Return whether others have caused events, after waiting for those in transit."""

        async def catch_up(connection: Connection) -> None:
            if connection.open and connection.end is None:
                connection.ping(b"caught up")
                with suppress(TimeoutError):
                    await connection.receive_pong(b"caught up", self._patience)

        await asyncio.gather(*map(catch_up, self.connections.values()))
        return self.witness.disturbed
