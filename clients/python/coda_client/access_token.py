"""Access token: what a client proves that it holds, without sending it."""

import hmac
import re
from dataclasses import dataclass, field

__all__ = ["AccessToken"]

_SHAPE = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43,1024})")


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token_id and its secret, which is never shown."""

    token_id: str
    secret: str = field(repr=False)  # CLIENT-18

    @classmethod
    def read(cls, text: str) -> "AccessToken":
        """Read `<token_id>.<secret>`; raise ValueError, without the text, if it is none."""
        match = _SHAPE.fullmatch(text)
        if match is None:
            raise ValueError("an access token is <token_id>.<secret>, of A-Z a-z 0-9 - _")
        return cls(match[1], match[2])

    @property
    def text(self) -> str:
        """The whole token, to be kept where only its user can read it."""
        return f"{self.token_id}.{self.secret}"

    def proof(self, nonce: str, audience: str) -> str:
        """The proof for the challenge with this nonce, in lower-case hexadecimal."""
        return self._sign("coda.v1 auth", nonce, self.token_id, audience)  # CLIENT-21

    def refreshed(self, token_id: str, nonce: str) -> "AccessToken":
        """The token that a refresh made out of this one."""
        return AccessToken(token_id, self._sign("coda.v1 refresh", nonce))  # CLIENT-75

    def _sign(self, *lines: str) -> str:
        return hmac.digest(self.secret.encode(), "\n".join(lines).encode(), "sha256").hex()
