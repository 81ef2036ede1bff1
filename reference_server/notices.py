"""Notices: one log line for whom the server refuses or drops, so that a client's author sees why.

Each says what was refused, why, and the requirement. Nothing of what a client sent is in them but
its ``Origin`` or ``Host``, cut and escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reference_server.codes import CloseCode
from reference_server.logs import paced_logger

__all__ = ["crowded_out", "dropped", "refused"]

_logger = paced_logger(__name__)
# How many characters of a header are shown, and of how many with the same name.
_SHOWN = 100
_MOST = 2

# By HTTP status: the requirement, the header that is shown, and what helps.
_REFUSALS: dict[int, tuple[str, str, str]] = {
    400: ("TRANSPORT-17", "", ""),
    403: ("ORIGIN-01", "Origin", "--allowed-origins says which are"),
    404: ("chapter Transport", "", "the path of the WebSocket is /"),
    405: ("TRANSPORT-17", "", ""),
    421: ("ORIGIN-03", "Host", "--server-names says which are"),
    426: (
        "TRANSPORT-17",
        "",
        "a handshake has Upgrade: websocket, Connection: Upgrade and Sec-WebSocket-Version: 13",
    ),
    431: ("TRANSPORT-16", "", ""),
    503: ("LIMIT-09", "", "the limits are --max-connections, --max-pending and --max-resumable"),
}
_DROPS: dict[int, tuple[str, str]] = {
    CloseCode.PROTOCOL_ERROR: ("TRANSPORT-11", "RFC 6455 forbids a frame that the client sent"),
    CloseCode.UNSUPPORTED_DATA: ("TRANSPORT-04", "the client sent a binary message"),
    CloseCode.INVALID_PAYLOAD: ("TRANSPORT-05", "the client sent a text that is not UTF-8"),
    CloseCode.MESSAGE_TOO_BIG: (
        "TRANSPORT-06",
        "the client sent a message longer than max_message_bytes",
    ),
    CloseCode.TRY_AGAIN_LATER: ("LIMIT-10", "the client does not read what it is sent"),
    CloseCode.VIOLATION_LIMIT: ("LIMIT-06", "violation_limit messages were refused with an error"),
    CloseCode.AUTH_FAILED: ("AUTH-13", "its third auth_response failed"),
    CloseCode.TOKEN_REVOKED: ("TOKEN-07", "the line of its access token was revoked"),
    CloseCode.AUTH_TIMEOUT: ("AUTH-14", "it was not authenticated in time"),
    CloseCode.TOKEN_EXPIRED: ("TOKEN-12", "its access token has expired"),
    CloseCode.RATE_LIMITED: ("LIMIT-05", "max_refusals messages in a row came too soon"),
}


def refused(
    status: int, reason: str, headers: Callable[[str], Sequence[str]] = lambda _: ()
) -> None:
    """Tell that a handshake was answered with an HTTP status and a reason; others are no refusal.

    ``headers`` returns the values of the headers with a given name.
    """
    if status not in _REFUSALS:
        return
    requirement, name, help_text = _REFUSALS[status]
    values = " and ".join(map(_shown, headers(name)[:_MOST])) if name else ""
    _logger.warning(
        f"refused a handshake with HTTP {status} ({requirement}): {reason}%s%s",
        f"; {name} was {values}" if values else "",
        f"; {help_text}" if help_text else "",
    )


def dropped(code: int) -> None:
    """Tell that the server closed a connection with a code, if a client could have avoided it."""
    if code in _DROPS:
        requirement, reason = _DROPS[code]
        _logger.warning(f"closed a connection with {code:d} ({requirement}): {reason}")


def crowded_out(most: int) -> None:
    """Tell that a connection was ended because more than ``most`` had made no request yet."""
    _logger.warning(f"dropped a connection (LIMIT-12): {most} others had made no request either")


def _shown(value: str) -> str:
    """Return a value as ASCII in quotes, in which nothing acts on a terminal."""
    return ascii(value) if len(value) <= _SHOWN else f"{value[:_SHOWN]!a} and more"
