"""Ends: the table of ends of spec/clients.md, which says what comes after each."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

__all__ = [
    "GAP", "LOST", "NO_METHOD", "TOKEN_LOST", "UNREACHABLE", "USER", "VERSION",
    "Again", "End", "by_close_code", "by_error", "by_result", "by_status",
]  # fmt: skip


class Again(Enum):
    """Whether the client connects again on its own."""

    YES = "again"
    ONCE = "once"
    NO = "no"
    NEW_TOKEN = "no; again with a new token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class End:
    """How a connection or an attempt ended; `code` is the close code of the server, if any.

    `detail` says more to a person.
    """

    reason: str
    again: Again
    code: int | None = None
    detail: str = ""


LOST: Final = End("lost", Again.YES)
GAP: Final = End("gap", Again.YES)
UNREACHABLE: Final = End("unreachable", Again.YES)
NO_METHOD: Final = End("no_method", Again.NO)
VERSION: Final = End("version", Again.NO)
TOKEN_LOST: Final = End("token_lost", Again.NEW_TOKEN)
USER: Final = End("user", Again.NO)

_CLOSE_CODES: Final = {
    1000: ("closed", Again.YES),
    1001: ("shutdown", Again.YES),
    1002: ("fault", Again.ONCE),
    1003: ("fault", Again.ONCE),
    1007: ("fault", Again.ONCE),
    1008: ("refused", Again.NO),
    1009: ("fault", Again.YES),
    1011: ("closed", Again.YES),
    1012: ("closed", Again.YES),
    1013: ("busy", Again.YES),
    1014: ("closed", Again.YES),
    4400: ("fault", Again.ONCE),
    4401: ("auth_failed", Again.NO),
    4403: ("token_revoked", Again.NO),
    4408: ("timeout", Again.YES),
    4410: ("token_expired", Again.NEW_TOKEN),
    4429: ("rate_limited", Again.YES),
}

_RESULTS: Final = {
    "auth_timeout": End("timeout", Again.YES),
    "token_expired": End("token_expired", Again.NEW_TOKEN),
    "token_revoked": End("token_revoked", Again.NO),
}

_ERRORS: Final = {
    "token_expired": End("token_expired", Again.NEW_TOKEN),
    "token_revoked": End("token_revoked", Again.NO),
}


def by_close_code(code: int | None) -> End:
    """The end by a close frame of the server, with a code or without."""
    if code is None:
        return End("closed", Again.YES)
    reason, again = _CLOSE_CODES.get(code, ("closed", Again.YES))
    return End(reason, again, code)


def by_status(status: int) -> End:
    """The end by an HTTP status other than 101."""
    if status == 429 or status >= 500:
        return End("busy", Again.YES)
    if 300 <= status < 500:
        return End("refused", Again.NO)
    return UNREACHABLE


def by_result(code: str | None, has_token: bool) -> End:
    """The end by an auth_result with success false, to an access token or to a challenge token."""
    known = _RESULTS.get(code or "")
    return known or End("auth_failed", Again.NO if has_token else Again.ONCE)


def by_error(code: str | None) -> End | None:
    """The end that an error announces, or None if it announces none."""
    return _ERRORS.get(code or "")
