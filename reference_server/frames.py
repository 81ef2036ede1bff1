"""Frames: the bytes of RFC 6455 to whole messages and back, for the server's side, without I/O.

A reference server has to be stricter than its HTTP library: aiohttp's own reader accepts frames
that are not masked, lengths that are not minimal and close codes that RFC 6455 forbids, and refuses
a message of exactly the size limit.
"""

from __future__ import annotations

import math
from enum import IntEnum
from typing import NamedTuple

from reference_server.codes import CloseCode

__all__ = ["FrameFault", "FrameReader", "Opcode", "close_frame", "encode_frame", "text_frame"]


class Opcode(IntEnum):
    """The frame types of RFC 6455 section 5.2."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class FrameFault(Exception):
    """The peer broke a rule of the frame layer; ``code`` is the close code for it."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code


class Message(NamedTuple):
    """A whole text message or one control frame."""

    opcode: int
    payload: bytes


class _Header(NamedTuple):
    """The header of one frame, and where its payload is in the data."""

    opcode: int
    final: bool
    start: int
    end: int


_OPCODES = frozenset(Opcode)
_TEXT = int(Opcode.TEXT)
_CLOSE = int(Opcode.CLOSE)


class FrameReader:
    """Takes bytes as they arrive and returns whole messages; bounded by ``max_message_bytes``.

    With a ``slice_cost`` it reads only that much at once, where a frame costs 1, plus 1 for each
    KiB of it: ``has_more`` is true while more frames may be waiting after those that were read.
    """

    __slots__ = ("_held", "_max", "_needed", "_partial", "_slice_cost", "fault", "has_more")

    def __init__(self, max_message_bytes: int, slice_cost: float = math.inf) -> None:
        self._max = max_message_bytes
        self._slice_cost = slice_cost
        self._held = bytearray()
        self._needed = 0
        self._partial: bytearray | None = None
        self.fault: FrameFault | None = None
        self.has_more = False

    def feed(self, data: bytes | memoryview) -> list[Message]:
        """Return the next messages, for which ``data`` may be empty; a fault is the end of them."""
        self.has_more = False
        if self.fault:
            return []
        self._held += data
        if len(self._held) < self._needed:
            return []
        messages: list[Message] = []
        try:
            position = self._read_frames(self._held, messages)
        except FrameFault as fault:
            self.fault = fault
            position = len(self._held)
        del self._held[:position]
        return messages

    def _read_frames(self, data: bytearray, messages: list[Message]) -> int:
        """Append the messages in the complete frames of ``data``, and return where those end."""
        position, cost, self._needed = 0, 0, 0
        while header := self._read_header(data, position):
            if header.end > len(data):
                self._needed = header.end - position
                break
            payload = _unmask(
                data[header.start - 4 : header.start], data[header.start : header.end]
            )
            message = self._assemble(header, payload)
            if message:
                messages.append(message)
            cost += 1 + (header.end - position >> 10)
            position = header.end
            if cost >= self._slice_cost:
                self.has_more = position < len(data)
                break
        return position

    def _read_header(self, data: bytearray, position: int) -> _Header | None:
        """Return the frame header at ``position``, or None (with ``_needed`` set) if it is cut."""
        available = len(data) - position
        if available < 2:
            self._needed = 2
            return None
        first, second = data[position], data[position + 1]
        # TRANSPORT-11: A server MUST end a connection on which it receives a forbidden frame.
        _check_first_bytes(first, second)
        length = second & 0x7F
        start = position + 2
        if length > 125:
            size = 2 if length == 126 else 8
            if available < 2 + size:
                self._needed = 2 + size
                return None
            length = _extended_length(data[start : start + size])
            start += size
        opcode = first & 0x0F
        self._check_order_and_size(opcode, length)
        start += 4
        return _Header(opcode, first >= 0x80, start, start + length)

    def _check_order_and_size(self, opcode: int, length: int) -> None:
        """Refuse a data frame that is out of place, binary, or makes its message too long."""
        if opcode >= _CLOSE:
            return
        # RFC 6455 section 5.4: fragments of one message MUST NOT be interleaved with another's.
        if (opcode == Opcode.CONTINUATION) is (self._partial is None):
            raise FrameFault(CloseCode.PROTOCOL_ERROR)
        # TRANSPORT-04: a binary message closes the connection with 1003.
        if opcode == Opcode.BINARY:
            raise FrameFault(CloseCode.UNSUPPORTED_DATA)
        # TRANSPORT-06, TRANSPORT-07: longer than max_message_bytes closes with 1009, exactly not.
        if length + len(self._partial or b"") > self._max:
            raise FrameFault(CloseCode.MESSAGE_TOO_BIG)

    def _assemble(self, header: _Header, payload: bytes) -> Message | None:
        """Return the message that a frame completes, or None.

        TRANSPORT-08: A server MUST reassemble a text message that arrives in fragments.
        """
        if header.opcode >= _CLOSE:
            if header.opcode == _CLOSE:
                _check_close(payload)
            return Message(header.opcode, payload)
        if self._partial is not None:
            self._partial += payload
        elif not header.final:
            self._partial = bytearray(payload)
        if not header.final:
            return None
        if self._partial is not None:
            payload, self._partial = bytes(self._partial), None
        _check_utf8(payload)
        return Message(_TEXT, payload)


def _check_first_bytes(first: int, second: int) -> None:
    """Refuse what RFC 6455 section 5.2 forbids in the first two bytes of a client's frame."""
    opcode = first & 0x0F
    is_long_or_cut_control = opcode >= _CLOSE and (first < 0x80 or second & 0x7F > 125)
    if first & 0x70 or opcode not in _OPCODES or second < 0x80 or is_long_or_cut_control:
        raise FrameFault(CloseCode.PROTOCOL_ERROR)


def _extended_length(field: bytearray) -> int:
    """Return a length of 2 or 8 bytes (RFC 6455 5.2: the minimal number of bytes MUST be used)."""
    length = int.from_bytes(field, "big")
    shortest = 126 if len(field) == 2 else 1 << 16
    if not shortest <= length < 1 << 63:
        raise FrameFault(CloseCode.PROTOCOL_ERROR)
    return length


def _unmask(key: bytearray, payload: bytearray) -> bytes:
    """Undo the masking of RFC 6455 section 5.3, as one operation on long integers."""
    size = len(payload)
    stream = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(stream, "little")).to_bytes(
        size, "little"
    )


def _check_utf8(payload: bytes) -> None:
    """Refuse a text that is not UTF-8 (TRANSPORT-05: with close code 1007)."""
    if payload.isascii():
        return
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise FrameFault(CloseCode.INVALID_PAYLOAD) from None


def _check_close(payload: bytes) -> None:
    """Refuse a close frame whose code or reason RFC 6455 sections 5.5.1 and 7.4 forbid."""
    if not payload:
        return
    code = int.from_bytes(payload[:2], "big")
    is_known = 1000 <= code <= 1014 and code not in {1004, 1005, 1006}
    if len(payload) == 1 or not (is_known or 3000 <= code <= 4999):
        raise FrameFault(CloseCode.PROTOCOL_ERROR)
    _check_utf8(payload[2:])


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """Return one final frame, not masked, as a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2, "big") + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8, "big") + payload


def text_frame(payload: bytes) -> bytes:
    """Return a whole text message as one frame (TRANSPORT-01)."""
    return encode_frame(_TEXT, payload)


def close_frame(code: int | None) -> bytes:
    """Return a close frame with a code, or without one."""
    return encode_frame(_CLOSE, b"" if code is None else code.to_bytes(2, "big"))
