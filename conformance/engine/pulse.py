"""Whether the target is still alive, checked when an attempt leaves that in doubt."""

import asyncio
from collections.abc import Sequence
from time import perf_counter
from typing import Final

import msgspec

from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer
from conformance.engine.world import World
from conformance.transport import Connection, Unreachable

PAUSES: Final = (0.0, 0.5, 1.5)
"""Seconds before each look: a target that its supervisor restarts is gone for a moment."""

LOOKS: Final = 3
"""The most looks that are taken while the kit itself is held up."""

SILENT: Final = "it accepts connections but no longer answers"
HANGS_UP: Final = "it accepts connections but closes them without an answer"


class Flight:
    """One scenario in progress: when it ran, and whether the target may have died meanwhile."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self.begun = perf_counter()
        self.ended: float | None = None
        self.dialogue: Dialogue | None = None
        self.in_doubt = False
        self.held = False

    def was_on(self, moment: float) -> bool:
        """Return whether it was in progress at a moment and did not pass after it."""
        return self.begun <= moment and not self.held and (self.ended or moment + 1) > moment

    @property
    def unanswered_since(self) -> float:
        """When it sent the first message that is still unanswered; infinite if there is none."""
        return self.dialogue.unanswered_since if self.dialogue is not None else float("inf")


class Loss(msgspec.Struct, frozen=True):
    """Why the target counts as lost, and what was in progress when it was last heard from."""

    reason: str
    silent: bool
    in_flight: tuple[str, ...]

    @property
    def note(self) -> str:
        """The text for the report."""
        flights = f"; in flight: {', '.join(self.in_flight)}" if self.in_flight else ""
        return f"the target was lost during the run: {self.reason}{flights}"


class Pulse:
    """Finds out with one more connection that the target is lost; `lost` is set from then on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.loss: Loss | None = None
        self.lost = asyncio.Event()
        self._flights: list[Flight] = []
        self._lock = asyncio.Lock()
        self._alive_at = 0.0

    def take_off(self, scenario: str) -> Flight:
        """Note that a scenario begins."""
        heard = self.world.last_heard
        self._flights = [row for row in self._flights if row.ended is None or row.was_on(heard)]
        self._flights.append(Flight(scenario))
        return self._flights[-1]

    def flying(self) -> list[Flight]:
        """Return what is in progress, the earliest first."""
        return [row for row in self._flights if row.ended is None]

    async def beats(self, since: float) -> bool:
        """Return whether the target was alive at a moment or later; look if nothing shows it."""
        async with self._lock:
            for left in reversed(range(LOOKS)):
                if self.loss is not None or max(self._alive_at, self.world.last_heard) >= since:
                    break
                begun = perf_counter()
                reason, silent = await self._look()
                if left and reason and self.world.held_up(begun) > self.world.timeout / 10:
                    continue  # the kit itself had no time to listen
                if not reason:
                    self._alive_at = begun
                    return True
                self._lose(reason, silent)
        return self.loss is None

    def _lose(self, reason: str, silent: bool) -> None:
        heard = self.world.last_heard
        since = [row for row in self._flights if not row.held]
        flights = [row for row in since if row.was_on(heard)] or since
        flights.sort(key=lambda row: row.unanswered_since)
        names = dict.fromkeys(row.scenario for row in flights)
        self.loss = Loss(reason, silent, tuple(names))
        self.lost.set()
        if silent:
            dialogues = [row.dialogue for row in flights if row.dialogue is not None]
            for dialogue in sorted(dialogues, key=lambda row: row.asked_since)[:1]:
                dialogue.note_silence()

    async def _look(self) -> tuple[str, bool]:
        """Return why the target counts as lost (empty if alive), and whether it is only silent."""
        reason = ""
        for pause in PAUSES:
            await asyncio.sleep(pause)
            try:
                connections = await self._connections()
            except Unreachable as error:
                reason = str(error)
                continue
            if connections is None or any(map(self._lives, connections)):
                return "", False
            if all(c.response is None and c.end is not None for c in connections):
                reason = HANGS_UP  # such as a process that is exiting
                continue
            return SILENT, True
        return reason, False

    async def _connections(self) -> Sequence[Connection] | None:
        """Return the connections of one more discovery; None if a message arrived meanwhile."""
        begun = perf_counter()
        dialogue = Dialogue(self.world, "pulse")
        try:
            try:
                await Performer(dialogue).call(self.world.suite.discovery[0])
            except Unreachable:
                raise
            except Exception:  # noqa: S110 - a fault of the kit shows up in the scenarios
                pass
            heard = self.world.last_heard >= begun
            return None if heard else tuple(dialogue.connections.values())
        finally:
            await dialogue.finish()

    def _lives(self, connection: Connection) -> bool:
        """Return whether a connection shows that the target is alive, without any message."""
        if connection.response is None:
            return False
        return connection.refused or connection.end is not None or not self.world.greets
