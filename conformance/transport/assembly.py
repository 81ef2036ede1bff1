"""The message that a connection is receiving: its frames, put together and inflated."""

import zlib
from collections.abc import Iterable
from typing import Final, cast

from websockets.exceptions import PayloadTooBig
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from conformance.errors import OutOfReach

WINDOW: Final = 1 << 15
"""Bytes that a compressed message may refer back to (RFC 1951)."""


class Assembly:
    """Puts the frames of each message together.

    `binary` and `compressed` are about the latest message.
    """

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._payload = bytearray()
        self.binary = False
        self.compressed = False
        self._window = b""

    def add(self, frame: Frame, extensions: Iterable[Extension]) -> bytes | bytearray | None:
        """Return the payload of the message that a data frame completes; None if it goes on.

        Raises `OutOfReach` if it is longer than the kit reads.
        """
        begins = frame.opcode is not Opcode.CONT
        if begins:
            self.binary, self.compressed = frame.opcode is Opcode.BINARY, frame.rsv1
        data = self._inflated(frame, extensions)
        if not (begins and frame.fin):
            self._payload += data
        if not frame.fin:
            return None
        if not begins:
            data, self._payload = self._payload, bytearray()
        return data

    def _inflated(self, frame: Frame, extensions: Iterable[Extension]) -> bytes | bytearray:
        room = self._longest - len(self._payload)
        try:
            for extension in extensions:
                frame = extension.decode(frame, max_size=max(1, room))
            if len(frame.data) > room:
                raise PayloadTooBig(len(frame.data), room, len(self._payload))
        except PayloadTooBig as fault:
            self.clear()
            raise OutOfReach(f"a message is longer than the kit reads: {fault}") from None
        data = cast(bytes | bytearray, frame.data)
        if self.compressed:
            self._go_on(extensions, data)
        return data

    def _go_on(self, extensions: Iterable[Extension], data: bytes | bytearray) -> None:
        """Make sure that the next message is inflated, whatever ended this one.

        A block with BFINAL set may end a message (RFC 7692, section 7.2.3.4); what a decoder reads
        behind it is nothing, though the window goes on.
        """
        self._window = (self._window + data)[-WINDOW:]
        for extension in extensions:
            decoder = getattr(extension, "decoder", None)
            if isinstance(extension, PerMessageDeflate) and decoder is not None and decoder.eof:
                bits = -extension.remote_max_window_bits
                extension.decoder = zlib.decompressobj(wbits=bits, zdict=self._window)

    def clear(self) -> None:
        """Forget the beginning of a message that will not be read."""
        self._payload = bytearray()
