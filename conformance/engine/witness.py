"""The witness of a dialogue: sees what crosses its connections and has it recorded and judged.

A message passes one line of stations, in this order: its secrets are learnt, the passive checks see
it, it is recognised as a barrier's answer, as the scenario's own or as other clients' traffic, it
is entered into the transcript, and only then are violations noted and answers timed.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any, Final

from msgspec.structs import replace

from conformance.engine.barriers import Barriers
from conformance.engine.matching import matches
from conformance.engine.refusal import Refusal
from conformance.engine.world import World
from conformance.json_text import NotJSON, decode, encode
from conformance.loader.monitor import Monitor, Violation
from conformance.model import NOTHING, Direction, Evidence, Failure, Kind
from conformance.record.evidence import safe
from conformance.record.schedule import DISCOVERY
from conformance.record.transcript import Transcript
from conformance.record.wording import words
from conformance.text.excerpts import MAX_SHOWN, as_value
from conformance.transport import NO_CLOSE_FRAME, Connection, End, Message, Watcher

Finding = tuple[Monitor, Failure]
"""A passive check and what it found wrong."""


MOST_UNSENT: Final = 1024 * 1024
"""Bytes that may wait to be sent before the kit replies to nothing more."""


class Witness(Watcher):
    """Sees all that crosses the connections of the dialogue with this name.

    What contains the `token` is the scenario's own. The `refusal`, if there is one, is not what the
    scenario is about.
    """

    def __init__(
        self, world: World, name: str, token: str, barriers: Barriers, refusal: Refusal | None
    ) -> None:
        self._world = world
        self._name = name
        self._token = token
        self._barriers = barriers
        self._refusal = refusal
        self._last_sent: tuple[Kind, str, int | None] | None = None
        self.started = perf_counter()
        self.transcript = Transcript(world.secrets)
        self.heard: set[Connection] = set()
        self.ended_at: dict[Connection, float] = {}
        self.last_of: dict[Connection, int] = {}
        """The ordinal of a connection's end, or of its handshake while it is open."""
        self.asked: defaultdict[Connection, set[str]] = defaultdict(set)
        """The types of the messages sent, of those that somebody is owed, by connection."""
        self.broken: dict[Connection, set[str]] = {}
        """The requirements that passive checks saw broken by messages, by connection."""
        self.remembered_since = math.inf
        self.refused = False
        self.disturbed = False
        self.quickest_answer = 0.0

    # ── sending ──

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
        """Add an entry to the transcript, and show the monitors what is sent."""
        seconds = perf_counter() - self.started
        self.transcript.add(seconds, connection.name, direction, kind, text, code=code, how=how)
        if direction == "sent":
            if not self._barriers.are_in(text):
                self._last_sent = (kind, text, code)
            if kind == "text":
                self._sent(connection, text)
        elif kind in ("handshake", "end"):
            self.last_of[connection] = self.transcript.count

    def noted(self, kind: Kind, text: str) -> None:
        """Add to the transcript what the kit did off the wire, such as a call of a hook."""
        self.transcript.add(perf_counter() - self.started, "", "noted", kind, text)

    def given(self, result: Any) -> None:
        """Have the monitors judge what a hook gave."""
        self._judge(self._world.monitors, lambda m: m.given(result))

    def _sent(self, connection: Connection, text: str) -> None:
        try:
            value = decode(text)
        except NotJSON:
            return
        kind = value.get("type") if isinstance(value, dict) else None
        if isinstance(kind, str) and kind in self._world.suite.owed:
            self.asked[connection].add(kind)
        if matches(self._world.suite.inconclusive.memory.of, value):
            self.remembered_since = min(self.remembered_since, self._world.now())
        for monitor in self._world.sending_monitors:
            monitor.sent(connection, value, text)

    @property
    def last_sent(self) -> Evidence:
        """The last message sent, as evidence; a barrier only asks what has been answered."""
        if self._last_sent is None:
            return NOTHING
        kind, text, code = self._last_sent
        if kind == "text":
            return as_value(text) if text else Evidence("an empty text message")
        return Evidence(words(kind, text, code))

    # ── receiving ──

    def received(self, connection: Connection, message: Message) -> None:
        """Record a message and have it judged."""
        self._world.last_heard = message.time
        self.heard.add(connection)
        self._world.secrets.learn(message.value, message.text)
        if self._name == DISCOVERY:
            self._world.note_greeting(message)
        self._world.observed.note(message.value)
        monitors = self._world.monitors_of(self._world.suite.kind_of(message.value))
        found = [
            (monitor, failure)
            for monitor in monitors
            if (failure := monitor.received(connection, message)) is not None
        ]
        for rule in self._world.suite.replies:
            if matches(rule.to, message.value) and connection.unsent < MOST_UNSENT:
                connection.send_text(encode(rule.message), asks=False)
        answered = self._barriers.note(connection, message)
        is_asked = any(sent.connection is connection for sent in answered)
        for monitor in self._world.order_monitors if is_asked else ():
            monitor.observed += 1  # the answer shows that answers keep their order
        message.own = not answered and self._is_own(message)
        message.awaited = message.own or bool(answered or message.fault)
        self._note_entry(connection, message, found, is_asked=is_asked)
        self._note_meaning(message, is_barrier=bool(answered))
        for monitor, _ in found:
            self.broken.setdefault(connection, set()).add(monitor.requirement)
        self._note(found)
        if message.own and connection.awaits_answer:
            connection.awaits_answer = False
            self._answered(connection, message)

    def _is_own(self, message: Message) -> bool:
        """Return whether a message is this scenario's own, not another client's traffic."""
        if message.mentions(self._token):
            return True
        suite = self._world.suite
        if message.fault:
            return not suite.background_text or suite.background_text not in message.text
        return not suite.background.is_valid(message.value)

    def _note_entry(
        self, connection: Connection, message: Message, found: Iterable[Finding], *, is_asked: bool
    ) -> None:
        """Enter a message into the transcript, in full if it was asked for or is evidence."""
        if message.own or is_asked or any(monitor.keeps_evidence for monitor, _ in found):
            self.crossed(connection, "received", "text", message.text)
            message.ordinal = self.transcript.count
        else:
            self.transcript.add_other(perf_counter() - self.started, connection.name)

    def _note_meaning(self, message: Message, *, is_barrier: bool) -> None:
        """Note that the target enforces its rate limit, or that other clients are active."""
        if message.own:
            refusal = self._refusal
            self.refused |= refusal is not None and refusal.is_seen_in(message.value)
        elif not (self.disturbed or is_barrier):
            self.disturbed = self._world.suite.disturbing.is_valid(message.value)

    def _answered(self, connection: Connection, message: Message) -> None:
        seconds = message.time - connection.last_sent
        self.quickest_answer = min(self.quickest_answer or seconds, seconds)
        seconds -= self._world.slack + self._world.held_up(connection.last_sent)
        self._judge(self._world.timing_monitors, lambda m: m.answered(message, seconds))

    def requested(self, connection: Connection) -> None:
        """Have the monitors judge the handshake of a client."""
        self._judge(self._world.monitors, lambda m: m.requested(connection))

    def printed(self, line: str) -> None:
        """Have the monitors judge a line that a client printed."""
        self._judge(self._world.monitors, lambda m: m.printed(line))

    def overtaken(self, message: Message) -> None:
        """Have the monitors judge an answer that came after the answer to a later message."""
        self._judge(self._world.order_monitors, lambda m: m.overtaken(message))

    def never_answered(self, seconds: float) -> None:
        """Have the monitors judge that a message was not answered for `seconds`."""
        self._judge(self._world.timing_monitors, lambda m: m.unanswered(seconds))

    def broke(self, connection: Connection, what: str) -> None:
        """Hand a fault in a frame to the monitors."""
        self.crossed(connection, "received", "note", what)
        self._judge(self._world.monitors, lambda m: m.broke(connection, what))

    def too_long(self, connection: Connection, what: str) -> None:
        """Hand a message that the kit does not read to the monitors."""
        self.crossed(connection, "received", "note", what)
        self._judge(self._world.monitors, lambda m: m.too_long(connection, what))

    def ended(self, connection: Connection, end: End) -> None:
        """Note when a connection ended, and hand its end to the monitors."""
        self.ended_at[connection] = self._world.now()
        if end.code != NO_CLOSE_FRAME and not connection.closing:
            self._world.last_heard = end.time
        self._judge(self._world.monitors, lambda m: m.ended(connection, end))

    # ── violations ──

    def _judge(
        self, monitors: Iterable[Monitor], judge: Callable[[Monitor], Failure | None]
    ) -> None:
        self._note((monitor, failure) for monitor in monitors if (failure := judge(monitor)))

    def _note(self, found: Iterable[Finding]) -> None:
        for monitor, failure in found:
            monitor.note(failure, self._violation)

    def _violation(self, failure: Failure) -> Violation:
        seen = replace(self.shown(failure), sent=NOTHING)
        return Violation(seen, self._name, self.transcript.entries)

    def shown(self, failure: Failure) -> Failure:
        """Return the failure with its place in the transcript, without secrets, and cut."""
        secrets = self._world.secrets
        entry = failure.entry or self.transcript.last(failure.connection)
        self.transcript.keep(entry)
        return replace(
            failure,
            summary=secrets.shown(failure.summary, MAX_SHOWN),
            sent=safe(failure.sent or self.last_sent, secrets),
            expected=safe(failure.expected, secrets),
            received=safe(failure.received, secrets),
            item=secrets.shown(failure.item, MAX_SHOWN),
            entry=entry,
        )
