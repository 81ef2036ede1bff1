"""Steps that judge what comes."""

from secrets import token_hex
from time import perf_counter
from typing import Any, Final

from conformance.checks import cut, difference, matches, shown
from conformance.json_text import at, encode
from conformance.steps.action import Action, NotJudged, StepFailed, TooSlow
from conformance.transport import End, Message

GRACE: Final = 1.0
"""Seconds after the deadline in which messages that have come already are still looked at."""


async def expect_pong(action: Action) -> None:
    """Fails unless the next pong carries this payload."""
    payload = action.argument.encode("utf-8")
    expected = f"a pong frame with payload {payload.hex() or '(empty)'}"
    try:
        got = await action.connection.receive_pong(action.timeout)
    except TimeoutError:
        raise action.timed_out("no pong came", expected=expected, received="nothing") from None
    if isinstance(got, End):
        raise action.ended(got, expected)
    if got != payload:
        raise action.fail("the pong is another", expected=expected, received=got.hex())


async def expect(action: Action) -> None:
    """Fails unless the scenario's next own message is as expected."""
    expected = action.argument
    message = await _next_own(action, expected)
    try:
        _judge(action, expected, message)
    except StepFailed:
        _check_late(action, message)
        raise
    _save(action, message)


def _check_late(action: Action, message: Message) -> None:
    """Raises `TooSlow` where a message missed the moment until which it proves something."""
    limit = action.moment("valid_for")
    if limit is None:
        return
    since, seconds = limit
    late = message.time + action.world.advanced - since.start - seconds
    if late > 0:
        raise TooSlow(
            f"{action.step.location}: the answer came {late:.2f} s after the moment until "
            f"which it would have proved something"
        )


async def _next_own(action: Action, expected: Any) -> Message:
    where = action.option("where")
    deadline = perf_counter() + action.timeout
    passed_over = 0
    other: Message | None = None
    while perf_counter() < deadline + GRACE:
        try:
            item = await action.connection.receive(max(0.0, deadline - perf_counter()))
        except TimeoutError:
            break
        if isinstance(item, End):
            raise action.ended(item, f"a message like {shown(expected)}")
        if action.dialogue.owns(item):
            if where is None or matches(where, item.value):
                return item
            action.check_refusal()
            other = item
        passed_over += 1
    if other is not None:
        _check_late(action, other)  # it may be what came instead
    raise _nothing_came(action, expected, passed_over)


def _nothing_came(action: Action, expected: Any, passed_over: int) -> StepFailed:
    others = f" ({passed_over} other messages were passed over)" if passed_over else ""
    return action.timed_out(
        "no answer came",
        expected=f"a message like {shown(expected)}",
        received=f"nothing within {action.timeout:.1f} s{others}",
    )


def _judge(action: Action, expected: Any, message: Message) -> None:
    if message.fault:
        raise action.fail(message.fault, message, expected=f"a message like {shown(expected)}")
    found = difference(expected, message.value)
    if found is not None:
        raise action.fail(
            f"the message differs at {found.pointer or 'its top'}: "
            f"expected {found.expected}, received {found.received}",
            expected=shown(expected),
            message=message,
            pointer=found.pointer,
        )
    containing = action.option("containing")
    if containing is not None and not message.mentions(containing):
        raise action.fail(
            "the message is about something else",
            expected=f"a message like {shown(expected)} that contains {containing}",
            message=message,
        )
    _judge_schema(action, message)


def _judge_schema(action: Action, message: Message) -> None:
    schema = action.option("schema")
    if schema is None:
        return
    faults = action.world.suite.schemas.explain_inline(schema, message.value)
    if faults:
        raise action.fail(
            f"the message is not as required at {faults[0].pointer or 'its top'}: "
            f"{cut(faults[0].message)}",
            expected=shown(schema),
            message=message,
            pointer=faults[0].pointer,
        )


def _save(action: Action, message: Message) -> None:
    variables = action.dialogue.of_connection[action.on]
    for name, path in action.step.modifiers.get("save", {}).items():
        try:
            variables[name.removesuffix("?")] = at(message.value, path)
        except LookupError:
            action.dialogue.not_given.add(name.removesuffix("?"))
            if not name.endswith("?"):
                raise action.fail(
                    f"the message has no {path}",
                    expected=f"a value at {path}",
                    message=message,
                    pointer=path,
                ) from None


async def expect_absent(action: Action) -> None:
    """Fails when a message comes that should not, before the answer to a barrier."""
    unwanted = action.argument
    containing = action.option("containing", "")
    barrier = f"barrier.{token_hex(8)}"
    action.dialogue.barriers.add(barrier)  # other connections take it for background
    message = action.dialogue.resolve(
        action.world.suite.barrier, action.on, {**action.scope, "barrier": barrier}
    )
    sent = action.dialogue.last_sent
    action.connection.send_text(encode(message))
    deadline = perf_counter() + action.timeout
    while perf_counter() < deadline:
        try:
            item = await action.connection.receive(max(0.0, deadline - perf_counter()))
        except TimeoutError:
            break
        if isinstance(item, End):
            raise action.ended(item, "the answer to a barrier message")
        if barrier in item.text:
            return
        own = action.dialogue.owns(item) and item.mentions(containing)
        if own and matches(unwanted, item.value):
            raise action.fail(
                "a message came that should not",
                sent=sent,
                expected=f"no message like {shown(unwanted)}",
                message=item,
            )
    action.check_refusal()
    raise NotJudged(f"{action.step.location}: the barrier message was not answered")
