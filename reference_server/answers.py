"""Answers: the control messages that the server sends, as JSON text in UTF-8."""

from __future__ import annotations

from typing import Any

import msgspec

from reference_server.codes import AuthFailure
from reference_server.messages import Fault

__all__ = [
    "auth_challenge",
    "auth_failure",
    "auth_success",
    "duplicate_message",
    "error",
    "replay",
]

_encode = msgspec.json.Encoder().encode


def _answer(kind: str, data: dict[str, Any], request_id: str | None) -> bytes:
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
    return _answer("error", data, fault.request_id)


def duplicate_message(count: int, request_id: str | None) -> bytes:
    """Return what the sender of a repetition is told (DEDUP-02)."""
    data = {"original_type": "client_message", "count": count}
    return _answer("duplicate_message", data, request_id)


def replay(events: tuple[bytes, ...]) -> bytes:
    """Return the events that a joining client gets, as they were sent (EVENT-08)."""
    return b'{"type":"replay","events":[' + b",".join(events) + b"]}"
