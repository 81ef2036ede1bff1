"""A dialogue as a Python program that plays it again, with the library `websockets` alone."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.errors import InputError
from conformance.model import Result, TranscriptEntry
from conformance.record.record import RunRecord

_PARTS: Final = re.compile(r" (?=[A-Za-z][\w -]*: )")
SHORTEST_WAIT: Final = 0.3
"""Seconds before something that is sent which are taken for a wait."""

LONGEST_WAIT: Final = 120.0

CODES: Final = (1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000))
"""The close codes that the library sends."""

_PING: Final = re.compile("(?:[0-9a-f]{2}){0,125}")
_OWN: Final = re.compile(r"\bk[0-9a-f]{12}\b")

PROGRAM: Final = '''\
#!/usr/bin/env python3
# -*- coding: ascii -*-
# {id}
"""Plays a dialogue again, as it was recorded: python FILE [URL]

It sends what was sent and shows what comes beside what came. The exit status is 0 if every message
is of the recorded kind, 1 if one is not, and 3 if something cannot be played, such as a proof that
a client computes. It needs `pip install websockets`.
"""

import json
import re
import secrets
import sys
import time
from contextlib import ExitStack
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import ClientConnection, connect

URL = sys.argv[1] if len(sys.argv) > 1 else {url}
KIND = {kind}
OWN = {own}
NEW = "k" + secrets.token_hex(6)
PATIENCE = 5.0
STEPS: list[Any] = {steps}

known: dict[str, str] = {{}}
connections: dict[str, ClientConnection] = {{}}
others = 0


def learn(recorded: Any, received: Any) -> None:
    """Learn what stands for a secret in the recording, such as <token 3>."""
    if isinstance(recorded, dict) and isinstance(received, dict):
        for name in recorded.keys() & received.keys():
            learn(recorded[name], received[name])
    elif isinstance(recorded, list) and isinstance(received, list):
        for one, other in zip(recorded, received):
            learn(one, other)
    elif isinstance(recorded, str) and isinstance(received, str):
        if re.fullmatch("<[a-z ]+[0-9]+>", recorded):
            known.setdefault(recorded, received)


def filled(text: str) -> str:
    """Return a recorded text with the secrets of today and a new mark."""
    for name, value in known.items():
        text = text.replace(name, value)
    hidden = re.search("<[a-z ]+[0-9]+>", text)
    if hidden:
        print(f"cannot be played: what {{hidden[0]}} stands for was not received")
        sys.exit(3)
    return text.replace(OWN, NEW) if OWN else text


def kind(text: str) -> str:
    """Return the kind of a message."""
    try:
        value = json.loads(text)
    except ValueError:
        return "text that is not JSON"
    found = []
    for path in KIND:
        part = value
        for name in path:
            part = part.get(name) if isinstance(part, dict) else None
        found.append(str(part))
    return " ".join(found)


def expect(name: str, recorded: str) -> None:
    """Take messages until one is of the recorded kind."""
    global others
    wanted, deadline = kind(recorded), time.monotonic() + PATIENCE
    while True:
        try:
            received = connections[name].recv(timeout=max(0.0, deadline - time.monotonic()))
        except (TimeoutError, ConnectionClosed) as error:
            print(f"{{name}} <- MISSING {{ascii(recorded)}} ({{type(error).__name__}})")
            others += 1
            return
        text = received if isinstance(received, str) else repr(received)
        same = kind(text) == wanted
        print(f"{{name}} <- {{'' if same else 'OTHER '}}{{ascii(text)}}")
        if same:
            try:
                learn(json.loads(recorded), json.loads(text))
            except ValueError:
                pass
            return
        others += 1


def open_(name: str, stack: ExitStack, options: Any, recorded: int) -> None:
    """Open a connection, which was accepted with 101 or refused with another status."""
    global others
    try:
        made = connect(URL, **{{"compression": None, "max_size": None, **options}})
        connections[name] = stack.enter_context(made)
        status = 101
    except InvalidStatus as error:
        status = error.response.status_code
    except (InvalidHandshake, OSError) as error:
        print(f"{{name}} cannot be opened: {{ascii(str(error))}}")
        sys.exit(1)
    print(f"{{name}} -> HTTP {{status}}; it was {{recorded}}")
    if status != recorded:
        others += 1
        sys.exit(1)


def main(stack: ExitStack) -> None:
    """Play all steps."""
    global others
    for step, name, *rest in STEPS:
        if step == "open":
            open_(name, stack, *rest)
        elif step == "expect":
            expect(name, rest[0])
        elif step == "send":
            text = filled(rest[0])
            print(f"{{name}} -> {{ascii(text)}}")
            connections[name].send(text)
        elif step == "wait":
            time.sleep(rest[0])
        elif step == "ping":
            came = connections[name].ping(bytes.fromhex(rest[0])).wait(PATIENCE)
            print(f"{{name}} {{'<- pong' if came else '<- MISSING pong'}}")
            others += not came
        elif step == "close":
            connections[name].close(rest[0] or 1000)
        elif step == "end":
            deadline = time.monotonic() + PATIENCE
            try:
                while True:
                    left = max(0.0, deadline - time.monotonic())
                    print(f"{{name}} <- OTHER {{connections[name].recv(timeout=left)!a}}")
            except TimeoutError:
                print(f"{{name}} stays open; it was closed with {{rest[0]}}")
                others += 1
            except ConnectionClosed:
                code = connections[name].close_code
                print(f"{{name}} closed with {{code}}; it was {{rest[0]}}")
                others += code != rest[0]
        else:
            print(f"cannot be played: {{rest[0]}}")
            sys.exit(3)
    print(f"{{others}} differ from the recording")


with ExitStack() as closing:
    main(closing)
sys.exit(1 if others else 0)
'''


def program(result: Result, record: RunRecord) -> str:
    """Return the program; raise `InputError` if the report does not have the whole dialogue."""
    if not result.transcript:
        raise InputError(f"the report has no dialogue of {result.id}: run it with --transcripts")
    numbers = [entry.ordinal for entry in result.transcript]
    if numbers != list(range(1, len(numbers) + 1)):
        raise InputError(f"the report has only a part of the dialogue of {result.id}")
    steps = [list(row) for row in _possible(_timed(result.transcript))]
    text = " ".join(str(entry.text) for entry in result.transcript)
    own = _OWN.search(text)
    shown = ",\n".join(f"    {_literal(row)}" for row in steps)
    return PROGRAM.format(
        id=_shown(result.id),
        url=_literal(record.target_url),
        kind=_literal([pointer.split("/")[1:] for pointer in record.suite.told_apart_by]),
        own=_literal(own[0] if own else ""),
        steps=f"[\n{shown},\n]",
    )


def _literal(value: Any) -> str:
    """Return a value as Python source that is ASCII alone, which nothing in it can leave."""
    return ascii(value)


def _possible(steps: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    """Yield the steps up to the first on a connection that was never opened, which ends them."""
    opened: set[str] = set()
    for step in steps:
        verb, name, *_ = step
        if verb == "open":
            opened.add(name)
        elif verb != "stop" and name not in opened:
            yield "stop", name, f"{verb} on {name}, which was not opened"
            return
        yield step


def _timed(entries: Sequence[TranscriptEntry]) -> Iterator[tuple[Any, ...]]:
    """Yield the steps for all entries, with what was waited for before something was sent."""
    before = 0.0
    statuses = _statuses(entries)
    for entry in entries:
        gap, name = entry.seconds - before, _shown(entry.connection)
        if entry.direction == "sent" and entry.kind != "handshake" and gap > SHORTEST_WAIT:
            is_short = gap <= LONGEST_WAIT
            yield ("wait", name, round(gap, 2)) if is_short else ("stop", name, f"{gap:g} s passed")
        before = entry.seconds
        yield from _steps(entry, name, statuses)


def _statuses(entries: Iterable[TranscriptEntry]) -> dict[str, list[int]]:
    """Return how the handshakes of each connection were answered, in their order."""
    found: dict[str, list[int]] = {}
    for entry in entries:
        if (entry.direction, entry.kind) == ("received", "handshake"):
            found.setdefault(entry.connection, []).append(entry.code or 0)
    return found


def _shown(text: str) -> str:
    """Return a text in a form that neither a terminal nor Python obeys."""
    return ascii(text)[1:-1]


def _steps(
    entry: TranscriptEntry, name: str, statuses: Mapping[str, list[int]]
) -> Iterator[tuple[Any, ...]]:
    """Yield the steps of the program for an entry; what only the kit can do ends it."""
    stop = ("stop", name, _shown(f"{entry.direction} {entry.kind} {entry.text[:80]}"))
    match entry.direction, entry.kind:
        case "sent", "handshake":
            options = _options(_PARTS.split(entry.text)[1:])
            answers = statuses.get(entry.connection)
            is_known = options is not None and answers
            yield ("open", name, options, answers.pop(0)) if is_known and answers else stop
        case "sent", "text" if not entry.is_cut:
            yield "send", name, entry.text
        case "sent", "ping" if _PING.fullmatch(entry.text):
            yield "ping", name, entry.text
        case "sent", "close" if entry.code is None or entry.code in CODES:
            yield "close", name, entry.code
        case "received", "text" if not entry.is_cut:
            yield "expect", name, entry.text
        case "received", "end":
            yield "end", name, entry.code
        case "received", _:
            return
        case _:
            yield stop


def _options(parts: list[str]) -> dict[str, Any] | None:
    """Return the options of a handshake; None if it is one that only the kit can make."""
    found: dict[str, Any] = {}
    for part in parts:
        name, _, value = part.partition(": ")
        if name == "subprotocols":
            found["subprotocols"] = value.split(", ")
        elif name == "Origin":
            found["origin"] = value
        else:
            return None
    return found
