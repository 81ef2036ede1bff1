"""Steps that judge a client: its process, its connections, its driver."""

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final

from conformance.engine.client_dialogue import ON_ITS_WAY, ClientDialogue
from conformance.engine.inconclusive import NotAsked, NotJudged
from conformance.engine.matching import matches
from conformance.engine.steps.action import Action
from conformance.engine.steps.driving import (
    command,
    dialogue_of,
    expect_no_notice,
    expect_notice,
    settle,
)
from conformance.engine.steps.judging import like, schema_faults
from conformance.errors import InputError, OutOfReach
from conformance.json_text import at, encode
from conformance.model import COMES_BACK, Evidence
from conformance.target.lifetime import how
from conformance.transport import End, Unreachable
from conformance.transport.accepted import Accepted, Answer

KNOWN: Final = ("coda.v1",)


async def start(action: Action) -> None:
    """Start the client, again if it runs."""
    row = action.argument
    scale = float(row.get("backoff_scale", action.world.variables.get("backoff_scale", 1.0)))
    try:
        await dialogue_of(action).start(row.get("token", ""), scale, row.get("url", ""))
    except NotJudged as error:
        raise NotJudged(f"{action.step.location}: {error}") from None
    except InputError as error:  # what the user wrote, or the system that lacks room
        raise Unreachable(str(error)) from None


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
        timeout = max(0.0, action.last_moment(within) - action.world.now())
    try:
        connection = await dialogue.accept(action.on, answer, timeout)
    except TimeoutError:
        if action.option("may_fail", False):
            return None
        may_end = action.option("may_end", False)
        if _is_over(action, may_end=may_end):
            why = "the client is made for one session, and does not connect again"
            raise NotAsked(f"{action.step.location}: {why}") from None
        ended = dialogue.client.ended if dialogue.client is not None else ""
        if ended == how(0) and may_end:
            hint = "if it is made for one session, say so in its target file (one_session: true)"
            raise NotJudged(f"{action.step.location}: the client ended {ended}; {hint}") from None
        said = f"; it ended {ended}" if ended else ""
        action.timed_out(
            "missing",
            f"the client does not connect{' again' * bool(dialogue.connections)}",
            expected=Evidence("a connection from the client"),
            received=Evidence(f"none within {timeout:.1f} s{said}"),
            shows_nothing=early is not None and within is None,  # of how long it waits
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


def _is_over(action: Action, *, may_end: bool) -> bool:
    """Return whether a client that is made for one session has come to its end.

    What it ends itself, although nothing calls for that, is no such end.
    """
    dialogue = dialogue_of(action)
    ends = COMES_BACK not in action.world.claims and dialogue.has_stopped
    return ends and (may_end or dialogue.was_ended)


def _judge_request(action: Action, connection: Accepted) -> None:
    if connection.is_beyond:
        raise OutOfReach(f"a request is longer than the kit reads: {connection.fault}")
    if connection.fault:
        action.requirement = action.world.suite.handshake.broken
        action.fail(
            "handshake",
            "the client's handshake violates RFC 6455",
            expected=Evidence("an opening handshake that follows RFC 6455, section 4.2.1"),
            received=Evidence(connection.fault),
            entry=action.last_entry,
        )
    schema = action.option("request")
    faults = schema_faults(action, connection.asked_for, "request")
    if faults:
        action.fail(
            "handshake",
            f"unexpected handshake at {faults[0].pointer or 'the top level'}: {faults[0].message}",
            expected=Evidence("a handshake that satisfies the schema", schema),
            received=Evidence("a handshake with", connection.asked_for),
            pointer=faults[0].pointer,
            entry=action.last_entry,
        )


async def expect_connection(action: Action) -> None:
    """Fail unless the client asks for a further connection; its request is not answered yet."""
    timeout = action.world.connect_timeout
    try:
        await dialogue_of(action).arriving(timeout)
    except TimeoutError:
        action.timed_out(
            "missing",
            "the client does not connect",
            expected=Evidence("a request for a connection"),
            received=Evidence(f"none within {timeout:.1f} s"),
        )


async def expect_no_connection(action: Action) -> None:
    """Fail if the client connects within a time, or before it reports that it has given up.

    More patience makes the time no longer: after it, a client may connect, however slow it is.
    """
    dialogue = dialogue_of(action)
    row = action.argument
    seconds = float(row["seconds"]) * min(1.0, action.world.timeout_scale)
    action.dialogue.note_wait("connections that must not come", seconds)
    is_told = "until" in row and dialogue.client is not None
    reported = _reported(dialogue, row["until"]) if is_told else lambda: False
    with suppress(TimeoutError):
        await dialogue.arrivals.until(lambda: bool(_unwanted(action)) or reported(), seconds)
        await dialogue.arrivals.until(lambda: bool(_unwanted(action)), ON_ITS_WAY)
    found = _unwanted(action)
    if found:
        schema = action.option("request")
        action.fail(
            "unwanted message",
            "the client connects although it may not",
            expected=Evidence("no connection like", schema)
            if schema
            else Evidence("no connection"),
            received=Evidence("a request", found[0].asked_for)
            if schema
            else Evidence("a connection from the client"),
        )


def _unwanted(action: Action) -> list[Accepted]:
    """Return the waiting connections that must not come."""
    waiting, schema = dialogue_of(action).port.waiting, action.option("request")
    if not schema:
        return [*waiting]
    return [
        row
        for row in waiting
        if row.request is not None and not schema_faults(action, row.asked_for, "request")
    ]


def _reported(dialogue: ClientDialogue, wanted: Any) -> Callable[[], bool]:
    """Return a function that says whether the driver's latest notice of a kind is this one.

    It reads each notice once.
    """
    notices, seen, is_it = dialogue.process.reported, 0, False

    def is_latest() -> bool:
        nonlocal seen, is_it
        fresh, seen = notices.latest(notices.added - seen), notices.added
        values = (notice.value for notice in fresh)
        latest = next((v for v in values if v["notice"] == wanted["notice"]), None)
        is_it = is_it if latest is None else matches(wanted, latest)
        return is_it

    return is_latest


async def stop_listening(action: Action) -> None:
    """Refuse new connections, as a server that is down."""
    dialogue_of(action).port.stop()


async def listen(action: Action) -> None:
    """Accept new connections again, on the same port."""
    await dialogue_of(action).port.listen()


async def expect_question(action: Action) -> None:
    """Fail unless the client sends something that a server answers: a message, or a ping frame."""
    connection = action.connection
    assert isinstance(connection, Accepted)
    begun, within = perf_counter(), action.moment("within")
    timeout = action.timeout
    if within is not None:
        timeout = max(0.0, action.last_moment(within) - action.world.now())
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
    faults = schema_faults(action, value)
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
    await settle(action)
    while True:
        try:
            item = await connection.receive(0)
        except TimeoutError:
            return
        if isinstance(item, End):
            return
        is_like = matches(unwanted, item.value) and item.mentions(action.option("containing", ""))
        if is_like and not schema_faults(action, item.value):
            action.fail(
                "unwanted message",
                "an unwanted message came",
                sent=sent,
                expected=like(unwanted, "no message like"),
                message=item,
            )


VERBS: Final = {
    "start": start,
    "accept": accept,
    "expect_connection": expect_connection,
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
