"""Shared: the state of all connections of a server, from one start to the next."""

from __future__ import annotations

from typing import Any

from reference_server.access_tokens import AccessTokens
from reference_server.clock import Clock
from reference_server.deduplication import MessageDeduplicator
from reference_server.limits import RateLimiter
from reference_server.resumption import Resumption
from reference_server.settings import HMAC_SHA256, Settings

__all__ = ["Shared"]

# Members of an auth_response that only a server with the feature or the method knows.
_MEMBERS = {
    "resume": ("resume",),
    "replay": ("last_seq", "last_epoch"),
    HMAC_SHA256: ("token_id", "audience", "proof"),
}


class Shared:
    """The memory shared by all connections, and the promises made to every session."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        tokens: AccessTokens | None = None,
        audiences: frozenset[str] = frozenset(),
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.tokens = tokens
        self.audiences = audiences
        self.features = settings.offered_features
        self.deduplicator = MessageDeduplicator(
            dedup_window=settings.dedup_window,
            id_window=settings.id_window,
            identity_bound=settings.dedup_identity_bound,
            total_bound=settings.dedup_total_bound,
            clock=clock.monotonic,
        )
        self.resumption = Resumption(
            settings.resume_window, settings.max_resumable, clock.monotonic
        )
        self.rates = (
            RateLimiter(settings.rate_messages, settings.rate_seconds, clock.monotonic)
            if "limits" in self.features
            else None
        )
        known = {*self.features, *settings.offered_methods}
        # MSG-08: ignore members that it does not know.
        self.ignored = frozenset(
            member for name, members in _MEMBERS.items() if name not in known for member in members
        )
        self.promises = _promises(settings)


def _promises(settings: Settings) -> dict[str, Any]:
    """Return the members of ``session`` that are the same for every session (AUTH-19)."""
    features = settings.offered_features
    promises: dict[str, Any] = {
        "features": [item for item in settings.features if item in features],
        "dedup_window": settings.dedup_window,
        "dedup_capacity": settings.dedup_capacity,
        "id_window": settings.id_window,
        "replay_limit": settings.replay_limit,
        "max_message_bytes": settings.max_message_bytes,
    }
    # LIMIT-01: state session.rate_limit and session.violation_limit.
    if "limits" in features:
        promises["rate_limit"] = {
            "messages": settings.rate_messages,
            "per_seconds": settings.rate_seconds,
            "max_refusals": settings.max_refusals,
        }
        promises["violation_limit"] = settings.violation_limit
    return promises
