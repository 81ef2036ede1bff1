"""Passive checks of the identifiers that a target makes up: each is new, and nonces are random."""

import math
from typing import Any, Final

import msgspec

from conformance.loader.monitor import Monitor
from conformance.model import Evidence, Failure
from conformance.suites.coda.functions import token_id
from conformance.suites.coda.message_monitors import REMEMBERED
from conformance.suites.coda.state_monitors import data_of, unexpected
from conformance.transport import Connection, Message

NONCES: Final = 48
"""Nonces that show which places vary: a random one stays the same with a chance of 1 in 4^47."""

LEAST_BITS: Final = 128
LONGEST_NONCE: Final = 1000


class TokenIds(Monitor, kw_only=True):
    """No access token gets the token_id of another one, whatever became of that."""

    issued: set[str] = msgspec.field(default_factory=set)
    refreshed: set[str] = msgspec.field(default_factory=set)

    def given(self, result: Any) -> Failure | None:
        """Judges the id of every token that a hook issued."""
        token = result.get("token") if isinstance(result, dict) else None
        if not isinstance(token, str):
            return None
        self.observed += 1
        found = token_id(token)
        if found in self.issued or found in self.refreshed:
            return Failure(
                "a token was issued with the token_id of an earlier one",
                expected=Evidence("a token_id that no token ever had"),
                received=Evidence(found),
            )
        if len(self.issued) < REMEMBERED:
            self.issued.add(found)
        return None

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the id of every refreshed token beside those that were issued."""
        data = data_of(message)
        found = data.get("token_id")
        is_refreshed = data.get("action") == "refresh" and data.get("success") is True
        if not is_refreshed or not isinstance(found, str):
            return None
        self.observed += 1
        if found in self.issued:
            summary = "a refreshed token has the token_id of an issued one"
            return unexpected(summary, "a fresh token_id", message, "/data/token_id")
        if len(self.refreshed) < REMEMBERED:
            self.refreshed.add(found)
        return None


class NonceBits(Monitor, kw_only=True):
    """Nonces vary in as many places as their bits need.

    It only ever finds too few bits: that they vary in enough places does not make them random.
    """

    nonces: list[str] = msgspec.field(default_factory=list)

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges the first nonces together, once there are enough of them."""
        nonce = data_of(message).get("nonce")
        if not isinstance(nonce, str) or len(self.nonces) >= NONCES:
            return None
        self.nonces.append(nonce[:LONGEST_NONCE])
        if len(self.nonces) < NONCES:
            return None
        bits = most_bits(self.nonces)
        if bits >= LEAST_BITS:
            return None
        self.observed += 1
        summary = f"{NONCES} nonces differ in so few places that they hold {bits:.0f} bits at most"
        return unexpected(summary, f"{LEAST_BITS} random bits", message, "/data/nonce")


def most_bits(texts: list[str]) -> float:
    """The bits that texts can hold at most: those of their alphabet, in each place that varies."""
    length = max(map(len, texts))
    places = [{text[i : i + 1] for text in texts} for i in range(length)]
    varying = [place for place in places if len(place) > 1]
    alphabet = set[str]().union(*varying)
    return len(varying) * math.log2(len(alphabet)) if varying else 0.0


def identifier_monitors() -> list[Monitor]:
    """The passive checks of this module."""
    return [
        TokenIds(
            "token-ids",
            "HMAC-16",
            "No access token gets the token_id of an earlier one",
            kinds=frozenset({"token_result"}),
        ),
        NonceBits(
            "nonce-bits",
            "AUTH-03",
            "Nonces vary in as many places as 128 bits need",
            kinds=frozenset({"auth_challenge"}),
        ),
    ]
