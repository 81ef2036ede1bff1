"""Steps that open and end connections."""

import asyncio
import math
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final, NoReturn

from conformance.engine.steps import excuses
from conformance.engine.steps.action import GRACE, Action, StepFailed
from conformance.engine.steps.barrier import END, NO_END, Probe
from conformance.engine.steps.judging import Subject, judge_schema
from conformance.json_text import at
from conformance.model import Evidence
from conformance.transport import End

FRONTS: Final = re.compile(
    r"(?:apache|caddy|cloudflare|envoy|haproxy|nginx|openresty|varnish)(?:/[0-9.]{1,20})?\b",
    re.IGNORECASE,
)
"""The Server header of programs that stand in front of servers, and answer for them."""

OVERDUE: Final = 1.0
"""Seconds in which an overdue end may still come."""


async def connect(action: Action) -> None:
    """Open a connection; fail if the answer to the handshake is not as expected."""
    options = action.argument
    answers_close = options.pop("answer_close", True)
    options["subprotocols"] = tuple(options.get("subprotocols", ()))
    origin = options.pop("origin", [])
    options["origins"] = (origin,) if isinstance(origin, str) else tuple(origin)
    offer = options.pop("compression", False)
    if offer is not False:
        options["compression"] = {} if offer is True else offer
    options["spelled"] = tuple(map(_lines, options.pop("headers", {}).items()))
    connection = await action.dialogue.connect(action.on, answers_close, **options)
    status = connection.status
    got: dict[str, Any] = {
        "status": status, "subprotocol": connection.subprotocol, "headers": connection.headers,
    }  # fmt: skip
    upgraded = status == HTTPStatus.SWITCHING_PROTOCOLS
    action.dialogue.of_connection[action.on]["admitted"] = int(upgraded)
    for name, path in action.step.modifiers.get("save", {}).items():
        action.scope[name] = at(got, path)
    schema = action.option("handshake", {"properties": {"status": {"const": 101}}})
    if "like" in action.step.modifiers:
        other = action.dialogue.connection(str(action.option("like")))
        schema = {"properties": {"status": {"const": other.status}}}
        # Either of the two may have come when there was no room.
        excuses.crowd(
            action, {"properties": {"status": {"const": status}}}, {"status": other.status}
        )
    excuses.crowd(action, schema, got)
    faults = action.world.suite.schemas.explain_inline(schema, got)
    if faults:
        fail = action.timed_out if connection.silent else action.fail
        fail(
            "missing" if connection.silent else "handshake",
            "unexpected answer to the handshake",
            expected=_due(schema),
            received=Evidence(
                _signed(connection.headers) + (connection.refusal or "an answer with"),
                _told(got, faults[0].pointer),
            ),
            pointer=faults[0].pointer,
            entry=action.last_entry,
        )
    if upgraded and connection.refused:
        action.requirement = action.world.suite.handshake.broken
        action.fail(
            "handshake",
            "the answer to the handshake violates RFC 6455",
            expected=Evidence("an opening handshake that follows RFC 6455, section 4.2.2"),
            received=Evidence(f"HTTP {status}, {connection.refusal}"),
            entry=action.last_entry,
        )


def _due(schema: Any) -> Evidence:
    """Return the evidence for a schema that the answer to a handshake must satisfy."""
    properties = schema.get("properties", {})
    status = properties.get("status", {})
    if properties.keys() == {"status"} and status.keys() <= {"const", "enum"}:
        return Evidence("an answer with HTTP status", status.get("const", status.get("enum")))
    return Evidence("an answer that satisfies the schema", schema)


