"""Steps that judge what is received."""

from time import perf_counter
from typing import Any, NoReturn

from conformance.engine.inconclusive import NotJudged, TooSlow
from conformance.engine.matching import difference, matches
from conformance.engine.silence import PATIENCE, Missing
from conformance.engine.steps import excuses
from conformance.engine.steps.action import GRACE, Action, StepFailed
from conformance.engine.steps.barrier import QUIET, SURE, Probe
from conformance.engine.steps.judging import (
    Subject,
    differs,
    judge_schema,
    like,
    save,
    schema_faults,
)
from conformance.engine.steps.sending import ping_payload
from conformance.engine.world import TICK
from conformance.json_text import encode, equal, found_at
from conformance.model import Evidence
from conformance.text.excerpts import shown
from conformance.transport import End, Message


async def expect_pong(action: Action) -> None:
    """Fail unless a pong with this payload comes; others are unsolicited (RFC 6455, 5.5.3)."""
    payload = ping_payload(action.argument)
    expected = Evidence(f"a pong frame with payload {_hex(payload)}")
    try:
        end = await action.connection.receive_pong(payload, action.timeout)
    except TimeoutError:
        other = action.connection.first_pong
        if other is None:
            action.timed_out(
                "missing", "no pong came", expected=expected, received=Evidence("nothing")
            )
        received = Evidence(f"a pong frame with payload {_hex(other)}")
        action.timed_out(
            "other message", "unexpected pong payload", expected=expected, received=received
        )
    if end is not None:
        action.ended(end, expected)


def _hex(payload: bytes) -> str:
    return payload.hex() or "(empty)"


async def expect(action: Action) -> None:
    """Fail unless the scenario's next own message is as expected."""
    expected = action.argument
    message = await _next_own(action, expected)
    if action.world.suite.role == "client":
        action.happened = message.time
    try:
        _judge(action, expected, message)
        _check_delay(action, message)
        _check_moment(action, message)
    except StepFailed:
        _check_late(action, message)
        raise
    save(action, Subject.of(message), action.dialogue.of_connection[action.on])


def _check_delay(action: Action, message: Message) -> None:
    """Fail if a message took longer than another step did, plus some time."""
    wanted = action.option("no_slower")
    if wanted is None:
        return
    since, than = action.span(wanted["since"]), action.span(wanted["than"])
    took = message.time + action.world.advanced - since.start
    before = than.end - than.start
    limit = before + float(wanted["by"]) + action.world.slack
    if took > limit:
        action.timed_out(
            "late",
            f"a message took {took:.2f} s; earlier, several took {before:.2f} s together",
            expected=Evidence(f"a message within {limit:.2f} s"),
            received=message.evidence,
        )


def _check_moment(action: Action, message: Message) -> None:
    """Fail if a message came too early."""
    early = action.moment("not_before")
    if early is None:
        return
    came = message.time + action.world.advanced - early[0].start
    too_early = early[1] - excuses.RESOLUTION - came
    if too_early <= 0:
        return
    # What the kit read late, when it was held up, seems closer to what came after it.
    if too_early <= action.world.held_up(early[0].start - action.world.advanced - TICK):
        raise TooSlow(f"{action.step.location}: the kit was held up, so that it knows no times")
    action.fail(
        "early close",
        f"a message came too early, after {came:.3f} s",
        expected=Evidence(f"no such message before {early[1]:g} s"),
        message=message,
    )


def _check_late(action: Action, message: Message) -> None:
    """Raise `TooSlow` if a message came too late to prove anything."""
    excuses.lateness(action, message.time)
    excuses.forgetting(action, message)


async def _next_own(action: Action, expected: Any) -> Message:
    where = action.option("where")
    answer = Answer(action, expected)
    probe = Probe(action, expected, SURE if answer.is_unlikely else QUIET)
    deadline = perf_counter() + answer.patience
    passed_over = 0
    other: Message | None = None
    unreadable: Message | None = None
    try:
        while perf_counter() < deadline + GRACE:
            try:
                wait = min(max(0.0, deadline - perf_counter()), probe.wait)
                item = await action.connection.receive(wait)
            except TimeoutError:
                if perf_counter() >= deadline:
                    break
                if probe.wait <= 0:
                    probe.send()
                continue
            if isinstance(item, End):
                action.ended(item, like(expected))
            if probe.is_answered_by(item):
                excuses.lateness(action, item.time)
                _check_read(action, expected, unreadable)
                answer.missing(passed_over, proved=True)
            if item.own and not _comes_unasked(action, item, expected):
                if where is None or matches(where, item.value):
                    answer.came(item)
                    return item
                excuses.refusal(action)
                other = item
            unreadable = item if item.fault else unreadable
            passed_over += 1
    finally:
        await probe.stop()
    _check_read(action, expected, unreadable)
    if other is not None:
        _check_late(action, other)  # it may be what came instead
    answer.missing(passed_over, proved=False)


def _comes_unasked(action: Action, message: Message, expected: Any) -> bool:
    """Return whether a message reports the past and the step waits for another type."""
    value = message.value
    if isinstance(value, dict) and matches({"type": value.get("type")}, expected):
        return False
    return not message.fault and action.world.suite.unasked.is_valid(value)


def _check_read(action: Action, expected: Any, unreadable: Message | None) -> None:
    """Raise the failure of an unreadable message, if there was one.

    It may have been what was expected.
    """
    if unreadable is not None:
        action.fail("unreadable message", unreadable.fault, unreadable, expected=like(expected))


