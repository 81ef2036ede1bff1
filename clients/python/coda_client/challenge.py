"""Challenge: what a server asks first, and what a client answers."""

from dataclasses import dataclass
from typing import Any, Final

from coda_client.access_token import AccessToken
from coda_client.members import integer, nonce, text, texts
from coda_client.session import DEFAULT_LIMIT, LEAST_LIMIT

__all__ = ["Challenge"]

MOST_METHODS: Final = 100


@dataclass(frozen=True, slots=True)
class Challenge:
    """The data of an auth_challenge."""

    methods: tuple[str, ...]
    version: str
    nonce: str | None
    token: str | None
    max_message_bytes: int

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Challenge | None":
        """Read a challenge; None if it is one that no client can use."""
        version = data.get("protocol_version", "1.0")
        methods = texts(data, "methods")
        if not isinstance(version, str):
            return None
        if methods is None and version.partition(".")[0] == "1":
            return None
        limit = integer(data, "max_message_bytes", LEAST_LIMIT) or DEFAULT_LIMIT  # CLIENT-28
        known = tuple(methods or ())[:MOST_METHODS]
        return cls(known, version, nonce(data), text(data, "token"), limit)

    @property
    def is_foreign(self) -> bool:
        """Whether it belongs to another major version of the protocol."""
        return self.version.partition(".")[0] != "1"  # CLIENT-12

    def is_broken(self, has_token: bool) -> bool:
        """Whether it lacks what the method needs that the client would use."""
        if has_token:
            return "hmac_sha256" in self.methods and self.nonce is None
        return "challenge_token" in self.methods and self.token is None

    def answer(
        self, token: AccessToken | None, audience: str, resume: str | None
    ) -> dict[str, Any] | None:
        """The data of the auth_response, or None if the client can use none of the methods."""
        if token is not None:  # CLIENT-03, CLIENT-16
            if "hmac_sha256" not in self.methods or self.nonce is None:
                return None
            return {
                "method": "hmac_sha256",
                "token_id": token.token_id,  # CLIENT-19
                "audience": audience,
                "proof": token.proof(self.nonce, audience),
            }
        if "challenge_token" not in self.methods or self.token is None:
            return None
        data = {"method": "challenge_token", "token": self.token}  # CLIENT-22
        return data if resume is None else {**data, "resume": resume}  # CLIENT-24
