"""What the author of a client does with the types, in Python."""

import json
from typing import assert_type

from coda_messages import (
    AnyEvent,
    AuthChallenge,
    ClientMessage,
    ClientToServer,
    Commands,
    ErrorCode,
    ServerToClient,
    SttResultEvent,
)


def reaction(text: str) -> str:
    """Return what a user reads of a message from the server."""
    m: ServerToClient = json.loads(text)
    if m["type"] == "stt_result":
        assert_type(m, SttResultEvent)
        return m["data"]["text"] + (m["data"].get("language") or "")
    match m["type"]:
        case "auth_challenge":
            assert_type(m, AuthChallenge)
            return m["data"]["nonce"]
        case "client_message":
            return m["data"]["client_id"]
        case "error":
            code: ErrorCode = m["data"]["code"]
            return code + m["data"].get("details", {}).get("pointer", "")
        case "replay":
            events: list[AnyEvent] = m["events"]
            return ", ".join(event["type"] for event in events)
    return ""


def typed_text(text: str) -> ClientToServer:
    """Return the message that says what the user typed."""
    command: Commands = {
        "push_to_talk": {"duration": None},
        "stop_listening": {},
        "stop_speaking": {},
        "text_input": {"text": text},
    }
    m: ClientMessage = {
        "type": "client_message",
        "id": "m-1",
        "data": {"message_type": "text_input", "message_data": {**command["text_input"]}},
    }
    return m
