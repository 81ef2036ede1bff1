"""Compression of what is sent, in every form that RFC 7692 gives a message."""

import zlib
from typing import Final, Literal

from websockets.extensions.permessage_deflate import PerMessageDeflate

Blocks = Literal["one", "several", "final"]
"""How a message is divided into DEFLATE blocks: not at all, into several with empty ones among
them, or so that the last of them is marked as final."""

TAIL: Final = b"\x00\x00\xff\xff"
"""The end of the empty block after every message, which a sender leaves out."""
EMPTY: Final = b"\x00" + TAIL
"""An empty block by itself."""
PIECES: Final = 3


class Deflation:
    """Compresses the messages of one connection as negotiated, each in the context of the last."""

    def __init__(self, negotiated: PerMessageDeflate) -> None:
        self._bits = -negotiated.local_max_window_bits
        self._keeps = not negotiated.local_no_context_takeover
        self._window = b""
        self._compressor = self._fresh()

    def deflate(self, payload: bytes, blocks: Blocks = "one") -> bytes:
        """Return the payload of a compressed message."""
        if blocks == "final":
            data = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_FINISH)
            data += EMPTY[:1]
        else:
            pieces = PIECES if blocks == "several" else 1
            size = len(payload) // pieces + 1
            parts = [payload[i * size : (i + 1) * size] for i in range(pieces)]
            data = b"".join(self._compressor.compress(part) + self._flush() for part in parts)
            data = (EMPTY if pieces > 1 else b"") + data[: -len(TAIL)]
        if self._keeps:
            self._window = (self._window + payload)[-(1 << -self._bits) :]
        if blocks == "final" or not self._keeps:
            self._compressor = self._fresh()
        return data

    def _flush(self) -> bytes:
        return self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def _fresh(self) -> "zlib._Compress":
        if not self._window:
            return zlib.compressobj(wbits=self._bits)
        return zlib.compressobj(wbits=self._bits, zdict=self._window)
