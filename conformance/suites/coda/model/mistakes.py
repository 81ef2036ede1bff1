"""Texts that are refused, and messages that are too long."""

from collections.abc import Iterator
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.refusals import refused
from conformance.suites.coda.model.state import Link, Memory, State
from conformance.suites.coda.model.texts import (
    DOMAIN,
    FAULTS,
    MARK,
    MARK_GROWS,
    RUN,
    RUN_GROWS,
    UNKNOWN,
    Fault,
    sized,
)


class Mistake(Action, frozen=True):
    """Sends a text that is refused, several times in a row."""

    on: str
    fault: Fault
    times: int = 1

    def simpler(self) -> Iterator[Action]:
        """The same less often."""
        for times in sorted({1, 2, self.times // 2, self.times - 1}):
            if 0 < times < self.times:
                yield replace(self, times=times)

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"mistake {self.fault.name} {self.times > 1}"

    def applied(self, state: State) -> Turn | None:
        """Send it; it is refused each time, and has no effect."""
        link, fault = state.links.get(self.on), self.fault
        if link is None or not link.is_open:
            return None
        phase, limit = link.phase, state.violation_limit
        times = min(self.times, max(1, limit - link.violations))
        code = fault.code if link.is_in else fault.early
        requirement = fault.requirement if link.is_in else fault.early_requirement
        violates = code != "unknown_type"
        if violates and link.violations + times >= limit and not state.claims("limits"):
            times = limit - 1 - link.violations  # what comes after is not known
        if times < 1 or (fault.counts and not state.spent(link, times)):
            return None
        codes: Any = ("invalid_json", "invalid_message") if requirement == DOMAIN else code
        name = fault.id
        found: list[Due] = []
        for _ in range(times):
            found += (
                refused(
                    state,
                    link,
                    codes,
                    requirement,
                    name,
                    violates=violates,
                    may_name=code == "invalid_json",
                    counts=fault.counts,
                )
                or []
            )
        if link.identity is not None and name is not None:
            link.identity.refused.add(f"id:{name}")
        sent = [rows.text(link, fault.text)] * times
        return Turn(f"{phase}: {fault.name}", sent, found, link.name, unasked="MSG-10")


def draw_mistake(state: State, random: Random) -> Action | None:
    """Draw a mistake, seldom many of them."""
    link = state.any_link(random)
    if link is None:
        return None
    times = random.choice(
        (1, 1, 1, 1, 2, 3, 5, 10, state.violation_limit - 1, state.violation_limit)
    )
    return Mistake(link.name, random.choice(FAULTS), min(times, 40))


class Big(Action, frozen=True):
    """Sends a message that is as long as allowed, or a byte longer."""

    on: str
    more: int = 0

    def simpler(self) -> Iterator[Action]:
        """The same message, and short."""
        if not self.more:
            yield Mistake(self.on, UNKNOWN)

    def applied(self, state: State) -> Turn | None:
        """One that is longer ends the connection."""
        link = state.links.get(self.on)
        if link is None or not link.is_open:
            return None
        _, most = state.most(link)
        if not 0 < most <= LARGEST:
            return None
        if not self.more:
            return self._fits(state, link, most)
        phase = link.phase
        link.end(state.now)
        sent = [rows.text(link, sized({"type": "${marker}"}, most + self.more))]
        found = [rows.close(link, (1009,), "TRANSPORT-06")]
        return Turn(f"{phase}: too long", sent, found, link.name, settles=True, rests=True)

    def _fits(self, state: State, link: Link, most: int) -> Turn | None:
        code = "unknown_type" if link.is_in else "unauthenticated"
        about = f"{link.phase}: as long as allowed"
        if not state.spent(link):
            return None
        found = refused(state, link, code, "TRANSPORT-07", None, violates=not link.is_in)
        if found is None:
            return None
        sent = [rows.text(link, sized({"type": "${marker}"}, most))]
        found = [replace(due, blames=(rows.ended("TRANSPORT-07"), *due.blames)) for due in found]
        return Turn(about, sent, found, link.name)


LARGEST: Final = 2 * 1024 * 1024


def draw_big(state: State, random: Random) -> Action | None:
    """Draw a message as long as allowed, or too long."""
    link = state.any_link(random)
    return None if link is None else Big(link.name, random.choice((0, 0, 1, 100)))


class Fill(Action, frozen=True):
    """Says something that is as long as allowed, in characters that others may spell longer."""

    on: str
    character: str
    number: int

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"fill {self.character}"

    def applied(self, state: State) -> Turn | None:
        """It is relayed, and hardly longer."""
        link = state.links.get(self.on)
        if link is None or not link.is_in:
            return None
        limit, most = state.most(link)
        if not 0 < most <= LARGEST or not state.spent(link):
            return None
        message_type = f"{MARK}.{self.number}"
        message: Row = {
            "type": "client_message",
            "id": f"{RUN}.big{self.number}",
            "data": {"message_type": message_type, "message_data": {"n": ""}},
        }
        room = most - len(sized(message, 0)) - MARK_GROWS - RUN_GROWS
        message["data"]["message_data"]["n"] = self.character * (
            room // len(self.character.encode())
        )
        assert link.identity is not None
        link.identity.remember(
            f"id:{RUN}.big{self.number}", Memory("", 1, state.now, "", link.name)
        )
        sent = [rows.text(link, sized(message, most))]
        event = f"e{len(state.events) + 1}"
        state.happened(f"{link.name}.{event}", most + 4_096)
        wanted: Row = {"type": "client_message", "data": {"message_type": message_type}}
        longest: Row = {"longest": {"$fn": "sum", "values": [f"${limit}", 4096]}}
        blames = (rows.ended("TRANSPORT-07"), rows.like("TRANSPORT-07", "error"))
        found = [rows.due(link, wanted, "MSG-12", blames, save={event: ""}, **longest)]
        others = [row for row in state.sessions if row is not link]
        found += [rows.due(row, wanted, "MSG-12", (), **longest) for row in others]
        about = f"session: fill, {self.character}"
        return Turn(about, sent, found, link.name, settles=True, rests=True)


def draw_fill(state: State, random: Random) -> Action | None:
    """Draw something long."""
    if not state.sessions:
        return None
    character = random.choice(("x", "é", "<", "\u2028", "😀"))
    return Fill(random.choice(state.sessions).name, character, random.randrange(10_000))
