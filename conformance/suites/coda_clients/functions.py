"""What only code can compute for a scenario with a client: what a server makes up."""

from collections.abc import Mapping
from secrets import token_hex, token_urlsafe
from time import time
from typing import Final

from conformance.loader.expressions import Function

NONCE_BYTES: Final = 16
EPOCH_BYTES: Final = 8


def nonce() -> str:
    """A nonce, or a secret, as a server makes it: 128 random bits in 22 characters (AUTH-03)."""
    return token_urlsafe(NONCE_BYTES)


def epoch() -> str:
    """The name of a numbering of events: 16 random characters (EVENT-13)."""
    return token_hex(EPOCH_BYTES)


def now() -> float:
    """The time of an event, in seconds since 1970 (EVENT-06)."""
    return time()


FUNCTIONS: Final[Mapping[str, Function]] = {"nonce": nonce, "epoch": epoch, "now": now}
