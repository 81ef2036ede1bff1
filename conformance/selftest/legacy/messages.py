"""Messages: the shapes of what a client sends, and the answers of the server."""

from typing import Any

from jsonschema import Draft202012Validator

Message = dict[str, Any]

_NAME = {"type": "string", "minLength": 1, "maxLength": 128}

# MSG-04: message_type and id are strings of 1 to 128 code points, message_data is an object.
_CLIENT_MESSAGE = Draft202012Validator(
    {
        "required": ["data"],
        "properties": {
            "id": _NAME,
            "data": {
                "type": "object",
                "required": ["message_type", "message_data"],
                "properties": {"message_type": _NAME, "message_data": {"type": "object"}},
            },
        },
    }
)
_OTHER_MESSAGE = Draft202012Validator(
    {"properties": {"type": _NAME, "id": _NAME, "data": {"type": "object"}}}
)
_AUTH_RESPONSE = Draft202012Validator(
    {
        "type": "object",
        "required": ["token"],
        "properties": {
            "token": {"type": "string"},
            # AUTH-06: an auth_response without a method is one of method challenge_token.
            "method": {"const": "challenge_token"},
        },
    }
)
# MSG-07: the four commands have schemas of their own for message_data.
_COMMANDS = {
    "text_input": Draft202012Validator(
        {"required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}}
    ),
    "push_to_talk": Draft202012Validator(
        {
            "properties": {
                "duration": {"type": ["number", "null"], "minimum": 0},
                "continuous": {"type": "boolean"},
            }
        }
    ),
    "stop_listening": Draft202012Validator({}),
    "stop_speaking": Draft202012Validator({}),
}

ERRORS = {
    "invalid_json": "The text leaves the JSON domain.",
    "invalid_message": "The message does not have the shape of its type.",
    "already_authenticated": "This connection is authenticated already.",
    "id_conflict": "This id was used for other content.",
    "rate_limited": "Too many messages are remembered; try again later.",
}


def misshaped_at(message: Message) -> str | None:
    """Return the RFC 6901 pointer to the value that breaks the message's schema, if one does."""
    if message["type"] != "client_message":
        return _pointer(_OTHER_MESSAGE, message)
    pointer = _pointer(_CLIENT_MESSAGE, message)
    command = None if pointer is not None else _COMMANDS.get(message["data"]["message_type"])
    if command is None:
        return pointer
    return _pointer(command, message["data"]["message_data"], "/data/message_data")


def is_auth_response_data(data: Any) -> bool:
    """Return whether data has the shape of an auth_response's (AUTH-10)."""
    return bool(_AUTH_RESPONSE.is_valid(data))


def readable_id(value: Any) -> str | None:
    """Return the id of a message, or None when it has none that an answer could repeat."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) and 1 <= len(found) <= 128 else None


def auth_challenge(token: str) -> Message:
    """Return the first message of a connection."""
    # FAULT bare-challenge: AUTH-01 asks for methods, nonce, expires_in, protocol_version and
    # max_message_bytes as well.
    return _control("auth_challenge", {"token": token, "message": "Please authenticate."})


def auth_success(client_id: str) -> Message:
    """Return the auth_result of a connection that is now authenticated."""
    return _control("auth_result", {"success": True, "client_id": client_id})


def auth_failure(reason: str) -> Message:
    """Return the auth_result of a failed attempt; the reason is for a human reader."""
    # FAULT failure-without-code: AUTH-09 asks for a code as well.
    return _control("auth_result", {"success": False, "message": reason})


def duplicate_message(count: int, request_id: str | None) -> Message:
    """Return the answer to a message that was seen `count` times in its window."""
    data = {"original_type": "client_message", "count": count}
    return _control("duplicate_message", data, request_id)


def error(code: str, request_id: str | None, **data: Any) -> Message:
    """Return an error; a code of `ERRORS`, never a value of the refused message (ERROR-07)."""
    return _control("error", {"code": code, "message": ERRORS[code], **data}, request_id)


def _control(kind: str, data: Message, request_id: str | None = None) -> Message:
    # MSG-05: the id of a message is the request_id of every answer to it.
    extra = {} if request_id is None else {"request_id": request_id}
    return {"type": kind, "data": data, **extra}


def _pointer(schema: Draft202012Validator, value: Any, prefix: str = "") -> str | None:
    fault = next(schema.iter_errors(value), None)
    if fault is None:
        return None
    return prefix + "".join(f"/{part}" for part in fault.absolute_path)
