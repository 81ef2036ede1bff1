"""What only code can compute for a scenario with a client: what a server makes up."""

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Final

from conformance.loader.expressions import Function

NONCE_BYTES: Final = 16


def nonce() -> str:
    """A nonce as a server makes it: 128 random bits in 22 characters (AUTH-02, AUTH-03)."""
    return token_urlsafe(NONCE_BYTES)


FUNCTIONS: Final[Mapping[str, Function]] = {"nonce": nonce}
