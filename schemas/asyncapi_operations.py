"""What a server does with messages: which it receives, how it answers, which it sends unasked."""

from typing import Any, Final, NamedTuple

EVENTS: Final = "events"
"""Stands for every event in the list of messages of an operation."""


class Operation(NamedTuple):
    """One operation of the server; a reply is one of `replies`, sent to the asking connection."""

    name: str
    action: str
    title: str
    summary: str
    messages: tuple[str, ...]
    requirements: tuple[str, ...]
    replies: tuple[str, ...] = ()
    tag: str = "core"


OPERATIONS: Final = (
    Operation(
        "send_auth_challenge", "send", "Challenge",
        "The server speaks first: every connection begins with one challenge.",
        ("auth_challenge",), ("STATE-01", "AUTH-01", "AUTH-14"),
    ),
    Operation(
        "receive_auth_response", "receive", "Authenticate",
        "A client answers the challenge, and learns whether it is let in.",
        ("auth_response",), ("AUTH-09", "AUTH-12", "AUTH-13", "STATE-06"),
        replies=("auth_result", "error_message"),
    ),
    Operation(
        "send_auth_timeout", "send", "End the time to authenticate",
        "An auth_result that answers nothing, with code auth_timeout; close 4408 follows.",
        ("auth_result",), ("AUTH-14", "AUTH-15"),
    ),
    Operation(
        "send_replay", "send", "Replay",
        "Events from before the client joined, at most once, right after the auth_result.",
        ("replay",), ("EVENT-08", "EVENT-10", "REPLAY-02", "REPLAY-03"), tag="replay",
    ),
    Operation(
        "send_events", "send", "Report what happens",
        "Each event goes to every authenticated connection, in one order.",
        (EVENTS,), ("EVENT-01", "EVENT-02", "EVENT-03", "EVENT-04", "EVENT-05"), tag="events",
    ),
    Operation(
        "receive_client_message", "receive", "Speak",
        "A client speaks: what is accepted goes to everybody, as an event client_message; "
        "the replies here are those to what is not accepted.",
        ("client_message",), ("MSG-01", "MSG-04", "MSG-05", "MSG-07", "DEDUP-01"),
        replies=("duplicate_message", "error_message"),
    ),
    Operation(
        "receive_ping", "receive", "Ask for a sign of life",
        "A client with a silent connection asks; the pong has the same data.",
        ("ping",), ("HEARTBEAT-01", "HEARTBEAT-02", "HEARTBEAT-03"),
        replies=("pong", "error_message"), tag="heartbeat",
    ),
    Operation(
        "receive_token_refresh", "receive", "Refresh an access token",
        "A client asks for the successor of the newest access token of its line.",
        ("token_refresh",), ("TOKEN-01", "TOKEN-02", "TOKEN-14", "TOKEN-16"),
        replies=("token_result", "error_message"), tag="tokens",
    ),
    Operation(
        "receive_token_revoke", "receive", "Revoke access tokens",
        "A client has the whole line of an access token revoked.",
        ("token_revoke",), ("TOKEN-06", "TOKEN-07", "TOKEN-10", "TOKEN-14"),
        replies=("token_result", "error_message"), tag="tokens",
    ),
    Operation(
        "send_error", "send", "Refuse what is no message, or say why the connection ends",
        "An error that answers no message of this document: the text was none, its type is "
        "unknown, or the token of the session was revoked or has expired.",
        ("error_message",), ("ERROR-01", "ERROR-02", "MSG-09", "STATE-03", "TOKEN-08"),
    ),
)  # fmt: skip

TAGS: Final = {
    "core": "What every server and every client does.",
    "events": "What happened, sent to everybody.",
    "heartbeat": "Feature `heartbeat`: asking whether the other side is alive.",
    "tokens": "Feature `tokens`: refresh and revocation of access tokens.",
    "replay": "Events from before a client joined.",
    "system": "Events of the system as a whole.",
    "stt": "Events of speech to text.",
    "llm": "Events of the language model.",
    "tts": "Events of text to speech.",
    "memory": "Events of the assistant's long-term memory.",
    "tool": "Events of functions that the language model calls.",
    "conversation": "Events of conversations.",
    "latency": "Events about the time that an answer took.",
    "component": "Events about the work of components.",
    "client": "Events that relay what clients said.",
}


def of(name: str) -> list[Operation]:
    """Return the operations in which a message is received, sent or a reply."""
    return [row for row in OPERATIONS if name in (*row.messages, *row.replies)]


def tags(name: str, schema: dict[str, Any]) -> list[str]:
    """Return the tags of a message: its feature, or core; events have that of their subject."""
    if name.endswith("_event"):
        subject = name.partition("_")[0]
        return ["events", subject] if subject in TAGS else ["events"]
    feature = schema.get("x-feature")
    return [feature or ("replay" if name == "replay" else "core")]
