"""Message: a client_message on its way."""

from dataclasses import dataclass
from typing import Any, Final

from coda_client.json_text import NotJSON, encode

__all__ = ["Message", "composed"]

LONGEST_NAME: Final = 128


@dataclass(slots=True, eq=False)
class Message:
    """A message that the client took on; times are those of the client's clock."""

    id: str
    text: str
    once: bool
    size: int
    refusal: str = ""
    """Why the client itself refuses it."""
    number: int = 0
    """Tells it from others with the same id."""
    first_sent: float | None = None
    last_sent: float = 0.0
    window: float = 0.0
    """The id_window of the session in which it was first sent."""
    in_flight: bool = False
    is_fate_unknown: bool = False
    not_before: float = float("-inf")
    errors: int = 0

    @property
    def deadline(self) -> float:
        """The moment from which it may not be repeated, or an answer is not waited for."""
        if self.in_flight:
            return self.last_sent + self.window
        if self.is_fate_unknown and self.first_sent is not None:
            return self.first_sent + self.window - min(2.0, self.window / 10)  # CLIENT-47
        return float("inf")


def composed(
    type_: str, data: dict[str, Any], id_: str, priority: str | None, once: bool
) -> Message:
    """The message with this content; raise ValueError if its names are no names.

    Data that are no JSON make a message with a `refusal`.
    """
    for name, given in (("type", type_), ("id", id_)):
        if not isinstance(given, str) or not 1 <= len(given) <= LONGEST_NAME:
            raise ValueError(f"the {name} of a message has 1 to {LONGEST_NAME} characters")
    if not isinstance(data, dict) or not isinstance(priority, str | None):
        raise TypeError("the data of a message are a dict, and its priority is a text")
    value: dict[str, Any] = {"type": "client_message", "id": id_}  # CLIENT-05, CLIENT-46
    if priority is not None:
        value["priority"] = priority
    value["data"] = {"message_type": type_, "message_data": data}  # CLIENT-42, CLIENT-44
    try:
        text = encode(value)
    except NotJSON as error:
        return Message(id_, "", once, 0, str(error))
    return Message(id_, text, once, len(text.encode()))
