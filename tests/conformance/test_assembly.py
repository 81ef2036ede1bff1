"""Messages are put together and inflated, however their sender ends its DEFLATE blocks."""

import zlib

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from conformance.transport.assembly import Assembly

TEXTS = [b'{"type":"event","n":%d,"text":"%s"}' % (n, b"the same words " * 9) for n in range(4)]


def deflated(ends: list[int], takeover: bool) -> list[bytes]:
    """The texts as compressed payloads; the flush that ends each is given."""
    payloads, window = [], b""
    packer = zlib.compressobj(wbits=-15)
    for text, end in zip(TEXTS, ends, strict=True):
        payload = packer.compress(text) + packer.flush(end)
        is_final = end == zlib.Z_FINISH
        payloads.append(payload + b"\x00" if is_final else payload[:-4])
        window = (window + text)[-(1 << 15) :]
        if not takeover:
            packer = zlib.compressobj(wbits=-15)
        elif is_final:
            packer = zlib.compressobj(wbits=-15, zdict=window)
    return payloads


@pytest.mark.parametrize("takeover", [True, False])
@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize(
    "ends",
    [[zlib.Z_SYNC_FLUSH] * 4, [zlib.Z_FINISH] * 4,
     [zlib.Z_SYNC_FLUSH, zlib.Z_FINISH, zlib.Z_SYNC_FLUSH, zlib.Z_FINISH]],
    ids=["blocks that go on", "final blocks", "both"],
)  # fmt: skip
def test_every_message_is_inflated(ends: list[int], pieces: int, takeover: bool) -> None:
    extension = PerMessageDeflate(not takeover, True, 15, 15)
    assembly, found = Assembly(1 << 20), []
    for payload in deflated(ends, takeover):
        size = -(-len(payload) // pieces)
        parts = [payload[i : i + size] for i in range(0, len(payload), size)]
        for place, part in enumerate(parts):
            opcode = Opcode.CONT if place else Opcode.TEXT
            frame = Frame(opcode, part, place == len(parts) - 1, rsv1=not place)
            data = assembly.add(frame, [extension])
        found.append(bytes(data or b""))
    assert found == TEXTS
