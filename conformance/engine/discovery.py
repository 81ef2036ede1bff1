"""Discovery: learning what a target states, and whether it speaks the protocol, before judging."""

import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from conformance.engine.attempt import ATTEMPTS
from conformance.engine.dialogue import Dialogue
from conformance.engine.inconclusive import NotJudged, TooSlow
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.parameters import parameters
from conformance.record.schedule import DISCOVERY
from conformance.target.hooks import HookFailed
from conformance.text.excerpts import cut
from conformance.transport import Connection, End, Unreachable

COMPRESSES: Final = "permessage-deflate"

OPERATORS_OWN: Final = frozenset({"host", "origin"})
"""Headers of a target file that make the first handshake other than plain."""


_HTTP: Final = re.compile(rb"HTTP/1\.0 (\d{3})\b")
_LOCATION: Final = re.compile(rb"\r?\nLocation:[ \t]*([^\r\n]*)", re.IGNORECASE)


class RefusedHandshake(msgspec.Struct, frozen=True):
    """Why the first handshake failed although it had to succeed, and what judges that."""

    reason: str
    scenarios: tuple[str, ...]


async def discover(world: World, *, force: bool = False) -> RefusedHandshake | None:
    """Learn what the target states; a target that cannot even do this is judged as it is.

    Returns why the first handshake failed, if a requirement obliges the target to accept it.
    Raises `Unreachable` if there is no WebSocket server at all or, without `force`, one of
    another protocol.
    """
    for left in reversed(range(ATTEMPTS)):
        dialogue = Dialogue(world, DISCOVERY)
        try:
            if await _learn(dialogue, left):
                return await _refused_handshake(dialogue)
            await _choose_barrier(dialogue)
            if not force:
                await _check_greeting(dialogue)
            await _offer_compression(dialogue)
            return None
        except TooSlow:
            continue
        finally:
            await dialogue.finish()
    return None


async def _learn(dialogue: Dialogue, left: int) -> bool:
    """Make one attempt to learn what the target states; return whether its handshake failed.

    Raises `TooSlow` if another attempt, of which `left` remain, may prove more.
    """
    world = dialogue.world
    world.variables = {"url": world.target.url, "origin": world.target.origin}
    world.variables |= dialogue.resolve(world.suite.variables, "c", {})
    _take(world, dialogue.of_connection.setdefault("c", {}))
    try:
        for name in world.suite.discovery:
            await Performer(dialogue).call(name)
            _take(world, dialogue.of_connection["c"])
    except Unreachable:
        raise
    except Exception as error:  # a fault of the kit shows up again in the scenarios
        if isinstance(error, TooSlow) and left:
            raise
        _take(world, dialogue.of_connection["c"])
        if isinstance(error, StepFailed | NotJudged | HookFailed):
            connection = dialogue.connections.get("c")
            return connection is not None and connection.refused
    finally:
        world.round_trip = dialogue.witness.quickest_answer
    return False


def _take(world: World, known: Mapping[str, Any]) -> None:
    """Record what is known of the target so far: its parameters and its claims."""
    given = world.target.parameters
    world.variables |= {**given, **parameters(world.suite, known, given)}
    claims = world.target.claims
    world.claims = world.suite.claims(known) if claims is None else claims


async def _choose_barrier(dialogue: Dialogue) -> None:
    """Find the first barrier that the target answers, if it let the kit in."""
    world, connection = dialogue.world, dialogue.connections.get("c")
    if connection is None or connection.is_beyond_the_kit:
        return
    if not dialogue.barriers.is_let_in(connection):
        return
    sent = {
        dialogue.barriers.send(connection, raw).token: raw for raw in world.suite.barrier.messages
    }
    deadline = perf_counter() + world.timeout
    world.barrier = None
    with suppress(TimeoutError):
        while world.barrier is None and perf_counter() < deadline:
            item = await connection.receive(max(0.0, deadline - perf_counter()))
            if isinstance(item, End):
                return
            world.barrier = next((raw for token, raw in sent.items() if item.mentions(token)), None)
            kind = item.value.get("type") if isinstance(item.value, dict) else None
            world.barrier_is_relayed = kind in world.suite.barrier.relayed


