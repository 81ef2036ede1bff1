"""Session: what the server promises, with the default of each promise that it does not state."""

from dataclasses import dataclass
from typing import Any, Final

from coda_client.members import integer, number, object_, text, texts

__all__ = ["DEFAULT_LIMIT", "Promise", "Session"]

DEFAULT_LIMIT: Final = 1_048_576
LEAST_LIMIT: Final = 65_536


@dataclass(frozen=True, slots=True)
class Promise:
    """A rate: so many messages within so many seconds are never refused."""

    messages: int
    per_seconds: float


@dataclass(frozen=True, slots=True)
class Session:
    """An auth_result with success true; None stands for what is not promised."""

    client_id: str
    features: frozenset[str] = frozenset()
    seq: int | None = None
    epoch: str | None = None
    dedup_capacity: int = 1000
    id_window: float = 300.0
    max_message_bytes: int = DEFAULT_LIMIT
    rate: Promise | None = None
    token_expires_in: float | None = None
    resume: str | None = None

    @classmethod
    def read(cls, client_id: str, data: dict[str, Any], limit: int) -> "Session":
        """Read the data of an auth_result; `limit` is that of the challenge."""
        stated = object_(data, "session")  # CLIENT-27
        features = frozenset(texts(stated, "features") or ())
        return cls(
            client_id,
            features,
            integer(stated, "seq"),
            text(stated, "epoch"),
            integer(stated, "dedup_capacity", 1) or 1000,
            number(stated, "id_window") or 300.0,
            integer(stated, "max_message_bytes", LEAST_LIMIT) or limit,
            _promise(object_(stated, "rate_limit")) if "limits" in features else None,
            number(stated, "token_expires_in"),
            text(stated, "resume"),
        )


def _promise(stated: dict[str, Any]) -> Promise | None:
    messages, seconds = integer(stated, "messages", 1), number(stated, "per_seconds")
    return Promise(messages, seconds) if messages and seconds else None
