import json
from typing import Any

import pytest

from reference_server.codes import ErrorCode
from reference_server.messages import (
    AuthResponse,
    ClientMessage,
    Envelope,
    Fault,
    decode_auth_response,
    decode_client_message,
    open_envelope,
)


def envelope(message: object) -> Envelope:
    opened = open_envelope(json.dumps(message).encode())
    assert isinstance(opened, Envelope)
    return opened


def client_message(message_type: object, message_data: object, **members: object) -> Envelope:
    data = {"message_type": message_type, "message_data": message_data}
    return envelope({"type": "client_message", "data": data, **members})


@pytest.mark.parametrize(
    ("text", "code", "pointer", "request_id"),
    [
        (b"hello", ErrorCode.INVALID_JSON, None, None),
        (b'{"id": "a", "x": 1e999}', ErrorCode.INVALID_JSON, None, None),
        (b"[]", ErrorCode.INVALID_MESSAGE, "", None),
        (b"null", ErrorCode.INVALID_MESSAGE, "", None),
        (b"{}", ErrorCode.INVALID_MESSAGE, "/type", None),
        (b'{"type": 5, "id": "a"}', ErrorCode.INVALID_MESSAGE, "/type", "a"),
    ],
)
def test_a_text_that_is_no_message_is_a_fault(
    text: bytes, code: ErrorCode, pointer: str | None, request_id: str | None
) -> None:
    fault = open_envelope(text)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.pointer, fault.request_id) == (code, pointer, request_id)


@pytest.mark.parametrize(
    ("name", "readable"),
    [("a", True), ("é" * 128, True), ("", False), ("é" * 129, False), (7, False), (None, False)],
)
def test_an_id_is_read_exactly_when_it_is_a_string_of_1_to_128_code_points(
    name: Any, readable: bool
) -> None:
    assert envelope({"type": "x", "id": name}).request_id == (name if readable else None)


@pytest.mark.parametrize(
    "message",
    [
        client_message("m", {}),
        client_message("😀" * 128, {"a": [1]}, id="😀" * 128),
        client_message("m", {}, priority="urgent", extra=[]),
        client_message("m", {}, priority={"a": 1}),
        client_message("Text_Input", {"text": ""}),
        client_message("text_input", {"text": "x", "more": 1}),
        client_message("push_to_talk", {}),
        client_message("push_to_talk", {"duration": None, "continuous": False}),
        client_message("push_to_talk", {"duration": 0}),
        client_message("push_to_talk", {"duration": 5.5, "more": None}),
        client_message("stop_listening", {"more": 1}),
        client_message("stop_speaking", {}),
        envelope(
            {"type": "client_message", "data": {"message_type": "m", "message_data": {}, "x": 1}}
        ),
    ],
)
def test_a_right_client_message_is_decoded(message: Envelope) -> None:
    decoded = decode_client_message(message)
    assert isinstance(decoded, ClientMessage)
    assert json.loads(bytes(decoded.data.message_data)) == message.value["data"]["message_data"]


@pytest.mark.parametrize(
    ("message", "pointer"),
    [
        (envelope({"type": "client_message"}), ""),
        (envelope({"type": "client_message", "data": []}), "/data"),
        (envelope({"type": "client_message", "data": {"message_type": "m"}}), "/data"),
        (envelope({"type": "client_message", "data": {"message_data": {}}}), "/data"),
        (client_message("", {}), "/data/message_type"),
        (client_message("x" * 129, {}), "/data/message_type"),
        (client_message(7, {}), "/data/message_type"),
        (client_message("m", []), "/data/message_data"),
        (client_message("m", None), "/data/message_data"),
        (client_message("m", {}, id=None), "/id"),
        (client_message("m", {}, id=""), "/id"),
        (client_message("m", {}, id="x" * 129), "/id"),
        (client_message("text_input", {}), "/data/message_data"),
        (client_message("text_input", {"text": ""}), "/data/message_data/text"),
        (client_message("text_input", {"text": 1}), "/data/message_data/text"),
        (client_message("push_to_talk", {"duration": -0.1}), "/data/message_data/duration"),
        (client_message("push_to_talk", {"duration": True}), "/data/message_data/duration"),
        (client_message("push_to_talk", {"continuous": 1}), "/data/message_data/continuous"),
        (client_message("push_to_talk", {"continuous": None}), "/data/message_data/continuous"),
    ],
)
def test_a_wrong_client_message_is_a_fault_that_points_to_its_place(
    message: Envelope, pointer: str
) -> None:
    fault = decode_client_message(message)
    assert isinstance(fault, Fault)
    assert (fault.code, fault.pointer) == (ErrorCode.INVALID_MESSAGE, pointer)


def test_no_value_of_a_message_gets_into_the_text_of_a_fault() -> None:
    secret = "correct horse battery staple"
    wrong: list[dict[str, Any]] = [
        {"type": "client_message", "data": secret},
        {"type": "client_message", "data": {"message_type": [secret], "message_data": {}}},
        {"type": "client_message", "data": {"message_type": "m", "message_data": secret}},
        {
            "type": "client_message",
            "data": {"message_type": "m", "message_data": {}},
            "id": [secret],
        },
        {
            "type": "client_message",
            "data": {"message_type": "text_input", "message_data": {"text": {secret: secret}}},
        },
    ]
    for message in wrong:
        fault = decode_client_message(envelope(message))
        assert isinstance(fault, Fault)
        assert secret not in fault.message + str(fault.pointer)


@pytest.mark.parametrize("data", [{}, {"token": "x", "method": "m", "last_seq": None, "more": 1}])
def test_an_auth_response_of_the_right_shape_is_decoded(data: dict[str, object]) -> None:
    message = envelope({"type": "auth_response", "id": 7, "data": data})
    assert isinstance(decode_auth_response(message), AuthResponse)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"data": None},
        {"data": {"token": 7}},
        {"data": {"last_seq": -1}},
        {"data": {"token": "x", "method": None}},
    ],
)
def test_an_auth_response_of_another_shape_is_not(members: dict[str, object]) -> None:
    assert decode_auth_response(envelope({"type": "auth_response", **members})) is None
