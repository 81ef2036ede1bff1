"""What only code can compute for a scenario with a client: what a server makes up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import floor
from secrets import token_hex, token_urlsafe
from time import time
from typing import Any, Final

from conformance.json_text import encode
from conformance.loader.expressions import Function

NONCE_BYTES: Final = 16
EPOCH_BYTES: Final = 8


def nonce() -> str:
    """A nonce, or a secret, as a server makes it: 128 random bits in 22 characters (AUTH-03)."""
    return token_urlsafe(NONCE_BYTES)


def challenge(methods: Sequence[str], nonce: str, token: str) -> dict[str, Any]:
    """The data of a challenge; the token is in it if challenge_token is offered (AUTH-04)."""
    data: dict[str, Any] = {
        "methods": methods,
        "nonce": nonce,
        "expires_in": 30.0,
        "protocol_version": "1.0",
        "max_message_bytes": 1_048_576,
    }
    if "challenge_token" in methods:
        data |= {"token": token, "message": "Send this token back to authenticate"}
    return data


def epoch() -> str:
    """The name of a numbering of events: 16 random characters (EVENT-13)."""
    return token_hex(EPOCH_BYTES)


def now() -> float:
    """The time of an event, in seconds since 1970 (EVENT-06)."""
    return time()


def events(first: int, last: int, kind: str = "conversation_start") -> list[dict[str, Any]]:
    """Events with the numbers from the first to the last; none if the last is less."""
    return [
        {
            "version": "1.0",
            "seq": seq,
            "timestamp": now(),
            "type": kind,
            "data": {"session_id": f"s-{seq}"},
        }
        for seq in range(first, last + 1)
    ]


def replay(first: int, last: int, truncated: bool = False) -> dict[str, Any]:
    """A replay with data, of the events with the numbers from the first to the last."""
    held = {"from_seq": first, "to_seq": last} if first <= last else {}
    return {
        "type": "replay",
        "data": {**held, "truncated": truncated},
        "events": events(first, last),
    }


def filled(value: Any, size: int) -> str:
    """The JSON text of a value, with as many "x" for the text "*" in it as make it that long."""
    text = encode(value)
    return text.replace('"*"', f'"{"x" * (size - len(text.encode()) + 1)}"')


def window(seconds: float, scale: float) -> float:
    """Seconds in which a client acts that waits for some, scaled: a tenth and 0.5 s more."""
    return 0.5 + 1.1 * seconds * scale


def most_alike(values: Sequence[float], width: float) -> int:
    """The most of these numbers of which no two are further apart than a width."""
    return max(sum(0 <= other - value <= width for other in values) for value in values)


def most_together(values: Sequence[float], least: float, width: float) -> int:
    """The most of these numbers that lie in one of the parts of a width that begin at the least."""
    return max(Counter(floor((value - least) / width) for value in values).values())


def own_id(message: Mapping[str, Any]) -> Any:
    """The id of a message; null if it has none."""
    return message.get("id")


def answering(message: Mapping[str, Any]) -> dict[str, Any]:
    """The request_id of an answer to a message, as a member; nothing if the message has no id."""
    return {"request_id": message["id"]} if "id" in message else {}


FUNCTIONS: Final[Mapping[str, Function]] = {
    "nonce": nonce,
    "challenge": challenge,
    "epoch": epoch,
    "now": now,
    "events": events,
    "replay": replay,
    "filled": filled,
    "window": window,
    "most_alike": most_alike,
    "most_together": most_together,
    "own_id": own_id,
    "answering": answering,
}