class Answer:
    """An answer that a step waits for: its kind, for how long, and how its absence fails."""

    def __init__(self, action: Action, expected: Any) -> None:
        self._action = action
        self._expected = expected
        dialogue, silences = action.dialogue, action.world.silences
        place = "in a session" if dialogue.barriers.is_let_in(action.connection) else "before"
        asker = "its own" if action.connection in dialogue.barriers.senders else "another's"
        self.kind = f"{encode(expected).replace(dialogue.token, '')} {place}, {asker}"
        self.patience = action.timeout
        within = action.moment("within")
        if within is not None:
            left = action.last_moment(within) - action.world.now()
            self.patience = max(0.0, left)
        self._until = perf_counter() + self.patience
        self.is_unlikely = silences.is_sure(self.kind)
        if self.is_unlikely:
            judged = PATIENCE * action.world.timeout_scale + action.world.slack
            needed = 2 * SURE + 10 * action.world.round_trip
            self.patience = min(self.patience, needed if dialogue.is_set_up else judged)

    def came(self, message: Message) -> None:
        """Note that the answer came, if this is it."""
        if matches(self._expected, message.value):
            self._action.world.silences.answered(self.kind)

    def missing(self, passed_over: int, *, proved: bool) -> NoReturn:
        """Fail because nothing came in time, or not before a later answer."""
        action = self._action
        plural = "s" * (passed_over != 1)
        others = f" ({passed_over} other message{plural} skipped)" if passed_over else ""
        overtaken = f"nothing before the answer to a later message{others}"
        silence = overtaken if proved else f"nothing within {self.patience:.1f} s{others}"
        excuses.held_up(action, "no answer came")
        excuses.refusal(action)
        excuses.loss(action, self._expected)
        action.world.silences.missed(self.kind)
        action.fail(
            "missing",
            "no answer came",
            missing=self._missing(proved),
            expected=like(self._expected),
            received=Evidence(silence),
        )

    def _missing(self, proved: bool) -> Missing:
        action = self._action
        return Missing(
            kind=self.kind,
            owed=self._owed(),
            connection=action.connection,
            is_it=self._is_it,
            until=self._until,
            proved=proved,
            came=action.dialogue.witness.overtaken if proved else lambda message: None,
        )

    def _owed(self) -> frozenset[str]:
        own, witness = _type_of(self._expected), self._action.dialogue.witness
        return frozenset([own] if own else witness.asked[self._action.connection])

    def _is_it(self, message: Message) -> bool:
        action = self._action
        if matches(action.world.suite.inconclusive.lapse.message, message.value):
            return False  # it is no answer
        return message.own and matches(self._expected, message.value)


def _type_of(value: Any) -> str:
    return str(value.get("type", "")) if isinstance(value, dict) else ""


def _judge(action: Action, expected: Any, message: Message) -> None:
    if message.fault:
        action.fail("unreadable message", message.fault, message, expected=like(expected))
    subject = Subject.of(message)
    found = difference(expected, message.value)
    if found is not None:
        excuses.loss(action, expected)
        differs(action, subject, expected, found)
    containing = action.option("containing")
    if containing is not None and not message.mentions(containing):
        excuses.loss(action, expected)
        action.fail(
            "other message",
            f"the message does not mention {containing}",
            expected=like(expected, f"a message that contains {containing}, like"),
            message=message,
        )
    _judge_length(action, message)
    judge_schema(action, subject)
    _judge_equal(action, message)


def _judge_length(action: Action, message: Message) -> None:
    """Fail if the message is longer than allowed."""
    longest = action.option("longest")
    length = len(message.text.encode("utf-8", "surrogatepass")) if longest is not None else 0
    if length > (longest or 0):
        action.fail(
            "other message",
            f"the message has {length} bytes",
            expected=Evidence(f"a message of at most {longest} bytes"),
            message=message,
        )


def _judge_equal(action: Action, message: Message) -> None:
    """Fail unless members of the message have the same value as others."""
    for pointer, other in action.option("equal", {}).items():
        found, wanted = found_at(message.value, pointer), found_at(message.value, other)
        if not equal(found, wanted):
            action.fail(
                "other message",
                f"the message differs at {pointer}: expected {shown(wanted)}, as at {other}",
                expected=Evidence(f"at {pointer}", wanted),
                message=message,
                pointer=pointer,
            )


async def expect_absent(action: Action) -> None:
    """Fail if an unwanted message comes before the answer to a barrier.

    Where no barrier proves anything, it fails if one comes in the suite's time of quiet.
    """
    unwanted, world = action.argument, action.world
    containing = action.option("containing", "")
    proves = world.barrier is not None and world.suite.barrier.ordered
    if not (proves or world.suite.quiet):
        raise NotJudged(f"{action.step.location}: the target answers no barrier message")
    sent = action.dialogue.witness.last_sent
    barrier, patience = "", world.suite.quiet * world.timeout_scale + world.slack
    if proves:
        barrier = action.dialogue.barriers.send(action.connection, world.barrier).token
        patience = action.timeout
    deadline = perf_counter() + patience
    while perf_counter() < deadline:
        try:
            item = await action.connection.receive(max(0.0, deadline - perf_counter()))
        except TimeoutError:
            break
        if isinstance(item, End):
            action.ended(item, Evidence("the answer to a barrier message" if proves else "nothing"))
        if barrier and item.mentions(barrier) and action.dialogue.barriers.is_one(item):
            return
        own = (item.own or action.option("background", False)) and item.mentions(containing)
        own = own and not _comes_unasked(action, item, unwanted)
        if own and matches(unwanted, item.value) and not schema_faults(action, item.value):
            action.fail(
                "unwanted message",
                "an unwanted message came",
                sent=sent,
                expected=like(unwanted, "no message like"),
                message=item,
            )
    excuses.refusal(action)
    if proves:
        raise NotJudged(f"{action.step.location}: the barrier message was not answered")
