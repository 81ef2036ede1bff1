"""The suite for clients of Coda Lite's WebSocket protocol: what of it only code can say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conformance.suites.coda.functions import FUNCTIONS as OF_CODA
from conformance.suites.coda_clients.functions import FUNCTIONS as OWN

if TYPE_CHECKING:
    from conformance.loader.monitor import Monitor
    from conformance.loader.suite import Suite

__all__ = ["FUNCTIONS", "claims", "is_return", "kind_of", "make_monitors", "reply"]

FUNCTIONS = {**OF_CODA, **OWN}

UNREADABLE = ""
"""The kind of what is no JSON object, or has no type."""

METHODS = ("challenge_token", "hmac_sha256")

SHOWN = {
    "challenge_token": "challenge_token",
    "resume": "resume",
    "last_seq": "replay",
    "refreshes": "tokens",
    "driver": "driver",
}
"""What is known of a client, by the claim that it makes with it."""


def make_monitors(suite: "Suite") -> "list[Monitor]":
    """A fresh set of the passive checks, for one run."""
    # Imported here, so that a command that runs nothing does not wait for the network libraries.
    from conformance.suites.coda_clients.message_monitors import message_monitors
    from conformance.suites.coda_clients.secret_monitors import secret_monitors

    return [*message_monitors(suite.schemas), *secret_monitors()]


def kind_of(value: Any) -> str:
    """The kind of a message: its type."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else UNREADABLE


def claims(known: Mapping[str, Any]) -> frozenset[str]:
    """What a client claims: the methods by which it was seen to answer, and a driver."""
    used = {known.get("method"), known.get("method_with_token")}
    found = {name for name in METHODS if name in used}
    found |= {claim for member, claim in SHOWN.items() if member in known}
    return frozenset(found)


SERVED = ("auth_response", "client_message", "token_refresh", "token_revoke")
"""The messages of a client that scenarios answer themselves."""


def reply(value: Any) -> Any:
    """What any server answers at once to a question, so that the kit is not taken for dead."""
    kind = kind_of(value)
    if kind in (UNREADABLE, *SERVED):
        return None
    named = {"request_id": value["id"]} if "id" in value else {}
    if kind == "ping":
        return {"type": "pong", **named, "data": value.get("data", {})}
    return {"type": "error", **named, "data": {"code": "unknown_type", "message": "Unknown type"}}


def is_return(value: Any) -> bool:
    """Whether an answer to the challenge shows that the client has had a session before."""
    data = value.get("data") if kind_of(value) == "auth_response" else None
    return isinstance(data, dict) and not data.keys().isdisjoint({"resume", "last_seq"})
