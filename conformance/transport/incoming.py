"""A target's frames, read once: violations of RFC 6455 are reported and fixed.

Fixing a forbidden frame lets the dialogue go on, so that such a frame is held against the
requirement about frames, not against whatever was tested then.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Final

from websockets.frames import Frame, Opcode
from websockets.utils import apply_mask

from conformance.errors import OutOfReach

CLOSE: Final = 8
_OPCODES: Final = {int(opcode): opcode for opcode in Opcode}
_LONGEST_CONTROL: Final = 125
_LONGEST_FIXED: Final = 1024 * 1024
_SIZES: Final = {126: 4, 127: 10}
"""The size of a frame's head without the mask, if it is not 2, by the seven bits of the length."""
_LEAST: Final = {2: 0, 4: 126, 10: 1 << 16}
"""The least length of a frame by the size of its head without the mask."""

_RULES: Final = (
    "a frame is {not_}masked",
    "a frame has a reserved bit that no extension claimed",
    "a frame has the reserved opcode {opcode}",
    "the length {length} is not in its shortest form",
    "a control frame is fragmented",
    "a control frame has {length} bytes",
    "a continuation frame continues no message",
    "a message begins before the previous one has ended",
)

_NO_CODE: Final = 1005
_NEVER_SENT: Final = (_NO_CODE, 1006)
_END_OF_HEAD: Final = b"\r\n\r\n"
_LONGEST_HEAD: Final = 64 * 1024

BEHIND_CLOSE: Final = "after its close frame"
"""How reports describe what comes after a close frame."""

UNREADABLE: Final = "a compressed message cannot be inflated"
"""How reports describe a frame that an extension cannot decode."""


class Unfixable(Exception):
    """A forbidden frame is too long to be fixed; the text says what is wrong with it."""


class Incoming:
    """Takes what a target sends, from the head of its HTTP message on, and yields lawful frames.

    `report` is called with each fault of a frame, `compresses` says whether RSV1 was negotiated.
    A message whose end never comes is cut short; `cuts_short` while the frame that does it is
    yielded. The frames of a client have to be masked, those of a server must not be.
    """

    def __init__(
        self,
        report: Callable[[str], None],
        compresses: Callable[[], bool],
        longest: int,
        *,
        from_client: bool = False,
    ) -> None:
        self._report = report
        self._from_client = from_client
        self._compresses = compresses
        self._longest = longest
        self._head: bytearray | None = bytearray()
        self._is_http = False
        self._held = bytearray()
        self._is_open = False
        self._is_closed = False
        self._close_code: int | None = None
        self.cuts_short = False

    def head(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the part of the data that belongs to the HTTP message, and what follows it."""
        if self._is_http:
            return data, b""
        if self._head is None:
            return b"", data
        before = len(self._head)
        self._head += data
        end = self._head.find(_END_OF_HEAD)
        if end < 0:
            self._is_http = before > _LONGEST_HEAD
            return data, b""
        size = end + len(_END_OF_HEAD) - before
        self._is_http = not self._from_client and b" 101" not in self._head[:16]
        self._head = None
        return (data, b"") if self._is_http else (data[:size], data[size:])

    @property
    def close_code(self) -> int:
        """The code in the close frame, lawful or not; 1005 if it has none.

        A code that means that no code or no frame was sent, but was sent anyway, becomes 0.
        """
        if self._close_code is None:
            return _NO_CODE
        return 0 if self._close_code in _NEVER_SENT else self._close_code

    def frames(self, data: bytes) -> Generator[Frame, None, None]:
        """Yield the lawful frames that the data completes.

        Raises `OutOfReach` at a frame that is longer than the kit reads, `Unfixable` at a forbidden
        one that is too long to be fixed.
        """
        held = self._held
        held += data
        position = 0
        try:
            while len(held) - position >= 2:
                first, second = held[position], held[position + 1]
                size = _SIZES.get(second & 0x7F, 2)
                start = position + size
                if len(held) < start:
                    return
                length = second & 0x7F
                if size > 2:
                    length = int.from_bytes(held[position + 2 : start], "big")
                faults = self._faults(first, second, size, length)
                self._check_length(length, faults)
                start += 4 if second & 0x80 else 0
                if len(held) < start + length:
                    return
                payload = held[start : start + length]
                position = start + length
                if second & 0x80:
                    payload = bytearray(apply_mask(payload, held[start - 4 : start]))
                for fault in faults:
                    self._report(fault)
                yield from self._fixed(first, payload)
        finally:
            del held[:position]

    def _check_length(self, length: int, faults: list[str]) -> None:
        """Raise an error if a frame is too long to wait for the whole of it."""
        if faults and length > _LONGEST_FIXED:
            for fault in faults:
                self._report(fault)
            raise Unfixable(faults[0])
        if length > self._longest:
            raise OutOfReach(
                f"a message is longer than the kit reads: a frame has {length} bytes, "
                f"over {self._longest}"
            )

    def _faults(self, first: int, second: int, size: int, length: int) -> list[str]:
        """Return what RFC 6455, sections 5.2 to 5.5, forbids in the head of a frame."""
        opcode = first & 0x0F
        if self._is_closed:
            return [f"a frame of opcode {opcode} came {BEHIND_CLOSE}"]
        broken = (
            bool(second & 0x80) is not self._from_client,
            first & 0x30 or (first & 0x40 and not self._is_compressed(first)),
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
        said = {"opcode": opcode, "length": length, "not_": "not " * self._from_client}
        return [rule.format(**said) for rule, is_broken in rules if is_broken]

    def _is_compressed(self, first: int) -> bool:
        """Return whether a frame begins a message that is lawfully compressed."""
        return first & 0x40 != 0 and first & 0x0F in (1, 2) and self._compresses()

    def _fixed(self, first: int, payload: bytearray) -> Iterator[Frame]:
        """Yield a frame, fixed if need be; one that cannot be fixed is left out."""
        opcode = _OPCODES.get(first & 0x0F)
        if self._is_closed or opcode is None:
            return
        if opcode >= CLOSE:
            if opcode == CLOSE:
                self._is_closed = True
                payload = self._close(payload)
            yield Frame(opcode, payload[:_LONGEST_CONTROL])
            return
        if opcode and self._is_open:
            self.cuts_short = True
            yield Frame(Opcode.CONT, b"")
            self.cuts_short = False
        elif not opcode and not self._is_open:
            return
        fin = first & 0x80 != 0
        self._is_open = not fin
        yield Frame(opcode, payload, fin, rsv1=self._is_compressed(first))

    def _close(self, payload: bytearray) -> bytearray:
        """Return the fixed payload of a close frame."""
        if not payload:
            return payload
        if len(payload) == 1:
            self._report("a close frame has one byte")
            return bytearray()
        self._close_code = int.from_bytes(payload[:2], "big")
        try:
            payload[2:].decode()
        except UnicodeDecodeError:
            self._report("the reason in a close frame is not UTF-8")
            payload[2:] = payload[2:].decode("ascii", "ignore").encode()
        # What is too long may be cut within a character.
        payload[2:] = payload[2:_LONGEST_CONTROL].decode(errors="ignore").encode()
        return payload
