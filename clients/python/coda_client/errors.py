"""Errors: what a client raises to say why something was not done."""

from coda_client.members import shown

__all__ = [
    "CodaError",
    "ConnectionFailed",
    "MessageLost",
    "MessageRefused",
    "NotConnected",
    "TokenFailed",
]


class CodaError(Exception):
    """What all errors of this package have in common."""


class ConnectionFailed(CodaError):
    """The client has stopped trying; `reason` is one of those in `ends.py`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"no connection: {reason}" + (f" ({detail})" if detail else ""))
        self.reason = reason


class NotConnected(CodaError):
    """What was asked for needs a session, and there is none."""


class MessageRefused(CodaError):
    """The server refused a message, or the client did; `code` is the server's, if it gave one."""

    def __init__(self, id: str, code: str | None, why: str) -> None:
        super().__init__(f"the message {id!r} was refused: {shown(why)}")
        self.id = id
        self.code = code


class MessageLost(CodaError):
    """The client gave a message up: it was never sent, or nobody knows whether it was accepted."""

    def __init__(self, id: str, sent: bool) -> None:
        fate = "may or may not have been accepted" if sent else "was never sent"
        super().__init__(f"the message {id!r} was given up: it {fate}")
        self.id = id
        self.sent = sent


class TokenFailed(CodaError):
    """A refresh or a revocation was not done; `code` is the server's, if it gave one."""

    def __init__(self, action: str, code: str | None) -> None:
        super().__init__(f"the {action} was not done: {shown(code or 'no usable answer came')}")
        self.action = action
        self.code = code
