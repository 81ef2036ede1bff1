"""What arrives on a connection, as values: messages and its end."""

import re
from itertools import accumulate
from typing import Any, Final

import msgspec

from conformance.errors import OutOfReach
from conformance.json_text import MAX_DEPTH, TOO_DEEP, NotJSON, decode, encode
from conformance.model import Evidence
from conformance.text.excerpts import as_value

NO_CLOSE_FRAME: Final = 1006

MOST_VALUES: Final = 50_000
"""The most JSON values in a message: a value may take fifty times the room of its text."""

KEPT: Final = 512 * 1024
"""Bytes of the latest messages whose values are kept for when they come on other connections."""
LONGEST_KEPT: Final = KEPT // 4
_OVERHEAD: Final = 1024
"""Bytes that each counts for besides its own."""

_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
"""A string, even an unterminated one: its characters are scanned only once."""
_NO_BRACKET: Final = re.compile(r"[^\[\]{}]+")
BINARY: Final = "a binary message came instead of a text message"


class Message(msgspec.Struct, eq=False):
    """One message as it came; `value` is its JSON value unless `fault` says why it has none.

    After it was witnessed, `ordinal` is that of its entry in the transcript, `own` says whether it
    is the scenario's own, and `awaited` whether a step may wait for it at all.
    """

    time: float
    text: str
    value: Any = None
    fault: str = ""
    compressed: bool = False
    ordinal: int | None = None
    own: bool = False
    awaited: bool = True

    @property
    def evidence(self) -> Evidence:
        """The message as a report holds it: its value, or its text if it has none or says more."""
        return Evidence(self.text) if self.fault else as_value(self.text)

    def mentions(self, text: str) -> bool:
        """Return whether the message contains a text, however its JSON escapes it."""
        if text in self.text:
            return True
        return "\\" in self.text and not self.fault and text in encode(self.value)


class End(msgspec.Struct, frozen=True):
    """How a connection ended: the close code, and who ended it."""

    time: float
    code: int
    reason: str
    how: str


Received = Message | End


def read_message(data: bytes | bytearray, binary: bool, now: float, compressed: bool) -> Message:
    """Return the message in a payload; `fault` says what is wrong with it.

    Raises `OutOfReach` if it may be right but holds more values than the kit reads.
    """
    text, value, fault = _LATEST.read(data, binary)
    return Message(now, text, value, fault, compressed)


Reading = tuple[str, Any, str]
"""The text, the value and the fault of a payload."""


class Latest:
    """The latest messages as they were read: one that comes on many connections is read once.

    Nobody changes a value.
    """

    def __init__(self) -> None:
        self._readings: dict[tuple[bytes, bool], Reading] = {}
        self._length = 0

    def read(self, data: bytes | bytearray, binary: bool) -> Reading:
        """Return what a payload says."""
        if len(data) > LONGEST_KEPT:
            return _read(data, binary)
        key = (bytes(data), binary)
        found = self._readings.get(key)
        if found is None:
            found = self._readings[key] = _read(data, binary)
            self._length += len(data) + _OVERHEAD
            while self._length > KEPT:
                oldest = next(iter(self._readings))
                del self._readings[oldest]
                self._length -= len(oldest[0]) + _OVERHEAD
        return found


_LATEST: Final = Latest()


def _read(data: bytes | bytearray, binary: bool) -> Reading:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        shown = data[:64].hex(" ") if binary else data.decode("utf-8", "backslashreplace")
        return shown, None, BINARY if binary else f"the text is not UTF-8: {error.reason}"
    if binary:
        return text, None, BINARY
    try:
        _check_size(text)
        return text, decode(text), ""
    except NotJSON as error:
        return text, None, f"the text is not JSON: {error}"


def _check_size(text: str) -> None:
    """Raise `OutOfReach` for a text with too many values, `NotJSON` for too deep nesting."""
    if len(text) <= MOST_VALUES or _separators(text) <= MOST_VALUES:
        return
    bare = _STRING.sub("", text)
    if _separators(bare) <= MOST_VALUES:
        return
    steps = (1 if bracket in "[{" else -1 for bracket in _NO_BRACKET.sub("", bare))
    if max(accumulate(steps), default=0) > MAX_DEPTH:
        raise NotJSON(TOO_DEEP)
    raise OutOfReach(f"a message has more than {MOST_VALUES} JSON values")


def _separators(text: str) -> int:
    """Return how many commas and opening brackets a text has: at least its values less one."""
    return sum(map(text.count, ",[{"))