def _told(got: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    """Return what came, without the headers unless one of them is at fault."""
    left_out = set() if pointer.startswith("/headers") else {"headers"}
    return {name: value for name, value in got.items() if name not in left_out}


def _signed(headers: Mapping[str, str]) -> str:
    """Return who answered in place of the server, or perhaps did; empty if nobody says so."""
    found = FRONTS.match(headers.get("server", ""))
    return f"from {found[0]}: " if found else ""


def _lines(header: tuple[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return a header's name and its values, one per line; null means no line."""
    name, value = header
    if value is None:
        return name, ()
    return name, (value,) if isinstance(value, str) else tuple(value)


async def close(action: Action) -> None:
    """Send a close frame."""
    wanted = action.argument
    if isinstance(wanted, int):
        wanted = {"code": wanted}
    action.connection.close(wanted.get("code"), wanted.get("reason", ""))


async def drop(action: Action) -> None:
    """Reset the TCP connection."""
    action.connection.drop()


async def expect_close(action: Action) -> None:
    """Fail unless the connection ends, as and when it should."""
    wanted = action.argument
    if action.option("may_fail", False):
        try:
            end = await _await_end(action)
        except StepFailed:
            action.dialogue.of_connection[action.on] |= {"ended": 0, "stays": 1}
            return
        action.dialogue.of_connection[action.on] |= {"ended": 1, "stays": 0}
    else:
        end = await _await_end(action)
    codes = wanted.get("code")
    if codes is not None and end.code not in (codes if isinstance(codes, list) else [codes]):
        excuses.lapse(action, None, end)
        action.fail(
            "other close",
            "unexpected close code",
            expected=Evidence("close code", codes),
            received=Evidence(f"{end.how}, close code", end.code),
            close_code=end.code,
            entry=action.last_entry,
        )
    _check_moment(action, end)
    _check_reason(action, wanted.get("reason"), end)
    if wanted.get("tcp"):
        seconds = action.world.suite.tcp_end
        half = wanted["tcp"] == "half"
        try:
            async with _pinging(action):
                await action.connection.wait_tcp_end(seconds + action.world.slack, half=half)
        except TimeoutError:
            action.timed_out(
                "stays open",
                "the TCP connection stays open after the close",
                expected=Evidence(f"the end of the TCP connection within {seconds:g} s"),
                received=Evidence("nothing"),
            )


@asynccontextmanager
async def _pinging(action: Action) -> AsyncIterator[None]:
    """Send ping frames meanwhile, if the step wants any."""
    every = float(action.option("pinging", 0))

    async def go_on() -> None:
        while every and action.connection.open:
            action.connection.ping(b"still here")
            await asyncio.sleep(every)

    task = asyncio.create_task(go_on())
    try:
        yield
    finally:
        task.cancel()


def _check_reason(action: Action, schema: Any, end: End) -> None:
    faults = action.world.suite.schemas.explain_inline(schema, end.reason) if schema else ()
    if faults:
        action.fail(
            "other close",
            f"the reason in the close frame is not as required: {faults[0].message}",
            expected=Evidence("a reason that satisfies the schema", schema),
            received=Evidence(end.reason),
            close_code=end.code,
            entry=action.last_entry,
        )


async def _await_end(action: Action) -> End:
    within = action.moment("within")
    begun = action.world.now()
    deadline = begun + action.timeout if within is None else action.last_moment(within)
    row = excuses.Row(action.option("owed_for"))
    probe = Probe(action, END, NO_END)
    overdue = OVERDUE * action.world.timeout_scale
    if within is not None or row.is_owed_later:
        probe.due = math.inf
    try:
        # Whatever came in time is looked at, however late the step begins.
        while action.world.now() < max(deadline, begun) + GRACE:
            left = deadline - action.world.now()
            try:
                item = await action.connection.receive(max(0.0, min(left, probe.wait)))
            except TimeoutError:
                if left <= 0:
                    break
                if probe.wait <= 0:
                    probe.send()
                continue
            if isinstance(item, End):
                return item
            is_own = item.own
            if is_own:
                judge_schema(action, Subject.of(item))
            is_overdue = is_own and row.note(item)
            if is_overdue or probe.is_answered_by(item):
                deadline = min(deadline, action.world.now() + overdue)
    finally:
        await probe.stop()
    row.check(action)
    _stays_open(action)


def _stays_open(action: Action) -> NoReturn:
    action.timed_out(
        "stays open",
        "the connection stays open",
        expected=Evidence("the end of the connection with", action.argument),
        received=Evidence("no close frame and no end of the TCP connection"),
    )


def _check_moment(action: Action, end: End) -> None:
    early = action.moment("not_before")
    ended = action.ended_at
    within = action.moment("within")
    if within is not None and ended > action.last_moment(within):
        _stays_open(action)
    if early is not None and ended < early[0].start + early[1] - excuses.RESOLUTION:
        action.fail(
            "early close",
            "the connection ended too early",
            expected=Evidence(f"not before {early[1]:g} s"),
            received=Evidence(f"its end after {ended - early[0].start:.3f} s"),
            close_code=end.code,
            entry=action.last_entry,
        )


async def stall(action: Action) -> None:
    """Stop reading."""
    action.connection.stall()


async def unstall(action: Action) -> None:
    """Resume reading."""
    action.connection.unstall()
