"""Notices: what a client tells its user."""

from dataclasses import dataclass

from coda_client.access_token import AccessToken

__all__ = ["Gap", "MessageDone", "MessageTaken", "Notice", "StateChanged", "TokenChanged"]


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The state is another one: connecting, connected, reconnecting or disconnected."""

    state: str
    reason: str | None = None
    detail: str = ""
    """More about the reason, for a person."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The client has missed events, or may have: fetch again what was built from them."""


@dataclass(frozen=True, slots=True)
class MessageTaken:
    """The client took a message on."""

    id: str


@dataclass(frozen=True, slots=True)
class MessageDone:
    """A message has an outcome: accepted, duplicate, refused or gave_up."""

    id: str
    outcome: str
    code: str | None
    why: str
    number: int
    """That of the message: `id`s may be used twice."""
    sent: bool
    """Whether it was ever sent."""


@dataclass(frozen=True, slots=True)
class TokenChanged:
    """A refresh or a revocation has an outcome; `token` is the new one, to be stored."""

    action: str
    success: bool
    code: str | None = None
    token: AccessToken | None = None
    request: str | None = None
    """The id of the token_revoke."""


Notice = StateChanged | Gap | MessageTaken | MessageDone | TokenChanged