async def _offer_compression(dialogue: Dialogue) -> None:
    """Note whether the target negotiates permessage-deflate, as the claim of that name."""
    with suppress(Unreachable):
        connection = await dialogue.connect("compressed", answers_close=True, compression={})
        if connection.compresses:
            dialogue.world.claims |= {COMPRESSES}


# ── a handshake that failed ──


async def _refused_handshake(dialogue: Dialogue) -> RefusedHandshake:
    """Return why the first handshake failed, and what judges that.

    Raises `Unreachable` if no requirement obliges the target to accept it.
    """
    connection = dialogue.connections["c"]
    duty = dialogue.world.suite.handshake
    shown = dialogue.world.target.shown_url
    status = connection.response.status_code if connection.response else None
    if status is None:
        raise Unreachable(_no_handshake(connection, shown))
    wrong = f": {cut(connection.refusal)}" if status == HTTPStatus.SWITCHING_PROTOCOLS else ""
    reason = f"{shown} answers the first handshake with HTTP {status}{wrong}"
    if status not in duty.judged_by or _is_operators_own(dialogue.world):
        raise Unreachable(_other_status(connection, shown, status))
    for variant in duty.variants:
        if await _is_accepted(dialogue, variant.connect):
            return RefusedHandshake(reason, variant.judged_by)
    if status in duty.by_name and not _is_loopback(dialogue.world.target.url):
        raise Unreachable(
            f"{_other_status(connection, shown, status)}; does the server accept the host name "
            f"in this URL?"
        )
    return RefusedHandshake(reason, (duty.judged_by[status],))


async def _is_accepted(dialogue: Dialogue, raw: Mapping[str, Any]) -> bool:
    """Return whether the target accepts another handshake."""
    options = dialogue.resolve(raw, "c", {})
    origin = options.pop("origin", None)
    subprotocols = tuple(options.pop("subprotocols", ()))
    connection = await dialogue.connect(
        "variant",
        answers_close=True,
        origins=(origin,) if origin else (),
        subprotocols=subprotocols,
        **options,
    )
    return not connection.refused


def _is_operators_own(world: World) -> bool:
    """Return whether the target file itself sets the origin or host of the handshake."""
    return any(name.lower() in OPERATORS_OWN for name, _ in world.target.headers)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_handshake(connection: Connection, shown: str) -> str:
    """Return why what answered, if anything did, is not a WebSocket server."""
    where = f"{shown} accepts the connection but"
    if connection.silent:
        return f"{where} {connection.refusal}"
    old = _HTTP.match(connection.head)
    if old is not None:
        moved = _LOCATION.search(connection.head)
        to = f" (Location: {cut(moved[1].decode('latin-1'))})" if moved else ""
        return f"{shown} answers the WebSocket handshake with HTTP {int(old[1])}{to}"
    said = connection.refusal or "it hangs up"
    return f"{where} does not answer with a WebSocket handshake: {said}"


def _other_status(connection: Connection, shown: str, status: int) -> str:
    response = connection.response
    moved = response.headers.get_all("Location") if response is not None else []
    to = f" (Location: {cut(moved[0])})" if moved else ""
    return f"{shown} answers the WebSocket handshake with HTTP {status}{to}"


# ── a target of another protocol ──


async def _check_greeting(dialogue: Dialogue) -> None:
    """Raise `Unreachable` if the target speaks WebSocket but does not greet in time."""
    connection = dialogue.connections.get("c")
    if connection is None or connection.is_beyond_the_kit:
        return
    world = dialogue.world
    deadline = connection.opened + world.timeout
    end: End | None = connection.end
    while not world.greets and end is None and perf_counter() < deadline:
        try:
            item = await connection.receive(max(0.0, deadline - perf_counter()))
        except TimeoutError:
            break
        end = item if isinstance(item, End) else None
    if world.greets or connection.broke_format:
        return
    greeting, title = world.suite.greeting, world.suite.title
    raise Unreachable(
        f"{world.target.shown_url} opens a WebSocket but sends no {greeting}{_instead(end)}: this "
        f"does not look like a server of the {title} (use --force to judge it anyway)"
    )


def _instead(end: End | None) -> str:
    """Return how the connection ended, if it did."""
    if end is None:
        return ""
    reason = f" ({cut(end.reason)})" if end.reason else ""
    return f" and ends the connection with code {end.code}{reason}"
