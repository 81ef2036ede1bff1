"""A target's frames before they are parsed: violations of RFC 6455 are reported and fixed.

The parser after this stops at the first forbidden frame. Fixing it lets the dialogue go on, so that
such a frame is held against the requirement about frames, not against whatever was tested then.
"""

from collections.abc import Callable
from typing import Final

from websockets.utils import apply_mask

CLOSE: Final = 8
_OPCODES: Final = frozenset({0, 1, 2, 8, 9, 10})
_LONGEST_CONTROL: Final = 125
_LONGEST_FIXED: Final = 1024 * 1024
_LEAST: Final = {2: 0, 4: 126, 10: 1 << 16}
"""The least length of a frame by the size of its head without the mask."""

_RULES: Final = (
    "a frame is masked",
    "a frame has a reserved bit that no extension claimed",
    "a frame has the reserved opcode {opcode}",
    "the length {length} is not in its shortest form",
    "a control frame is fragmented",
    "a control frame has {length} bytes",
    "a continuation frame continues no message",
    "a message begins before the previous one has ended",
)

_LAWFUL: Final = 1000
_NEVER_SENT: Final = (1005, 1006)
_END_OF_HEAD: Final = b"\r\n\r\n"
_LONGEST_HEAD: Final = 64 * 1024

BEHIND_CLOSE: Final = "after its close frame"
"""How reports describe what comes after a close frame."""

UNREADABLE: Final = "a compressed message cannot be inflated"
"""How reports describe a frame that an extension cannot decode."""


class Incoming:
    """Takes what a target sends, from its HTTP response on, and returns lawful frames.

    `report` is called with each fault of a frame, `compresses` says whether RSV1 was negotiated.
    Messages whose end never comes are cut short; `abandoned` has their numbers, counted from 1.
    `gave_up` says whether a forbidden frame was too long to be fixed, and was passed on as it came.
    """

    def __init__(self, report: Callable[[str], None], compresses: Callable[[], bool]) -> None:
        self._report = report
        self._compresses = compresses
        self._head: bytearray | None = bytearray()
        self._passes_all = False
        self._held = bytearray()
        self._left = 0
        self._is_open = False
        self._is_closed = False
        self._close_code: int | None = None
        self._count = 0
        self.abandoned: set[int] = set()
        self.gave_up = False

    def head(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the part of the data that belongs to the HTTP response, and what follows it."""
        if self._head is None:
            return b"", data
        before = len(self._head)
        self._head += data
        end = self._head.find(_END_OF_HEAD)
        if end < 0:
            if before > _LONGEST_HEAD:
                self._passes_all, self._head = True, None
            return data, b""
        size = end + len(_END_OF_HEAD) - before
        self._passes_all = b" 101" not in self._head[:16]
        self._head = None
        return data[:size], data[size:]

    def sent_code(self, code: int) -> int:
        """Return the code in the close frame, lawful or not; the given one if it has none.

        A code that means that no code or no frame was sent, but was sent anyway, becomes 0.
        """
        found = code if self._close_code is None else self._close_code
        return 0 if self._close_code is not None and found in _NEVER_SENT else found

    def frames(self, data: bytes) -> bytes | bytearray:
        """Return lawful frames, or parts of them, for the data."""
        if self._passes_all:
            return data
        given = bytearray()
        position = 0
        if self._left:
            position = min(self._left, len(data))
            self._left -= position
            given += data[:position]
        self._held += data[position:]
        position = 0
        while (step := self._next(position, given)) > 0:
            position += step
        del self._held[:position]
        return given

    def _next(self, position: int, given: bytearray) -> int:
        """Take the frame that begins at a position; return how much of it has come."""
        held = self._held
        available = len(held) - position
        if available < 2:
            return 0
        first, second = held[position], held[position + 1]
        size = {126: 4, 127: 10}.get(second & 0x7F, 2)
        if available < size:
            return 0
        length = second & 0x7F
        if size > 2:
            length = int.from_bytes(held[position + 2 : position + size], "big")
        opcode = first & 0x0F
        faults = self._faults(first, second, size, length)
        is_whole = bool(faults) or opcode >= CLOSE
        if not is_whole or length > _LONGEST_FIXED:
            for fault in faults:
                self._report(fault)
            self.gave_up = self.gave_up or bool(faults)
            self._note(first)
            end = position + size + length
            given += held[position:end]
            self._left = max(0, end - len(held))
            return min(size + length, available)
        start = size + (4 if second & 0x80 else 0)
        if available < start + length:
            return 0
        for fault in faults:
            self._report(fault)
        payload = held[position + start : position + start + length]
        if second & 0x80:
            payload = bytearray(apply_mask(payload, held[position + size : position + start]))
        self._give(first, payload, given)
        return start + length

    def _faults(self, first: int, second: int, size: int, length: int) -> list[str]:
        """Return what RFC 6455, sections 5.2 to 5.5, forbids in the head of a frame."""
        opcode = first & 0x0F
        if self._is_closed:
            return [f"a frame of opcode {opcode} came {BEHIND_CLOSE}"]
        broken = (
            second & 0x80,
            first & 0x30 or (first & 0x40 and not self._may_be_compressed(opcode)),
            opcode not in _OPCODES,
            length < _LEAST[size],
            opcode >= CLOSE and not first & 0x80,
            opcode >= CLOSE and length > _LONGEST_CONTROL,
            opcode == 0 and not self._is_open,
            opcode in (1, 2) and self._is_open,
        )
        if not any(broken):
            return []
        rules = zip(_RULES, broken, strict=True)
        return [rule.format(opcode=opcode, length=length) for rule, is_broken in rules if is_broken]

    def _may_be_compressed(self, opcode: int) -> bool:
        return opcode in (1, 2) and self._compresses()

    def _note(self, first: int) -> None:
        """Note whether a message is open after a frame."""
        if first & 0x0F < CLOSE:
            self._is_open = not first & 0x80
            self._count += not self._is_open

    def _give(self, first: int, payload: bytearray, given: bytearray) -> None:
        """Pass on a fixed frame; one that cannot be fixed is left out."""
        opcode = first & 0x0F
        if self._is_closed or opcode not in _OPCODES:
            return
        bits = first & (0xC0 if self._may_be_compressed(opcode) else 0x80)
        if opcode >= CLOSE:
            bits = 0x80
            del payload[_LONGEST_CONTROL:]
            if opcode == CLOSE:
                self._is_closed = True
                payload = self._close(payload)
        elif opcode == 0 and not self._is_open:
            return
        elif opcode and self._is_open:
            given += b"\x80\x00"
            self._count += 1
            self.abandoned.add(self._count)
        self._note(first)
        given += _frame(bits | opcode, payload)

    def _close(self, payload: bytearray) -> bytearray:
        """Return the fixed payload of a close frame."""
        if not payload:
            return payload
        if len(payload) == 1:
            self._report("a close frame has one byte")
            return bytearray()
        self._close_code = int.from_bytes(payload[:2], "big")
        payload[:2] = _LAWFUL.to_bytes(2, "big")
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            self._report("the reason in a close frame is not UTF-8")
            payload[2:] = payload[2:].decode("ascii", "ignore").encode()
        return payload


def _frame(first: int, payload: bytearray) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((first, length)) + payload
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big") + payload
    return bytes((first, 127)) + length.to_bytes(8, "big") + payload
