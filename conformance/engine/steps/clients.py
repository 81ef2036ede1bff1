"""Steps that judge a client: its process, its connections, its driver."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

from conformance.documents.schemas import Fault
from conformance.engine.client_dialogue import ClientDialogue
from conformance.engine.inconclusive import NotJudged
from conformance.engine.matching import difference, matches
from conformance.engine.steps.action import Action
from conformance.engine.steps.receiving import like
from conformance.json_text import at, encode
from conformance.model import Evidence
from conformance.target.client import Notice
from conformance.target.lifetime import how
from conformance.transport import End
from conformance.transport.accepted import Accepted, Answer

KNOWN: Final = ("coda.v1",)

QUIET: Final = 0.3
"""Seconds after a client has shown that it reads in which what it must not send may still come."""

GLANCE: Final = 0.05


def dialogue_of(action: Action) -> ClientDialogue:
    """Return the dialogue of a step, which is one with a client."""
    assert isinstance(action.dialogue, ClientDialogue)
    return action.dialogue


async def start(action: Action) -> None:
    """Start the client, again if it runs."""
    row = action.argument
    scale = float(row.get("backoff_scale", action.world.variables.get("backoff_scale", 1.0)))
    try:
        await dialogue_of(action).start(row.get("token", ""), scale, row.get("url", ""))
    except NotJudged as error:
        raise NotJudged(f"{action.step.location}: {error}") from None


async def accept(action: Action) -> None:
    """Answer the handshake of the client's next connection; fail if none comes, or a wrong one."""
    row = action.argument
    answer = Answer(
        status=row.get("status", HTTPStatus.SWITCHING_PROTOCOLS),
        headers={name: _lines(value) for name, value in row.get("headers", {}).items()},
        subprotocol=row.get("subprotocol", ""),
        known=KNOWN,
        messages=tuple(encode(value) for value in row.get("with", ())),
        in_pieces=row.get("in_pieces", 0),
        silent=row.get("silent", False),
        answers_pings=row.get("answers_pings", True),
    )
    for value in row.get("with", ()):
        action.world.secrets.learn(value, encode(value))
    connection = await _next(action, answer)
    if connection is None:
        action.dialogue.of_connection[action.on] = {"came": 0}
        return
    action.dialogue.of_connection[action.on]["came"] = 1
    action.happened = connection.arrived
    _note_wait(action, connection)
    _judge_request(action, connection)
    asked = connection.asked_for
    for name, path in action.step.modifiers.get("save", {}).items():
        try:
            action.dialogue.of_connection[action.on][name] = at(asked, path)
        except LookupError:
            action.dialogue.not_given.add(name)


def _note_wait(action: Action, connection: Accepted) -> None:
    """Add the seconds from the beginning of a step to the list of waits that `timed` names."""
    timed = action.option("timed")
    if timed is not None:
        waits = action.dialogue.variables.setdefault(timed["into"], [])
        waits.append(connection.arrived - action.span(timed["since"]).start)


