"""The model of Coda Lite's protocol: what a server does, as tables and small rules."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from conformance.loader.exploration import Action, Draw, Due, Facts, ProtocolModel, Row, Turn
from conformance.model import TranscriptEntry
from conformance.suites.coda.model import (
    asking,
    ending,
    failing,
    handshakes,
    happening,
    joining,
    mistakes,
    proving,
    reading,
    saying,
    spending,
    time,
    tokens,
)
from conformance.suites.coda.model.rows import alone, ended, like
from conformance.suites.coda.model.state import State

DRAWS: Final[Mapping[str, Draw]] = MappingProxyType(
    {
        "open": Draw(2.5, handshakes.draw_open),
        "login": Draw(10, joining.draw_login),
        "again": Draw(0.5, joining.draw_again),
        "fail": Draw(1.2, failing.draw_fail),
        "prove": Draw(4, proving.draw_prove),
        "issue": Draw(0.5, tokens.draw_issue),
        "refresh": Draw(2, tokens.draw_refresh),
        "revoke": Draw(1, tokens.draw_revoke),
        "say": Draw(12, saying.draw_say),
        "pour": Draw(0.25, saying.draw_pour),
        "mistake": Draw(3, mistakes.draw_mistake),
        "ping": Draw(2, asking.draw_ping),
        "split": Draw(0.5, asking.draw_split),
        "fill": Draw(0.1, mistakes.draw_fill),
        "restart": Draw(0.05, happening.draw_restart),
        "big": Draw(0.15, mistakes.draw_big),
        "overspend": Draw(0.1, spending.draw_overspend),
        "emit": Draw(0.5, happening.draw_emit),
        "knock": Draw(0.2, handshakes.draw_knock),
        "frame": Draw(1, asking.draw_frame),
        "close": Draw(0.4, ending.draw_close),
        "drop": Draw(0.5, ending.draw_drop),
        "break": Draw(0.3, ending.draw_break),
        "wait": Draw(0.9, time.draw_wait),
    }
)


UNASKED: Final = (
    like("MSG-01", "client_message"),
    like("DEDUP-03", "duplicate_message"),
    like("HEARTBEAT-03", "pong"),
    like("AUTH-09", "auth_result"),
    like("STATE-01", "auth_challenge"),
)
"""What a message breaks that comes although it is not due."""


class CodaModel(ProtocolModel):
    """What a server of Coda Lite's protocol does."""

    order = "ORDER-01"

    def begin(self, facts: Facts) -> State:
        """Return the state before anything was done."""
        return State(facts)

    @property
    def draws(self) -> Mapping[str, Draw]:
        """How to draw an action of each kind."""
        return DRAWS

    def nothing_more(self, state: State, unasked: str = "") -> Turn:
        """In every session a barrier shows that nothing came that was not due."""
        blames = () if unasked else UNASKED
        found = []
        for link in state.sessions:
            if self.may_end(state, link.name):
                continue
            if link.identity is not None and link.identity.spent < state.rate[0]:
                named = unasked or "ORDER-05"
                state.spend(link.identity)  # a barrier is a message like others
                link.identity.remember(f"content:barrier {link.identity.spent}", None)
                row: Row = {"expect_absent": {}, "on": link.name, "requirement": named}
                found.append(Due(link.name, row, (ended(alone(state, link)), *blames)))
        return Turn("end", [], found, settles=True)

    def elapse(self, state: State, seconds: float, lag: float) -> bool:
        """Let real time pass until then; return whether it is sure what has become of the state."""
        return time.elapse(state, seconds, lag)

    def may_end(self, state: State, on: str) -> bool:
        """Return whether a connection may end at any time, since a recording hides its token."""
        link = state.links.get(on)
        return link is not None and link.line is not None and link.line.is_hidden

    @property
    def readable(self) -> frozenset[str]:
        """The kinds of actions that can be read from a recording."""
        return reading.KINDS

    def read(
        self,
        state: State,
        entry: TranscriptEntry,
        answer: Callable[[], Any],
        known: reading.Known,
    ) -> Action | None:
        """Return what was done by what a client sent; None if that is not known."""
        return reading.read(state, entry, answer, known)

    def slack(self, state: State) -> float:
        """Return for how many seconds the model knows what is due."""
        return state.slack
