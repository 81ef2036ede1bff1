"""Answers: the control messages that the server sends, as JSON text in UTF-8."""

from __future__ import annotations

from typing import Any

import msgspec

from reference_server.access_tokens import Refreshed
from reference_server.codes import AuthFailure, TokenFailure
from reference_server.messages import Fault
from reference_server.replay import Replay

__all__ = [
    "auth_challenge",
    "auth_failure",
    "auth_success",
    "duplicate_message",
    "error",
    "pong",
    "replay",
    "token_failure",
    "token_refreshed",
    "token_revoked",
]

_encode = msgspec.json.Encoder().encode


def _answer(kind: str, data: dict[str, Any] | msgspec.Raw, request_id: str | None) -> bytes:
    """Return one control message.

    MSG-05: put the id of a message as request_id into every answer, wherever it can be read.
    """
    named = {} if request_id is None else {"request_id": request_id}
    return _encode({"type": kind, **named, "data": data})


def auth_challenge(data: dict[str, Any]) -> bytes:
    """Return the first message of a connection (AUTH-01)."""
    return _answer("auth_challenge", data, None)


def auth_success(client_id: str, session: dict[str, Any], request_id: str | None) -> bytes:
    """Return the result of a right auth_response (AUTH-05, AUTH-19)."""
    data = {"success": True, "client_id": client_id, "session": session}
    return _answer("auth_result", data, request_id)


def auth_failure(code: AuthFailure, message: str, request_id: str | None = None) -> bytes:
    """Return the result of a failed auth_response (AUTH-09)."""
    data = {"success": False, "code": code, "message": message}
    return _answer("auth_result", data, request_id)


def error(fault: Fault) -> bytes:
    """Return the error that answers a refused message (ERROR-04)."""
    data: dict[str, Any] = {"code": fault.code, "message": fault.message}
    if fault.pointer is not None:
        data["details"] = {"pointer": fault.pointer}
    if fault.retry_after is not None:
        data["retry_after"] = fault.retry_after
    return _answer("error", data, fault.request_id)


def duplicate_message(count: int, request_id: str | None) -> bytes:
    """Return the answer to the sender of a repetition (DEDUP-02)."""
    data = {"original_type": "client_message", "count": count}
    return _answer("duplicate_message", data, request_id)


def pong(data: msgspec.Raw, request_id: str | None) -> bytes:
    """Return the answer to a ping: the same data (HEARTBEAT-01, HEARTBEAT-03)."""
    return _answer("pong", data, request_id)


def token_refreshed(refreshed: Refreshed, request_id: str | None) -> bytes:
    """Return what both sides derive the new token from (TOKEN-01), but no secret (HMAC-11)."""
    data = {"action": "refresh", "success": True, **msgspec.structs.asdict(refreshed)}
    return _answer("token_result", data, request_id)


def token_revoked(request_id: str | None) -> bytes:
    """Return the answer to a token_revoke that was obeyed (TOKEN-06)."""
    return _answer("token_result", {"action": "revoke", "success": True}, request_id)


def token_failure(action: str, code: TokenFailure, request_id: str | None) -> bytes:
    """Return the answer to a token_refresh or token_revoke that failed (TOKEN-10, TOKEN-14)."""
    data = {"action": action, "success": False, "code": code}
    return _answer("token_result", data, request_id)


def replay(found: Replay) -> bytes:
    """Return the events that a joining client gets, as they were sent (EVENT-08, REPLAY-03)."""
    return found.head + b",".join(found.events) + b"]}"