def _lines(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


async def _next(action: Action, answer: Answer) -> Accepted | None:
    """Return the client's next connection; fail if it comes too early, too late or never.

    None if there need not be one.
    """
    dialogue = dialogue_of(action)
    within, early = action.moment("within"), action.moment("not_before")
    timeout = action.world.connect_timeout
    if within is not None:
        timeout = max(0.0, within[0].end + within[1] + action.world.slack - action.world.now())
    try:
        connection = await dialogue.accept(action.on, answer, timeout)
    except TimeoutError:
        if action.option("may_fail", False):
            return None
        ended = dialogue.client.ended if dialogue.client is not None else ""
        if ended == how(0) and action.option("may_end", False):
            raise NotJudged(f"{action.step.location}: the client ended {ended}") from None
        said = f"; it ended {ended}" if ended else ""
        action.timed_out(
            "missing",
            "the client does not connect",
            expected=Evidence("a connection from the client"),
            received=Evidence(f"none within {timeout:.1f} s{said}"),
        )
    came = connection.arrived
    if early is not None and came < early[0].start + early[1]:
        action.fail(
            "early close",
            "the client connects too early",
            expected=Evidence(f"no connection before {early[1]:g} s"),
            received=Evidence(f"one after {came - early[0].start:.3f} s"),
        )
    return connection


def _judge_request(action: Action, connection: Accepted) -> None:
    if connection.fault:
        action.fail(
            "handshake",
            "the client's handshake violates RFC 6455",
            expected=Evidence("an opening handshake that follows RFC 6455, section 4.2.1"),
            received=Evidence(connection.fault),
            entry=action.last_entry,
        )
    schema = action.option("request")
    faults = _faults(action, schema, connection.asked_for)
    if faults:
        action.fail(
            "handshake",
            f"unexpected handshake at {faults[0].pointer or 'the top level'}: {faults[0].message}",
            expected=Evidence("a handshake that satisfies the schema", schema),
            received=Evidence("a handshake with", connection.asked_for),
            pointer=faults[0].pointer,
            entry=action.last_entry,
        )


def _faults(action: Action, schema: Any, value: Any) -> Sequence[Fault]:
    """Return where a value breaks the schema of a step, if it has one."""
    return action.world.suite.schemas.explain_inline(schema, value) if schema else ()


async def expect_no_connection(action: Action) -> None:
    """Fail if the client connects within a time, or before it reports that it has given up."""
    dialogue = dialogue_of(action)
    row = action.argument
    seconds = float(row["seconds"]) * action.world.timeout_scale
    action.dialogue.note_wait("connections that must not come", seconds)
    deadline = perf_counter() + seconds
    while perf_counter() < deadline and not _unwanted(action):
        if "until" in row and _reported(dialogue, row["until"]):
            await asyncio.sleep(GLANCE)
            break
        await asyncio.sleep(GLANCE)
    found = _unwanted(action)
    if found:
        schema = action.option("request")
        action.fail(
            "unwanted message",
            "the client connects again",
            expected=Evidence("no connection" + (" like" if schema else ""), schema),
            received=Evidence("a connection from the client", found[0].asked_for),
        )


def _unwanted(action: Action) -> list[Accepted]:
    """Return the waiting connections that must not come."""
    waiting, schema = dialogue_of(action).port.waiting, action.option("request")
    if not schema:
        return [*waiting]
    return [
        row
        for row in waiting
        if row.request is not None and not _faults(action, schema, row.asked_for)
    ]


def _reported(dialogue: ClientDialogue, wanted: Any) -> bool:
    notices = dialogue.client.notices if dialogue.client is not None else ()
    return any(matches(wanted, notice.value) for notice in notices)


async def stop_listening(action: Action) -> None:
    """Refuse new connections, as a server that is down."""
    dialogue_of(action).port.stop()


async def listen(action: Action) -> None:
    """Accept new connections again, on the same port."""
    await dialogue_of(action).port.listen()


async def command(action: Action) -> None:
    """Give the client's driver a command."""
    try:
        await dialogue_of(action).command(action.argument)
    except NotJudged as error:
        raise NotJudged(f"{action.step.location}: {error}") from None


async def expect_notice(action: Action) -> None:
    """Fail unless the driver reports what is expected; other notices before it are passed over."""
    dialogue = dialogue_of(action)
    if not dialogue.drives:
        raise NotJudged(f"{action.step.location}: the client has no driver, which this step needs")
    expected, where = action.argument, action.option("where")
    deadline = perf_counter() + action.timeout
    other: Notice | None = None
    async for notice in _notices(action, deadline):
        is_it = (
            _is_like(action, expected, notice) if where is None else matches(where, notice.value)
        )
        if is_it:
            _judge_notice(action, expected, notice)
            return
        if notice.value.get("notice") == expected.get("notice"):
            other = notice
    received = Evidence("nothing") if other is None else Evidence("", other.value)
    action.timed_out(
        "missing",
        "the client does not report it",
        expected=like(expected, "a notice like"),
        received=received,
    )


def _counted(action: Action) -> list[Notice]:
    """Return the notices that count: all since a step, or those that no step has taken."""
    client = dialogue_of(action).process
    if "since" not in action.step.modifiers:
        return [*client.notices]
    begun = action.span(action.step.modifiers["since"]).start - action.world.advanced
    return [row for row in client.reported if row.time >= begun]


async def _notices(action: Action, deadline: float) -> AsyncIterator[Notice]:
    """Yield the notices that count until a deadline; those since a step are not taken."""
    client = dialogue_of(action).process
    keeps, seen = "since" in action.step.modifiers, 0
    while True:
        client.changed.clear()
        found = _counted(action)[seen:]
        for notice in found:
            if keeps:
                seen += 1
            else:
                client.notices.popleft()
            yield notice
        left = deadline - perf_counter()
        if left <= 0 or (client.ended and not found):
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(client.changed.wait(), left)


def _is_like(action: Action, members: Any, notice: Notice) -> bool:
    """Return whether a notice has members, and satisfies the schema of the step."""
    faults = _faults(action, action.option("schema"), notice.value)
    return matches(members, notice.value) and not faults


def _judge_notice(action: Action, expected: Any, notice: Notice) -> None:
    found = difference(expected, notice.value)
    if found is not None:
        action.fail(
            "other message",
            f"the notice differs at {found.pointer or 'the top level'}: "
            f"expected {found.expected}, received {found.received}",
            expected=like(expected, "a notice like"),
            received=Evidence("", notice.value),
            pointer=found.pointer,
        )
    schema = action.option("schema")
    faults = _faults(action, schema, notice.value)
    if faults:
        action.fail(
            "other message",
            f"the notice breaks the schema at {faults[0].pointer or 'the top level'}: "
            f"{faults[0].message}",
            expected=Evidence("a notice that satisfies the schema", schema),
            received=Evidence("", notice.value),
            pointer=faults[0].pointer,
        )
    for name, path in action.step.modifiers.get("save", {}).items():
        action.scope[name] = at(notice.value, path)


async def expect_no_notice(action: Action) -> None:
    """Fail if the driver has reported, or reports within a moment, what it must not."""
    dialogue = dialogue_of(action)
    if not dialogue.drives:
        raise NotJudged(f"{action.step.location}: the client has no driver, which this step needs")
    await _settle(action)
    for notice in _counted(action):
        if _is_like(action, action.argument, notice):
            action.fail(
                "unwanted message",
                "the client reports what did not happen",
                expected=like(action.argument, "no notice like"),
                received=Evidence("", notice.value),
            )


async def expect_question(action: Action) -> None:
    """Fail unless the client sends something that a server answers: a message, or a ping frame."""
    connection = action.connection
    assert isinstance(connection, Accepted)
    begun, within = perf_counter(), action.moment("within")
    timeout = action.timeout
    if within is not None:
        timeout = max(0.0, within[0].end + within[1] + action.world.slack - action.world.now())
    expected = Evidence("a ping, a ping frame or another message")
    try:
        item = await connection.next_question(begun, timeout)
    except TimeoutError:
        action.timed_out(
            "missing",
            "the client asks for no answer",
            expected=expected,
            received=Evidence(f"nothing within {timeout:.1f} s"),
        )
    if isinstance(item, End):
        action.ended(item, expected)
    action.happened = item if isinstance(item, float) else item.time


async def expect_value(action: Action) -> None:
    """Fail unless a value satisfies the schema of the step."""
    value, schema = action.argument, action.option("schema")
    faults = _faults(action, schema, value)
    if faults:
        action.fail(
            "other message",
            f"what was measured is not as it must be: {faults[0].message}",
            expected=Evidence("a value that satisfies the schema", schema),
            received=Evidence("", value),
            pointer=faults[0].pointer,
        )


async def expect_absent(action: Action) -> None:
    """Fail if an unwanted message comes before a pong, or within a moment after it.

    A client answers no barrier message: the pong shows that it has read what came before.
    """
    connection, unwanted = action.connection, action.argument
    sent = action.dialogue.witness.last_sent
    await _settle(action)
    while True:
        try:
            item = await connection.receive(0)
        except TimeoutError:
            return
        if isinstance(item, End):
            return
        is_like = matches(unwanted, item.value) and item.mentions(action.option("containing", ""))
        if is_like and not _faults(action, action.option("schema"), item.value):
            action.fail(
                "unwanted message",
                "an unwanted message came",
                sent=sent,
                expected=like(unwanted, "no message like"),
                message=item,
            )


async def _settle(action: Action) -> None:
    """Wait until the client has read what was sent to it, and has had a moment to act on it."""
    name = action.on if action.on in action.dialogue.connections else None
    connection = action.dialogue.connections.get(name) if name else None
    if connection is not None and connection.open and connection.end is None:
        payload = action.dialogue.unique().encode()[:100]
        connection.ping(payload)
        try:
            await connection.receive_pong(payload, action.timeout)
        except TimeoutError:
            raise NotJudged(f"{action.step.location}: the client answers no ping") from None
    await asyncio.sleep(QUIET * action.world.timeout_scale)


VERBS: Final = {
    "start": start,
    "accept": accept,
    "expect_no_connection": expect_no_connection,
    "stop_listening": stop_listening,
    "listen": listen,
    "command": command,
    "expect_notice": expect_notice,
    "expect_no_notice": expect_no_notice,
    "expect_absent": expect_absent,
    "expect_question": expect_question,
    "expect_value": expect_value,
}
"""The verbs of scenarios for clients, besides those that are the same for both roles."""
