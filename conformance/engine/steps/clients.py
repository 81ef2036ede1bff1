"""Steps that judge a client: its process, its connections, its driver."""

import asyncio
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

from conformance.engine.client_dialogue import ClientDialogue
from conformance.engine.inconclusive import NotJudged
from conformance.engine.matching import difference, matches
from conformance.engine.steps.action import Action
from conformance.engine.steps.receiving import like
from conformance.json_text import at, encode
from conformance.model import Evidence
from conformance.target.client import Notice
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
    await dialogue_of(action).start(row.get("token", ""), scale)


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
    )
    for value in row.get("with", ()):
        action.world.secrets.learn(value, encode(value))
    connection = await _next(action, answer)
    _judge_request(action, connection)
    asked = connection.asked_for
    for name, path in action.step.modifiers.get("save", {}).items():
        try:
            action.dialogue.of_connection[action.on][name] = at(asked, path)
        except LookupError:
            action.dialogue.not_given.add(name)


def _lines(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


async def _next(action: Action, answer: Answer) -> Accepted:
    """Return the client's next connection; fail if it comes too early, too late or never."""
    dialogue = dialogue_of(action)
    within, early = action.moment("within"), action.moment("not_before")
    timeout = action.world.connect_timeout
    if within is not None:
        timeout = max(0.0, within[0].end + within[1] + action.world.slack - action.world.now())
    try:
        connection = await dialogue.accept(action.on, answer, timeout)
    except TimeoutError:
        ended = dialogue.process.ended
        said = f"; it ended {ended}" if ended else ""
        action.timed_out(
            "missing",
            "the client does not connect",
            expected=Evidence("a connection from the client"),
            received=Evidence(f"none within {timeout:.1f} s{said}"),
        )
    came = connection.opened
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
    faults = (
        action.world.suite.schemas.explain_inline(schema, connection.asked_for) if schema else ()
    )
    if faults:
        action.fail(
            "handshake",
            f"unexpected handshake at {faults[0].pointer or 'the top level'}: {faults[0].message}",
            expected=Evidence("a handshake that satisfies the schema", schema),
            received=Evidence("a handshake with", connection.asked_for),
            pointer=faults[0].pointer,
            entry=action.last_entry,
        )


async def expect_no_connection(action: Action) -> None:
    """Fail if the client connects within a time, or before it reports that it has given up."""
    dialogue = dialogue_of(action)
    row = action.argument
    seconds = float(row["seconds"]) * action.world.timeout_scale
    action.dialogue.note_wait("connections that must not come", seconds)
    deadline = perf_counter() + seconds
    while perf_counter() < deadline and not dialogue.port.has_waiting:
        if "until" in row and _reported(dialogue, row["until"]):
            await asyncio.sleep(GLANCE)
            break
        await asyncio.sleep(GLANCE)
    if dialogue.port.has_waiting:
        action.fail(
            "unwanted message",
            "the client connects again",
            expected=Evidence("no connection"),
            received=Evidence("a connection from the client"),
        )


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
    while True:
        notice = await _next_notice(dialogue, deadline)
        if notice is None:
            break
        wanted = expected if where is None else where
        if matches(wanted, notice.value):
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
    for name, path in action.step.modifiers.get("save", {}).items():
        action.scope[name] = at(notice.value, path)


async def expect_no_notice(action: Action) -> None:
    """Fail if the driver has reported, or reports within a moment, what it must not."""
    dialogue = dialogue_of(action)
    if not dialogue.drives:
        raise NotJudged(f"{action.step.location}: the client has no driver, which this step needs")
    await _settle(action)
    for notice in dialogue.process.notices:
        if matches(action.argument, notice.value):
            action.fail(
                "unwanted message",
                "the client reports what did not happen",
                expected=like(action.argument, "no notice like"),
                received=Evidence("", notice.value),
            )


async def _next_notice(dialogue: ClientDialogue, deadline: float) -> Notice | None:
    client = dialogue.process
    while not client.notices:
        client.changed.clear()
        left = deadline - perf_counter()
        if left <= 0:
            return None
        try:
            await asyncio.wait_for(client.changed.wait(), left)
        except TimeoutError:
            return None
        if client.ended and not client.notices:
            return None
    return client.notices.popleft()


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
        if matches(unwanted, item.value) and item.mentions(action.option("containing", "")):
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
}
"""The verbs of scenarios for clients, besides those that are the same for both roles."""
