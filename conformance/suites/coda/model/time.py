"""How time passes, and what it ends."""

from collections.abc import Iterator
from math import inf
from random import Random
from typing import Final

from conformance.loader.exploration import Action, Due, Row, Turn
from conformance.suites.coda.model import rows
from conformance.suites.coda.model.state import UNSURE_FROM, State

EXPIRY: Final = "expiry"
"""Not a window of the server's: until the next token expires."""


LONGEST_WAIT: Final = 600.0


class Wait(Action, frozen=True):
    """Waits, or moves the target's clock, by a part of a window."""

    window: str
    part: float

    @property
    def branch(self) -> str:
        """Which of the ways of doing it this is."""
        return f"wait {self.window} {self.part}"

    def applied(self, state: State) -> Turn | None:
        """What is older than its window is forgotten; what has not authenticated is closed."""
        if "advance_clock" not in state.facts.hooks:
            return None
        seconds = self._seconds(state)
        if seconds <= 0:
            return None
        return moved(state, seconds, f"wait: {self.part:g} {self.window}")

    def _seconds(self, state: State) -> float:
        past = 0.05 if self.part >= 1 else 0
        if self.window == EXPIRY:
            alive = [line.tokens[-1].expires - state.now for line in state.lines]
            soon = min((left for left in alive if left > 0), default=0.0)
            return self.part * soon + past if soon < LONGEST_WAIT else 0.0
        return self.part * state.facts.number(self.window, 5.0) + past


class Move(Action, frozen=True):
    """Moves the target's clock by some seconds."""

    seconds: float

    @property
    def kind(self) -> str:
        """The kind of the action, for the coverage."""
        return "wait"

    def applied(self, state: State) -> Turn | None:
        """What is older than its window is forgotten; what has not authenticated is closed."""
        return moved(state, self.seconds, "wait")


def moved(state: State, seconds: float, about: str) -> Turn | None:
    """Move the clock; return what is then due, None if that is not known."""
    later = state.now + seconds
    if _is_unsure(state, later):
        return None
    state.now = later
    state.moved += seconds
    recover(state)
    hook: Row = {"hook": "advance_clock", "with": {"seconds": seconds}}
    found = [*_ended(state)]
    for link in state.open:
        state.in_time(link)
    return Turn(about, [hook], found, settles=True, rests=True)


def elapse(state: State, seconds: float, lag: float) -> bool:
    """Let real time pass until then; return whether it is sure that nothing has ended."""
    state.now = max(state.now, seconds + state.moved)
    state.lag, state.slack = lag, inf
    recover(state)
    timeout = state.facts.number("expires_in", 30.0)
    return all(state.now - link.opened < UNSURE_FROM * timeout for link in state.pending)


def recover(state: State) -> None:
    """Give identities back the room that they have after a while."""
    for identity in state.identities:
        if state.now - identity.last_spent > 2.5 * state.rate[1]:
            identity.spent = 0


def _is_unsure(state: State, later: float) -> bool:
    """Return whether something would then be so near its end that it may or may not be over."""
    timeout = state.facts.number("expires_in", 30.0)
    ages = [later - link.opened for link in state.pending]
    newest = [line.tokens[-1] for line in state.lines]
    return any(UNSURE_FROM * timeout < age < timeout + NEAR for age in ages) or any(
        token.expires - BEFORE < later and (token.is_refreshed or later < token.expires + NEAR)
        for token in newest
    )


def _ended(state: State) -> Iterator[Due]:
    """End what is over: the time to authenticate, and sessions whose token has expired."""
    timeout = state.facts.number("expires_in", 30.0)
    for link in state.open:
        if not link.is_in and state.now - link.opened >= timeout:
            link.end(state.now)
            yield rows.close(link, (4408,), "AUTH-14")
        elif link.line is not None and state.now >= link.line.tokens[-1].expires:
            link.end(state.now)
            yield rows.close(link, (4410,), "TOKEN-12")


NEAR: Final = 0.04
"""Seconds after the end of something in which it may not be over yet."""

BEFORE: Final = 0.5
"""Seconds before the expiry of a token in which it may be over already."""


def draw_wait(state: State, random: Random) -> Action | None:
    """Draw a time that is well before, or just behind, the end of a window."""
    windows = ["dedup_window", "dedup_window", "id_window"]
    windows += ["expires_in"] * 3 if state.pending else []
    windows += [EXPIRY] * 2 if state.lines else []
    window = random.choice(windows)
    return Wait(window, random.choice((0.3, 0.6, 0.8, 1.0)))
