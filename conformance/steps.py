"""The steps of a scenario, performed: what each verb does, and how it can fail."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from secrets import token_hex
from time import perf_counter
from typing import Any, Final

from conformance.checks import cut, difference, matches, shown
from conformance.dialogue import Dialogue, Span
from conformance.json_text import at, encode
from conformance.model import Failure, Step
from conformance.problems import InputError, KitError
from conformance.transport import Connection, End, Message, frame_bytes

MARGIN: Final = 0.05
"""Seconds added to every wait, so that no clock's resolution decides an outcome."""

TCP_END: Final = 5.0
"""Seconds within which the TCP connection ends after a close frame (RFC 6455, section 7.1.1)."""


class StepFailed(Exception):
    """A step did not hold: evidence against the target."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.summary)


class NotJudged(Exception):
    """What was seen proves nothing either way."""


class TooSlow(NotJudged):
    """What was seen came too late to prove anything; another try may be quicker."""


class Performer:
    """Performs steps in one dialogue."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.dialogue = dialogue
        self.world = dialogue.world

    async def perform(
        self,
        steps: Sequence[Step],
        on: str = "c",
        scope: dict[str, Any] | None = None,
        requirement: str | None = None,
    ) -> None:
        """Performs the steps in order; raises `StepFailed` at the first that does not hold."""
        scope = self.dialogue.variables if scope is None else scope
        for step in steps:
            await self._step(step, on, scope, requirement)

    async def _step(
        self, step: Step, on: str, scope: dict[str, Any], requirement: str | None
    ) -> None:
        action = _Action(self, step, on, scope, step.modifiers.get("requirement", requirement))
        start = perf_counter()
        try:
            await VERBS[step.verb](action)
        except InputError as error:
            raise KitError(f"{error.location or step.location}: {error.message}") from None
        if step.label:
            self.dialogue.spans[step.label] = Span(start, perf_counter())


class _Action:
    """One step about to be performed: its values, resolved, and its way of failing."""

    def __init__(
        self,
        performer: Performer,
        step: Step,
        on: str,
        scope: dict[str, Any],
        requirement: str | None,
    ) -> None:
        self.performer = performer
        self.dialogue = performer.dialogue
        self.world = performer.world
        self.step = step
        self.scope = scope
        self.requirement = requirement
        self.on = on
        if "on" in step.modifiers:
            self.on = str(self.value(step.modifiers["on"]))

    def value(self, raw: Any) -> Any:
        return self.dialogue.resolve(raw, self.on, self.scope)

    def option(self, name: str, default: Any = None) -> Any:
        raw = self.step.modifiers.get(name, default)
        return self.value(raw)

    @property
    def argument(self) -> Any:
        return self.value(self.step.argument)

    @property
    def connection(self) -> Connection:
        return self.dialogue.connection(self.on)

    @property
    def timeout(self) -> float:
        return self.world.timeout * float(self.option("patience", 1))

    def moment(self, option: str) -> tuple[Span, float] | None:
        """The span of the step that `option` counts from, and the seconds that it counts."""
        if option not in self.step.modifiers:
            return None
        row = self.option(option)
        return self.span(row["since"]), float(row["seconds"])

    def span(self, label: str) -> Span:
        if label not in self.dialogue.spans:
            raise InputError(f'no step with the label "{label}" was performed')
        return self.dialogue.spans[label]

    def fail(self, summary: str, **evidence: Any) -> StepFailed:
        failure = Failure(
            summary=summary,
            requirements=(self.requirement,) if self.requirement else (),
            step=f"{self.step.verb} on {self.on}",
            location=str(self.step.location),
            **evidence,
        )
        return StepFailed(self.dialogue.shown(failure))

    def ended(self, end: End, expected: str) -> StepFailed:
        code = f"close code {end.code}" + (f" ({end.reason})" if end.reason else "")
        return self.fail(
            "the connection ended instead",
            expected=expected,
            received=f"{end.how}, {code}",
            close_code=end.code,
        )


# ── connections ──


async def _connect(action: _Action) -> None:
    options = action.argument
    answers_close = options.pop("answer_close", True)
    options["subprotocols"] = tuple(options.get("subprotocols", ()))
    connection = await action.dialogue.connect(action.on, answers_close, **options)
    status = connection.response.status_code if connection.response else None
    got = {"status": status, "subprotocol": connection.subprotocol}
    schema = action.option("handshake", {"properties": {"status": {"const": 101}}})
    faults = action.world.suite.schemas.explain_inline(schema, got)
    if faults:
        raise action.fail(
            "the handshake was answered otherwise",
            expected=f"{faults[0].pointer.lstrip('/') or 'handshake'}: {faults[0].message}",
            received=f"HTTP {status or 'nothing'}, subprotocol {connection.subprotocol} "
            f"{connection.refusal}".rstrip(),
        )


