"""Handmade frames, lawful or not (RFC 6455, section 5.2)."""

import struct

from websockets.frames import Frame, Opcode
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
    key = b"\x37\xfa\x21\x3d" if mask else b""
    body = apply_mask(payload, key) if mask else payload
    return bytes([head]) + size + key + body


def in_fragments(data: bytes, size: int) -> bytes:
    """Return the frames of a text message in fragments of `size` bytes; one frame if that is 0."""
    step = size or len(data) or 1
    parts = [data[i : i + step] for i in range(0, len(data), step)] or [data]
    frames = (
        Frame(Opcode.CONT if i else Opcode.TEXT, part, fin=i == len(parts) - 1)
        for i, part in enumerate(parts)
    )
    return b"".join(frame.serialize(mask=True) for frame in frames)
