"""What comes on a connection, as values: messages and its end."""

from dataclasses import dataclass
from typing import Any, Final

from conformance.json_text import NotJSON, decode, encode

NO_CLOSE_FRAME: Final = 1006


@dataclass(slots=True, eq=False)
class Message:
    """One message as it came; `value` is its JSON value unless `fault` says why it has none.

    `line` is where it stands in the transcript, once it is there.
    """

    time: float
    text: str
    value: Any = None
    fault: str = ""
    compressed: bool = False
    line: int | None = None

    def mentions(self, text: str) -> bool:
        """Whether the message contains a text, however its JSON escapes it."""
        return text in self.text or (not self.fault and text in encode(self.value))


@dataclass(frozen=True, slots=True)
class End:
    """How a connection ended: the close code, and whose doing it was."""

    time: float
    code: int
    reason: str
    how: str


Received = Message | End


def read_message(data: bytes | bytearray, binary: bool, now: float, compressed: bool) -> Message:
    """The message of a payload; what is wrong with it stands in its `fault`."""
    if binary:
        return Message(
            now, data[:64].hex(" "), None, "a binary message came, not a text message", compressed
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = data.decode("utf-8", "backslashreplace")
        return Message(now, shown, None, f"the text is not UTF-8: {error.reason}", compressed)
    try:
        return Message(now, text, decode(text), "", compressed)
    except NotJSON as error:
        return Message(now, text, None, f"the text is not JSON: {error}", compressed)
