"""Challenge tokens: `client_id:issued:nonce:signature`, signed by the server."""

import hashlib
import hmac
import secrets

LIFETIME = 3600.0
MAX_REMEMBERED = 10_000


class Tokens:
    """Issues, checks and revokes tokens; the caller brings the time, in seconds."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._issued: dict[str, float] = {}

    def generate_token(self, client_id: str, now: float) -> str:
        """Return a fresh signed token for the client_id."""
        payload = f"{client_id}:{int(now)}:{secrets.token_hex(16)}"
        token = f"{payload}:{self._sign(payload)}"
        self._issued[token] = now
        if len(self._issued) > MAX_REMEMBERED:
            del self._issued[next(iter(self._issued))]
        return token

    def validate_token(self, token: str, now: float) -> tuple[bool, str | None]:
        """Return whether the token is good, and if so whose it is."""
        payload, _, signature = token.rpartition(":")
        client_id, _, rest = payload.partition(":")
        if token in self._issued:
            good = now - self._issued[token] < LIFETIME
        else:
            # FAULT revocation-forgotten: a revoked token is no longer known, and an unknown one
            # is asked for nothing but its signature.
            good = self._is_signed(payload, signature) and now - _issued_at(rest) < LIFETIME
        return good, client_id if good else None

    def revoke_token(self, token: str) -> bool:
        """Forget the token and return whether it was known."""
        return self._issued.pop(token, None) is not None

    def _is_signed(self, payload: str, signature: str) -> bool:
        # AUTH-18: A server MUST compare tokens and proofs in constant time.
        return hmac.compare_digest(self._sign(payload).encode(), signature.encode())

    def _sign(self, payload: str) -> str:
        return hmac.new(self._key, payload.encode(), hashlib.sha256).hexdigest()


def _issued_at(rest: str) -> float:
    return float(rest.partition(":")[0])
