"""One run of one scenario: its connections, variables, marks in time and transcript."""

import asyncio
import math
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from secrets import token_hex
from time import perf_counter
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.engine.barriers import Barriers
from conformance.engine.matching import matches
from conformance.engine.silence import Missing
from conformance.engine.world import World
from conformance.errors import InputError, did_you_mean
from conformance.json_text import NotJSON, decode, encode
from conformance.loader import expressions
from conformance.loader.form import PLAIN, Form
from conformance.loader.monitor import Violation
from conformance.model import NOTHING, Direction, Evidence, Failure, Kind, Scenario
from conformance.record.evidence import LONGEST, safe
from conformance.record.transcript import Transcript
from conformance.record.wording import words
from conformance.target.hooks import ADVANCE, RESTART, HookFailed
from conformance.text.excerpts import MAX_SHOWN
from conformance.transport import (
    NO_CLOSE_FRAME,
    Connection,
    End,
    Handshake,
    Message,
    Watcher,
    connect,
)

PACED: Final = "paced"


class Span(msgspec.Struct, frozen=True):
    """When a step began and when it was complete."""

    start: float
    end: float


class NotGiven(Exception):
    """A variable is not set because the target did not send what it is made of."""


class Dialogue(Watcher):
    """The state of one run of one scenario."""

    def __init__(
        self, world: World, name: str, scenario: Scenario | None = None, form: Form = PLAIN
    ) -> None:
        self.world = world
        self.form = form
        self.name = name
        self.crowds = scenario is not None and scenario.crowds
        self.refused = False
        self.unreachable = False
        self.is_set_up = False
        self.performed = 0
        self._disturbed = False
        self._refusal = self._foreseen_by_none(scenario)
        self.token = f"k{token_hex(6)}{form.words}"
        self.connections: dict[str, Connection] = {}
        self.variables: dict[str, Any] = {"run": self.token, "marker": f"probe.{self.token}"}
        self.of_connection: dict[str, dict[str, Any]] = {}
        self.spans: dict[str, Span] = {}
        self.ended_at: dict[Connection, float] = {}
        self.waits: list[tuple[float, float]] = []
        self.remembered_since = math.inf
        self._advanced_before: dict[Connection, float] = {}
        self.transcript = Transcript(world.secrets)
        self.started = perf_counter()
        self.waited_for: dict[str, float] = {}
        self.not_given: set[str] = set()
        self.barriers = Barriers(world.suite.barrier, self._barrier)
        self._scenario = scenario
        self._last_sent: tuple[Kind, str, int | None] | None = None
        self.last_of: dict[Connection, int] = {}
        self.quickest_answer = 0.0
        self.step_begun = 0.0
        self._unique = 0
        self._listened_to: Connection | None = None
        self._heard: set[Connection] = set()
        self._functions: dict[str, expressions.Function] = {
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

    @cached_property
    def may_send_barriers(self) -> bool:
        """Whether messages of the kit's own change nothing that the scenario counts on."""
        scenario = self._scenario
        if scenario is None:
            return True
        used = expressions.variables_of((*scenario.setup, *scenario.steps))
        counts = self.world.suite.barrier.counted & used
        return not scenario.quiet and scenario.isolation != PACED and not counts

    def _barrier(self, raw: Any, token: str) -> Any:
        return self.resolve(raw, "c", {"barrier": token})

    def note_wait(self, name: str, seconds: float) -> None:
        """Notes that the target's windows, not its answers, make this take so long."""
        self.waited_for[name] = self.waited_for.get(name, 0.0) + seconds

    # ── variables ──

    def resolve(self, value: Any, on: str, scope: Mapping[str, Any]) -> Any:
        """The value with its variables and functions replaced."""
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
            raise NotGiven(f"the target did not give the {member or name} that is needed here")
        known = [key for place in places for key in place]
        raise InputError(f"the variable ${name} is not set{did_you_mean(name, known)}")

    # ── connections ──

    async def connect(self, name: str, answers_close: bool, **options: Any) -> Connection:
        """Opens a connection under a name that the scenario has not used, or has ended."""
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
        connection = await connect(name, handshake, self, answers_close)
        self._advanced_before[connection] = advanced
        earlier = self.connections.get(name)
        if earlier is not None:
            self.connections[f"{name}#{len(self.connections)}"] = earlier
        self.connections[name] = connection
        self.of_connection[name] = {}
        return connection

    def opened_at(self, connection: Connection) -> float:
        """When a connection was opened, by the world's clock."""
        return connection.opened + self._advanced_before[connection]

    def connection(self, name: str) -> Connection:
        """The connection of that name."""
        if name not in self.connections:
            hint = did_you_mean(name, self.connections)
            raise InputError(f'there is no connection "{name}"{hint}')
        return self.connections[name]

    async def finish(self) -> None:
        """Closes every connection that is still open, but one that is still listened to."""
        connections = [c for c in self.connections.values() if c is not self._listened_to]
        for connection in connections:
            connection.take_leave()
        end = perf_counter() + self._patience
        for connection in connections:
            await connection.finish(max(0.0, end - perf_counter()))

    def listen(self, missing: Missing) -> None:
        """Goes on listening for an answer that did not come, where the world is interested."""
        task = self.world.silences.listen(missing)
        if task is not None:
            self._listened_to = missing.connection
            task.add_done_callback(lambda _: missing.connection.leave())

    # ── a target that may be lost ──

    @property
    def in_doubt(self) -> bool:
        """Whether the target may have died: it hung up, or nobody has heard of it since.

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
        """Since when something has no answer that is due; infinite where everything has.

        A connection on which nothing has come waits for its greeting from the start.
        """
        connections = self.connections.values()
        silent = (c.last_sent for c in connections if c.silent)
        greeted = (c.opened for c in connections if c not in self._heard and not c.refused)
        return min(self.asked_since, *silent, *greeted, math.inf)

    @property
    def asked_since(self) -> float:
        """When the first message was sent that still has no answer; infinite without one."""
        asked = (c.last_sent for c in self.connections.values() if c.awaits_answer)
        return min(asked, default=math.inf)

    def note_silence(self) -> None:
        """Has the monitors judge that a message of this dialogue was never answered."""
        since = self.asked_since
        for monitor in self.world.timing_monitors if since < math.inf else ():
            failure = monitor.unanswered(perf_counter() - since)
            if failure is not None:
                monitor.note(failure, self._violation)

    @property
    def _patience(self) -> float:
        """Seconds for what a target answers at once."""
        return 0.5 + 4 * self.world.round_trip

    # ── hooks ──

    async def call_hook(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The result of a hook of the target."""
        seconds = perf_counter() - self.started
        self.transcript.add(seconds, "", "noted", "hook", f"{name} {encode(dict(arguments))}")
        if name not in self.world.target.hooks:
            raise HookFailed(self.world.without_hook(name))
        for monitor in self.world.monitors if name == RESTART else ():
            monitor.restarting()
        try:
            result = await self.world.target.hooks[name].call(arguments)
        except HookFailed as error:
            self.world.hook_errors[name] = str(error)
            if error.lasting:
                self.world.give_up_hook(name, str(error))
            raise
        self.world.secrets.learn(result, str(result))
        for monitor in self.world.monitors:
            monitor.given(result)
        return result

    async def advance_clock(self, seconds: float) -> None:
        """Moves the target's clock, and with it the kit's notion of time.

        The kit's own moves first: what the jump brings about may come before the hook's answer.
        """
        self.world.advanced += seconds
        for monitor in self.world.monitors:
            monitor.clock_moved(seconds)
        try:
            await self.call_hook(ADVANCE, {"seconds": seconds})
        except HookFailed:
            self.world.advanced -= seconds
            raise

    # ── what a connection tells ──

    def crossed(
        self,
        connection: Connection,
        direction: Direction,
        kind: Kind,
        text: str = "",
        *,
        code: int | None = None,
        how: str = "",
    ) -> None:
        """Adds an entry to the transcript, and has the monitors see what is sent."""
        seconds = perf_counter() - self.started
        self.transcript.add(seconds, connection.name, direction, kind, text, code=code, how=how)
        if direction == "sent":
            self._last_sent = (kind, text, code)
            if kind == "text":
                self._sent(connection, text)
        elif kind in ("handshake", "end"):
            self.last_of[connection] = self.transcript.count

    @property
    def last_sent(self) -> Evidence:
        """What was sent last."""
        if self._last_sent is None:
            return NOTHING
        kind, text, code = self._last_sent
        with suppress(NotJSON):
            if kind == "text" and len(text) <= LONGEST:
                return Evidence(value=decode(text))
        return Evidence(words(kind, text, code))

    def _sent(self, connection: Connection, text: str) -> None:
        try:
            value = decode(text)
        except NotJSON:  # or no message at all
            return
        if matches(self.world.suite.memory.of, value):
            self.remembered_since = min(self.remembered_since, self.world.now())
        for monitor in self.world.sending_monitors:
            monitor.sent(connection, value, text)

    def received(self, connection: Connection, message: Message) -> None:
        """Notes a message and hands it to the monitors; learns the secrets in it first."""
        self.world.last_heard = message.time
        self._heard.add(connection)
        self.world.secrets.learn(message.value, message.text)
        found = [
            (monitor, failure)
            for monitor in self.world.monitors_of(self.world.suite.kind_of(message.value))
            if (failure := monitor.received(connection, message)) is not None
        ]
        self._note_barrier(connection, message)
        own = self.owns(message)
        if own and self._refusal is not None and matches(self._refusal, message.value):
            self.refused = True
        if own or any(monitor.keeps_evidence for monitor, _ in found):
            self.crossed(connection, "received", "text", message.text)
            message.ordinal = self.transcript.count
        else:
            self.transcript.add_other(perf_counter() - self.started, connection.name)
        if not own and self.world.suite.disturbing.is_valid(message.value):
            self._disturbed = self._disturbed or not self.barriers.is_one(message)
        for monitor, failure in found:
            monitor.note(failure, self._violation)
        if own and connection.awaits_answer:
            connection.awaits_answer = False
            self._answered(connection, message)

    def _note_barrier(self, connection: Connection, message: Message) -> None:
        if self.barriers.note(connection, message):
            for monitor in self.world.order_monitors:
                monitor.observed += 1

    def overtaken(self, message: Message) -> None:
        """Has the monitors judge an answer that came after that to a later message."""
        for monitor in self.world.order_monitors:
            failure = monitor.overtaken(message)
            if failure is not None:
                monitor.note(failure, self._violation)

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
        if self.barriers.is_one(message):
            return False
        if message.mentions(self.token):
            return True
        suite = self.world.suite
        if message.fault:
            return suite.background_text not in message.text
        return not suite.background.is_valid(message.value)

    async def is_disturbed(self) -> bool:
        """Whether others have caused events; those that are on their way are waited for."""

        async def catch_up(connection: Connection) -> None:
            if connection.open and connection.end is None:
                connection.ping(b"caught up")
                with suppress(TimeoutError):
                    await connection.receive_pong(b"caught up", self._patience)

        await asyncio.gather(*map(catch_up, self.connections.values()))
        return self._disturbed

    def broke(self, connection: Connection, what: str) -> None:
        """Hands what is wrong with a frame to the monitors."""
        self.crossed(connection, "received", "note", what)
        for monitor in self.world.monitors:
            failure = monitor.broke(connection, what)
            if failure is not None:
                monitor.note(failure, self._violation)

    def ended(self, connection: Connection, end: End) -> None:
        """Notes when a connection ended, and hands its end to the monitors."""
        self.ended_at[connection] = self.world.now()
        if end.code != NO_CLOSE_FRAME and not connection.closing:
            self.world.last_heard = end.time
        for monitor in self.world.monitors:
            failure = monitor.ended(connection, end)
            if failure is not None:
                monitor.note(failure, self._violation)

    def _violation(self, failure: Failure) -> Violation:
        return Violation(
            replace(self.shown(failure), sent=NOTHING), self.name, self.transcript.entries
        )

    def shown(self, failure: Failure) -> Failure:
        """The failure with its place in the transcript, without secrets, then cut."""
        secrets = self.world.secrets
        entry = failure.entry or self.transcript.count
        self.transcript.keep(entry)
        return replace(
            failure,
            summary=secrets.shown(failure.summary, MAX_SHOWN),
            sent=safe(failure.sent or self.last_sent, secrets),
            expected=safe(failure.expected, secrets),
            received=safe(failure.received, secrets),
            entry=entry,
        )