async def _close(action: _Action) -> None:
    action.connection.close(action.argument)


async def _drop(action: _Action) -> None:
    action.connection.drop()


async def _expect_close(action: _Action) -> None:
    wanted = action.argument
    end = await _await_end(action)
    codes = wanted.get("code")
    if codes is not None and end.code not in (codes if isinstance(codes, list) else [codes]):
        raise action.fail(
            "the connection ended with another code",
            expected=f"close code {shown(codes)}",
            received=f"{end.how}, close code {end.code}",
            close_code=end.code,
        )
    _check_moment(action, end)
    if wanted.get("tcp"):
        try:
            await action.connection.wait_tcp_end(TCP_END + action.world.slack)
        except TimeoutError:
            raise action.fail(
                "the TCP connection stays open after the close",
                expected=f"the end of the TCP connection within {TCP_END:g} s",
                received="nothing",
            ) from None


async def _await_end(action: _Action) -> End:
    within = action.moment("within")
    deadline = perf_counter() + action.timeout
    if within is not None:
        deadline = within[0].end + within[1] + action.world.slack
    while True:
        try:
            item = await action.connection.receive(max(0.0, deadline - perf_counter()))
        except TimeoutError:
            raise action.fail(
                "the connection stays open",
                expected=f"the end of the connection with {shown(action.argument)}",
                received="no close frame and no end of the TCP connection",
            ) from None
        if isinstance(item, End):
            return item
        if perf_counter() > deadline:
            raise action.fail("the connection stays open", expected="its end", received="messages")


def _check_moment(action: _Action, end: End) -> None:
    early = action.moment("not_before")
    if early is not None and end.time < early[0].start + early[1] - 0.001:
        raise action.fail(
            "the connection ended too early",
            expected=f"not before {early[1]:g} s",
            received=f"its end after {end.time - early[0].start:.3f} s",
            close_code=end.code,
        )


# ── messages ──


async def _send(action: _Action) -> None:
    value = action.argument
    action.world.secrets.learn(value)
    action.connection.send_text(encode(value))


async def _send_raw(action: _Action) -> None:
    raw = action.argument
    if "text" in raw:
        action.connection.send_text(raw["text"])
    elif "binary" in raw:
        action.connection.send_binary(bytes.fromhex(raw["binary"]))
    else:
        frames = [_hand_made(row) for row in raw["frames"]]
        told = ", ".join(f"opcode {row['opcode']}" for row in raw["frames"][:8])
        size = sum(map(len, frames))
        action.connection.write(b"".join(frames), f"{len(frames)} frames ({told}), {size} bytes")


def _hand_made(row: Mapping[str, Any]) -> bytes:
    payload = row["text"].encode("utf-8") if "text" in row else bytes.fromhex(row.get("hex", ""))
    return frame_bytes(
        row["opcode"],
        payload,
        fin=row.get("fin", True),
        rsv=row.get("rsv", 0),
        mask=row.get("mask", True),
    )


async def _ping(action: _Action) -> None:
    action.connection.ping(action.argument.encode("utf-8"))


async def _expect_pong(action: _Action) -> None:
    payload = action.argument.encode("utf-8")
    expected = f"a pong frame with payload {payload.hex() or '(empty)'}"
    try:
        got = await action.connection.receive_pong(action.timeout)
    except TimeoutError:
        raise action.fail("no pong came", expected=expected, received="nothing") from None
    if isinstance(got, End):
        raise action.ended(got, expected)
    if got != payload:
        raise action.fail("the pong is another", expected=expected, received=got.hex())


async def _expect(action: _Action) -> None:
    expected = action.argument
    message = await _next_own(action, expected)
    try:
        _judge(action, expected, message)
    except StepFailed:
        limit = action.moment("valid_for")
        if limit is not None and message.time > limit[0].start + limit[1]:
            late = message.time - limit[0].start - limit[1]
            raise TooSlow(
                f"{action.step.location}: the answer came {late:.2f} s after the moment until "
                f"which it would have proved something"
            ) from None
        raise
    _save(action, message)


async def _next_own(action: _Action, expected: Any) -> Message:
    where = action.option("where")
    deadline = perf_counter() + action.timeout
    passed_over = 0
    while True:
        try:
            item = await action.connection.receive(max(0.0, deadline - perf_counter()))
        except TimeoutError:
            raise _nothing_came(action, expected, passed_over) from None
        if isinstance(item, End):
            raise action.ended(item, f"a message like {shown(expected)}")
        if action.dialogue.owns(item) and (where is None or matches(where, item.value)):
            return item
        passed_over += 1
        if perf_counter() > deadline:
            raise _nothing_came(action, expected, passed_over)


