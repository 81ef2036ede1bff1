"""The suite for Coda Lite's WebSocket protocol: what of it only code can say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.suites.coda.forgeries import FORGERIES
from conformance.suites.coda.functions import FUNCTIONS as PLAIN

if TYPE_CHECKING:
    from conformance.loader.exploration import ProtocolModel
    from conformance.loader.monitor import Monitor
    from conformance.loader.suite import Suite

__all__ = ["FUNCTIONS", "claims", "kind_of", "make_model", "make_monitors"]

FUNCTIONS = {**PLAIN, **FORGERIES}

EVENT = "event"

MOST_CLAIMS = 100
LONGEST_CLAIM = 64

UNREADABLE = ""
"""The kind of what is no JSON object, or has no type that is known."""

CONTROL = frozenset(
    {
        "auth_challenge",
        "auth_result",
        "error",
        "duplicate_message",
        "replay",
        "pong",
        "token_result",
    }
)


def make_monitors(suite: "Suite") -> "list[Monitor]":
    """A fresh set of the passive checks, for one run."""
    # Imported here, so that a command that runs nothing does not wait for the network libraries.
    from conformance.suites.coda.disclosure_monitors import disclosure_monitors
    from conformance.suites.coda.event_monitors import event_monitors, one_order
    from conformance.suites.coda.frame_monitors import frame_monitors
    from conformance.suites.coda.identifier_monitors import identifier_monitors
    from conformance.suites.coda.message_monitors import message_monitors
    from conformance.suites.coda.place_monitors import place_monitors
    from conformance.suites.coda.replay_monitors import replay_monitors
    from conformance.suites.coda.state_monitors import state_monitors

    order = one_order()
    shapes = message_monitors(suite.schemas)
    live = next(monitor for monitor in shapes if monitor.name == "event")
    return [
        *state_monitors(),
        *frame_monitors(),
        *shapes,
        *disclosure_monitors(),
        *identifier_monitors(),
        *event_monitors(order),
        *replay_monitors(suite.schemas, order, live),
        *place_monitors(order),
    ]


def make_model() -> "ProtocolModel":
    """The model of the protocol, by which a target is explored."""
    from conformance.suites.coda.model import CodaModel

    return CodaModel()


def kind_of(value: Any) -> str:
    """The kind of a message, by which the passive checks are told apart: `event`, or its type."""
    if not isinstance(value, dict):
        return UNREADABLE
    if "seq" in value:
        return EVENT
    kind = value.get("type")
    return kind if isinstance(kind, str) and kind in CONTROL else UNREADABLE


def claims(known: Mapping[str, Any]) -> frozenset[str]:
    """What a target claims: the methods of its challenge and the features of its session.

    A challenge that names no methods but carries a token is the original's: challenge_token.
    """
    challenge, session = known.get("challenge"), known.get("session")
    methods = challenge.get("methods") if isinstance(challenge, dict) else None
    if methods is None and "token" in known:
        methods = ["challenge_token"]
    features = session.get("features") if isinstance(session, dict) else None
    found = [*_names(methods), *_names(features)]
    return frozenset(found)


def _names(value: Any) -> list[str]:
    found = value[:MOST_CLAIMS] if isinstance(value, list) else []
    return [name for name in found if isinstance(name, str) and len(name) <= LONGEST_CLAIM]
