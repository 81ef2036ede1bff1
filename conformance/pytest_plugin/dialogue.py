"""Dialogues of one's own with a server: what a test says on its connections, and hears there."""

import copy
from collections import deque
from collections.abc import Coroutine, Mapping
from itertools import count
from time import perf_counter
from typing import Any, Final, NoReturn, TypeVar

from conformance.engine.dialogue import Dialogue
from conformance.engine.inconclusive import NotJudged
from conformance.engine.matching import difference, matches
from conformance.engine.steps import Performer, StepFailed
from conformance.errors import InputError, KitError, Location
from conformance.model import Failure, Step
from conformance.pytest_plugin.server import Server
from conformance.record.evidence import words
from conformance.record.wording import line
from conformance.target.hooks import HookFailed
from conformance.text.escapes import printable
from conformance.text.excerpts import cut, shown
from conformance.transport import Connection, End, Message, Unreachable

T = TypeVar("T")

KEPT: Final = 5
"""Messages that were passed over which a failure shows."""

AROUND: Final = 12
"""Entries of the dialogue which a failure shows."""

GRACE: Final = 1.0
"""Seconds after a deadline in which what has already come is still looked at."""

FIRST: Final = "c"

_HERE: Final = Location("the test")


class Unmet(AssertionError):
    """The server did not do what the test expects."""


class NotPossible(Exception):
    """The dialogue cannot be had: the server is gone, or a hook fails or is missing."""


class Dialogues:
    """What a test says to a server and hears from it, on any number of connections."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.world = server.world
        self.dialogue = Dialogue(server.world, name)
        self.performer = Performer(self.dialogue)
        self._numbers = count(2)
        self._first = True

    def new_name(self) -> str:
        """Return a name for the next connection."""
        name = FIRST if self._first else f"{FIRST}{next(self._numbers)}"
        self._first = False
        return name

    async def step(self, verb: str, argument: Any, on: str, **modifiers: Any) -> None:
        """Perform one step of the scenario language."""
        step = Step(verb, argument, {"on": on, **modifiers}, _HERE)
        await self._told(self.performer.perform((step,)))

    async def send(self, text: str, on: str) -> None:
        """Send a text message as it is."""
        self.connection(on).send_text(text)

    async def call(self, procedure: str, on: str, given: Mapping[str, Any]) -> None:
        """Perform one of the suite's procedures."""
        if procedure not in self.world.suite.procedures:
            raise NotPossible(f'there is no procedure "{printable(procedure)}"')
        await self._told(self.performer.call(procedure, on, dict(given)))

    async def hook(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Call a hook of the target file and return its result."""
        return await self._told(self.dialogue.call_hook(name, arguments))

    async def authenticate(self, on: str) -> None:
        """Take the challenge on a connection, and answer it."""
        after_connecting = self.world.suite.procedures["challenge"].steps[1:]
        await self._told(self.performer.perform(after_connecting, on, {}))
        await self.call("authenticate", on, {})

    async def _told(self, work: Coroutine[Any, Any, T]) -> T:
        """Do a piece of work; whatever prevents it is told in printable lines without secrets."""
        try:
            return await work
        except StepFailed as failed:
            self.unmet(*_rows(failed.failure))
        except (NotJudged, HookFailed, Unreachable, KitError, InputError) as error:
            raise NotPossible(self._safe(str(error))) from None

    async def expect(self, on: str, pattern: Any, timeout: float | None) -> Any:
        """Take messages until one matches, and return its value."""
        connection = self.dialogue.connection(on)
        patience = self.world.timeout if timeout is None else timeout
        until = perf_counter() + patience
        others: deque[Message] = deque(maxlen=KEPT)
        passed = 0
        while perf_counter() < until + GRACE:
            try:
                item = await connection.receive(max(0.0, until - perf_counter()))
            except TimeoutError:
                break
            if isinstance(item, End):
                code = f"{item.code} {item.reason}".rstrip()
                ended = f"{item.how}, close code {code}"
                self.unmet("the connection ended instead", *_due(pattern, others, passed), ended)
            if not item.fault and matches(pattern, item.value):
                return copy.deepcopy(item.value)
            others.append(item)
            passed += 1
        self.unmet(f"no such message came within {patience:g} s", *_due(pattern, others, passed))

    def connection(self, on: str) -> Connection:
        """Return the connection of that name."""
        return self.dialogue.connection(on)

    async def finish(self) -> None:
        """Close all connections."""
        await self.dialogue.finish()

    def unmet(self, *lines: str) -> NoReturn:
        """Raise `Unmet` with lines that say what is wrong, and the end of the dialogue."""
        rows = [row for row in self.dialogue.witness.transcript.entries() if row.kind != "others"]
        told = [*lines, "", *(cut(line(row), 240) for row in rows[-AROUND:])]
        raise Unmet("\n".join(map(self._safe, told))) from None

    def _safe(self, text: str) -> str:
        return printable(self.world.secrets.hide(text))


def _rows(failure: Failure) -> list[str]:
    rows = (
        ("sent", words(failure.sent)),
        ("expected", words(failure.expected)),
        ("received", words(failure.received)),
        ("differs", failure.pointer),
        ("step", failure.step),
        ("at", failure.location),
    )
    return [failure.summary, *(f"{name:<9} {cut(value)}" for name, value in rows if value)]


def _due(pattern: Any, others: deque[Message], passed: int) -> list[str]:
    """Say what was due, what came, and where the likest of it differs."""
    rows = [f"expected  a message like {shown(pattern)}"]
    rows += [f"received  {cut(message.text)}" for message in others]
    if passed > len(others):
        rows.append(f"          and {passed - len(others)} before")
    alike = [row for row in others if _is_like(pattern, row)]
    found = difference(pattern, alike[-1].value) if alike else None
    if found is not None:
        rows.append(
            f"differs   at {found.pointer or 'the top level'}: expected {found.expected}, "
            f"received {found.received}"
        )
    return rows


def _is_like(pattern: Any, message: Message) -> bool:
    """Return whether a message is of the type that a pattern asks for."""
    wanted = pattern.get("type") if isinstance(pattern, dict) else None
    value = message.value
    return not message.fault and isinstance(value, dict) and wanted in (None, value.get("type"))