def _nothing_came(action: _Action, expected: Any, passed_over: int) -> StepFailed:
    others = f" ({passed_over} other messages were passed over)" if passed_over else ""
    return action.fail(
        "no answer came",
        expected=f"a message like {shown(expected)}",
        received=f"nothing within {action.timeout:.1f} s{others}",
    )


def _judge(action: _Action, expected: Any, message: Message) -> None:
    if message.fault:
        raise action.fail(
            message.fault, expected=f"a message like {shown(expected)}", received=cut(message.text)
        )
    found = difference(expected, message.value)
    if found is not None:
        raise action.fail(
            f"the message differs at {found.pointer or 'its top'}: "
            f"expected {found.expected}, received {found.received}",
            expected=shown(expected),
            received=cut(message.text),
            pointer=found.pointer,
        )
    containing = action.option("containing")
    if containing is not None and containing not in message.text:
        raise action.fail(
            "the message is about something else",
            expected=f"a message like {shown(expected)} that contains {containing}",
            received=cut(message.text),
        )
    _judge_schema(action, message)


def _judge_schema(action: _Action, message: Message) -> None:
    schema = action.option("schema")
    if schema is None:
        return
    faults = action.world.suite.schemas.explain_inline(schema, message.value)
    if faults:
        raise action.fail(
            f"the message is not as required at {faults[0].pointer or 'its top'}: "
            f"{cut(faults[0].message)}",
            expected=shown(schema),
            received=cut(message.text),
            pointer=faults[0].pointer,
        )


def _save(action: _Action, message: Message) -> None:
    variables = action.dialogue.of_connection[action.on]
    for name, path in action.step.modifiers.get("save", {}).items():
        try:
            variables[name.removesuffix("?")] = at(message.value, path)
        except LookupError:
            if not name.endswith("?"):
                raise action.fail(
                    f"the message has no {path}",
                    expected=f"a value at {path}",
                    received=cut(message.text),
                    pointer=path,
                ) from None


async def _expect_absent(action: _Action) -> None:
    unwanted = action.argument
    containing = action.option("containing", "")
    barrier = f"barrier.{token_hex(8)}"  # other connections take it for background
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
        own = action.dialogue.owns(item) and containing in item.text
        if own and matches(unwanted, item.value):
            raise action.fail(
                "a message came that should not",
                sent=cut(sent),
                expected=f"no message like {shown(unwanted)}",
                received=cut(item.text),
            )
    raise NotJudged(f"{action.step.location}: the barrier message was not answered")


# ── flow ──


async def _call(action: _Action) -> None:
    procedure = action.world.suite.procedures[action.step.argument]
    scope = {
        name: action.value(raw)
        for name, raw in {**procedure.parameters, **action.step.modifiers.get("with", {})}.items()
    }
    scope = {**action.scope, **scope} if action.scope is not action.dialogue.variables else scope
    await action.performer.perform(procedure.steps, action.on, scope, action.requirement)


async def _wait(action: _Action) -> None:
    span = action.span(action.step.modifiers["since"])
    seconds = span.end + float(action.argument) + MARGIN - perf_counter()
    if seconds > 0:
        action.dialogue.waited += seconds
        await asyncio.sleep(seconds)


async def _let(action: _Action) -> None:
    for name, raw in action.step.argument.items():
        action.scope[name] = action.value(raw)


async def _repeat(action: _Action) -> None:
    for i in range(int(action.argument)):
        scope = {**action.scope, "i": i}
        await action.performer.perform(action.step.nested[0], action.on, scope, action.requirement)


async def _together(action: _Action) -> None:
    branches = [
        action.performer.perform(branch, action.on, dict(action.scope), action.requirement)
        for branch in action.step.nested
    ]
    tasks = [asyncio.ensure_future(branch) for branch in branches]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


VERBS: Final[dict[str, Callable[[_Action], Awaitable[None]]]] = {
    "connect": _connect,
    "call": _call,
    "send": _send,
    "send_raw": _send_raw,
    "ping": _ping,
    "expect": _expect,
    "expect_absent": _expect_absent,
    "expect_pong": _expect_pong,
    "expect_close": _expect_close,
    "wait": _wait,
    "close": _close,
    "drop": _drop,
    "let": _let,
    "repeat": _repeat,
    "together": _together,
}
