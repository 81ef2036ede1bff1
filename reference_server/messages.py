"""Messages: what a client may send, and how its text becomes a message or a fault."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from reference_server import json_domain
from reference_server.codes import ErrorCode

__all__ = [
    "AuthData",
    "AuthResponse",
    "ClientMessage",
    "Envelope",
    "Fault",
    "decode_auth_response",
    "decode_client_message",
    "decode_ping",
    "decode_token_refresh",
    "decode_token_revoke",
    "open_envelope",
]

T = TypeVar("T")

# Code points, as everywhere in the specification.
Identifier = Annotated[str, Meta(min_length=1, max_length=128)]
TokenId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
Proof = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{64}\Z")]
Audience = Annotated[
    str,
    Meta(pattern=r"^wss?://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?\Z", max_length=300),
]


class Fault(Struct, frozen=True):
    """Why a message is refused; nothing in it comes from the message, except ``request_id``."""

    code: ErrorCode
    message: str
    pointer: str | None = None
    request_id: str | None = None
    retry_after: float | None = None


class Envelope(Struct, frozen=True, gc=False):
    """A message whose type can be read: its text, its value, and its id if that can be read."""

    type: str
    text: bytes
    value: dict[str, Any]
    request_id: str | None


class AuthData(Struct, frozen=True):
    """The data of an ``auth_response``; the method decides which members it needs."""

    method: str | UnsetType = UNSET
    token: str | UnsetType = UNSET
    token_id: TokenId | UnsetType = UNSET
    audience: Audience | UnsetType = UNSET
    proof: Proof | UnsetType = UNSET
    resume: str | None = None
    # JSON has one kind of number, so 7.0 is an integer too.
    last_seq: Annotated[int, Meta(ge=0)] | Annotated[float, Meta(ge=0)] | None = None
    last_epoch: str | None = None


class AuthResponse(Struct, frozen=True):
    """The message ``auth_response``."""

    data: AuthData


class _NoMembers(Struct, frozen=True):
    """Something without members of its own; unknown ones are legal."""


class _Ping(Struct, frozen=True):
    data: dict[str, Any] | UnsetType = UNSET


class _RawPing(Struct, frozen=True):
    data: Raw = Raw(b"{}")


class _RevokeData(Struct, frozen=True):
    token_id: TokenId | UnsetType = UNSET


class _TokenRevoke(Struct, frozen=True):
    data: _RevokeData = _RevokeData()


class _TokenRefresh(Struct, frozen=True):
    data: _NoMembers | UnsetType = UNSET


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


_COMMANDS: dict[str, msgspec.json.Decoder[Any]] = {
    "text_input": msgspec.json.Decoder(_TextInput),
    "push_to_talk": msgspec.json.Decoder(_PushToTalk),
    "stop_listening": msgspec.json.Decoder(_NoMembers),
    "stop_speaking": msgspec.json.Decoder(_NoMembers),
}
_CLIENT_MESSAGE = msgspec.json.Decoder(ClientMessage)
_PING = msgspec.json.Decoder(_Ping)
_RAW_PING = msgspec.json.Decoder(_RawPing)
_TOKEN_REFRESH = msgspec.json.Decoder(_TokenRefresh)
_TOKEN_REVOKE = msgspec.json.Decoder(_TokenRevoke)
_PATH = re.compile(r"^(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)


def open_envelope(text: bytes) -> Envelope | Fault:
    """Read the part of a text (UTF-8) that all messages have in common."""
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
    message = _decode(_CLIENT_MESSAGE, envelope)
    if isinstance(message, Fault):
        return message
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


def decode_auth_response(
    envelope: Envelope, ignored: frozenset[str] = frozenset()
) -> AuthResponse | None:
    """Return the ``auth_response`` in an envelope, or None if it has the wrong shape.

    ``ignored`` names the members of ``data`` that the server does not know (MSG-08).
    """
    data = envelope.value.get("data")
    if ignored and isinstance(data, dict):
        data = {name: value for name, value in data.items() if name not in ignored}
    try:
        response = msgspec.convert({"data": data}, AuthResponse)
    except msgspec.ValidationError:
        return None
    # REPLAY-08: refuse a last_seq that is not an integer of 0 or more.
    last_seq = response.data.last_seq
    return None if isinstance(last_seq, float) and not last_seq.is_integer() else response


def decode_ping(envelope: Envelope) -> Raw | Fault:
    """Return the data of the ``ping`` in an envelope, as it was written (HEARTBEAT-01, -02)."""
    found = _decode(_PING, envelope)
    return found if isinstance(found, Fault) else _RAW_PING.decode(envelope.text).data


def decode_token_refresh(envelope: Envelope) -> Fault | None:
    """Return what is wrong with the ``token_refresh`` in an envelope; it has no other contents."""
    found = _decode(_TOKEN_REFRESH, envelope)
    return found if isinstance(found, Fault) else None


def decode_token_revoke(envelope: Envelope) -> str | Fault | None:
    """Return the token_id in a ``token_revoke``, None if it names none, or what is wrong."""
    found = _decode(_TOKEN_REVOKE, envelope)
    if isinstance(found, Fault):
        return found
    return None if isinstance(found.data.token_id, UnsetType) else found.data.token_id


def _decode(decoder: msgspec.json.Decoder[T], envelope: Envelope) -> T | Fault:
    """Return what an envelope holds, or what is wrong with it."""
    try:
        return decoder.decode(envelope.text)
    except msgspec.ValidationError as error:
        return _fault(error, "", envelope)


def _readable_id(value: object) -> str | None:
    """Return an id if it can be read: a string of 1 to 128 code points (MSG-05)."""
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
