"""Messages: what a client may send, and how its text becomes one of them or a fault."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from reference_server import json_domain
from reference_server.codes import ErrorCode

__all__ = [
    "AuthResponse",
    "ClientMessage",
    "Envelope",
    "Fault",
    "decode_auth_response",
    "decode_client_message",
    "open_envelope",
]

# Code points, as everywhere in the specification.
Identifier = Annotated[str, Meta(min_length=1, max_length=128)]


class Fault(Struct, frozen=True):
    """Why a message is refused; no text in it comes from the message, but ``request_id``."""

    code: ErrorCode
    message: str
    pointer: str | None = None
    request_id: str | None = None


class Envelope(Struct, frozen=True, gc=False):
    """A message whose type can be read: its text, its value, and its id if that can be read."""

    type: str
    text: bytes
    value: dict[str, Any]
    request_id: str | None


class _AuthData(Struct, frozen=True):
    method: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    # Members of features: their shape is judged by every server that knows of them.
    resume: str | None = None
    last_seq: Annotated[int, Meta(ge=0)] | None = None
    last_epoch: str | None = None


class AuthResponse(Struct, frozen=True):
    """The message ``auth_response``."""

    data: _AuthData


class _ClientMessageData(Struct, frozen=True):
    message_type: Identifier
    message_data: Raw


class ClientMessage(Struct, frozen=True):
    """The message ``client_message``; ``message_data`` stays as it was written (MSG-03)."""

    data: _ClientMessageData
    id: Identifier | UnsetType = UNSET
    # MSG-08: ignore priority values that it does not know, of whatever type.
    priority: Any = None


class _TextInput(Struct, frozen=True):
    text: Annotated[str, Meta(min_length=1)]


class _PushToTalk(Struct, frozen=True):
    duration: Annotated[float, Meta(ge=0)] | None = None
    continuous: bool = False


class _NoMembers(Struct, frozen=True):
    """A command without members of its own; unknown ones are legal."""


_COMMANDS: dict[str, msgspec.json.Decoder[Any]] = {
    "text_input": msgspec.json.Decoder(_TextInput),
    "push_to_talk": msgspec.json.Decoder(_PushToTalk),
    "stop_listening": msgspec.json.Decoder(_NoMembers),
    "stop_speaking": msgspec.json.Decoder(_NoMembers),
}
_CLIENT_MESSAGE = msgspec.json.Decoder(ClientMessage)
_AUTH_RESPONSE = msgspec.json.Decoder(AuthResponse)
_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)


def open_envelope(text: bytes) -> Envelope | Fault:
    """Read as much of a text (UTF-8) as every message has in common."""
    # ERROR-01: answer a text message that is not JSON with error "invalid_json".
    try:
        value = json_domain.parse(text)
    except json_domain.DomainError as error:
        return Fault(ErrorCode.INVALID_JSON, str(error))
    # ERROR-02: answer JSON that is not an object, or is one without a string member "type",
    # with error "invalid_message".
    if not isinstance(value, dict):
        return Fault(ErrorCode.INVALID_MESSAGE, "A message must be a JSON object", "")
    request_id = _readable_id(value.get("id"))
    kind = value.get("type")
    if not isinstance(kind, str):
        return Fault(ErrorCode.INVALID_MESSAGE, "type must be a string", "/type", request_id)
    return Envelope(kind, text, value, request_id)


def decode_client_message(envelope: Envelope) -> ClientMessage | Fault:
    """Return the ``client_message`` in an envelope, or what is wrong with it (MSG-04, MSG-07)."""
    try:
        message = _CLIENT_MESSAGE.decode(envelope.text)
    except msgspec.ValidationError as error:
        return _fault(error, "", envelope)
    if not isinstance(envelope.value["data"]["message_data"], dict):
        return Fault(
            ErrorCode.INVALID_MESSAGE,
            "message_data must be an object",
            "/data/message_data",
            envelope.request_id,
        )
    # MSG-06: accept and relay a client_message whose message_type it does not know.
    command = _COMMANDS.get(message.data.message_type)
    if command is None:
        return message
    # MSG-07: refuse a command whose message_data breaks the schema of that command.
    try:
        command.decode(message.data.message_data)
    except msgspec.ValidationError as error:
        return _fault(error, "/data/message_data", envelope)
    return message


def decode_auth_response(envelope: Envelope) -> AuthResponse | None:
    """Return the ``auth_response`` in an envelope, or None if it has the wrong shape."""
    try:
        return _AUTH_RESPONSE.decode(envelope.text)
    except msgspec.ValidationError:
        return None


def _readable_id(value: object) -> str | None:
    """Return an id that can be read: a string of 1 to 128 code points (MSG-05)."""
    return value if isinstance(value, str) and 1 <= len(value) <= 128 else None


def _fault(error: msgspec.ValidationError, prefix: str, envelope: Envelope) -> Fault:
    """Turn a finding of the decoder into a fault.

    ERROR-07: no value of the message gets into the text: the decoder names values only for
    enumerations and tags, which the definitions above do not use.
    """
    match = _PATH.match(str(error))
    reason, path = (match["reason"], match["path"] or "") if match else ("The shape is wrong", "")
    # ERROR-05: details.pointer SHOULD say which value is at fault (RFC 6901).
    pointer = prefix + path.replace(".", "/")
    return Fault(ErrorCode.INVALID_MESSAGE, reason, pointer, envelope.request_id)
