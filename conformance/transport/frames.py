"""Handmade frames, lawful or not (RFC 6455, section 5.2)."""

import os
import struct

from websockets.frames import Opcode
from websockets.utils import apply_mask

__all__ = ["Opcode", "frame_bytes", "in_fragments"]


def frame_bytes(
    opcode: int, payload: bytes, *, fin: bool, rsv: int, mask: bool, form: int = 0
) -> bytes:
    """Return one frame with exactly these bits; `rsv` is the value of the three reserved ones.

    The length is written in `form` bits (7, 16 or 64), by default in the shortest form.
    """
    head = (0x80 if fin else 0) | (rsv << 4) | opcode
    length = len(payload)
    bit = 0x80 if mask else 0
    if not form:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    if form == 7:
        size = struct.pack("!B", bit | length)
    elif form == 16:
        size = struct.pack("!BH", bit | 126, length)
    else:
        size = struct.pack("!BQ", bit | 127, length)
    if not mask:
        return bytes([head]) + size + payload
    key = os.urandom(4)
    return bytes([head]) + size + key + apply_mask(payload, key)


def in_fragments(data: bytes, size: int, *, mask: bool) -> bytes:
    """Return the frames of a text message in fragments of `size` bytes; one frame if that is 0."""
    if not size or len(data) <= size:
        return own_frame(Opcode.TEXT, data, mask=mask)
    last = (len(data) - 1) // size * size
    return b"".join(
        frame_bytes(
            Opcode.CONT if i else Opcode.TEXT,
            data[i : i + size],
            fin=i == last,
            rsv=0,
            mask=mask,
        )
        for i in range(0, len(data), size)
    )


def own_frame(opcode: Opcode, payload: bytes, *, mask: bool) -> bytes:
    """Return the one frame of a message, or a control frame; clients mask theirs."""
    return frame_bytes(opcode, payload, fin=True, rsv=0, mask=mask)
