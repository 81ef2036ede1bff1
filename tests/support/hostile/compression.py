"""Targets whose small messages become enormous, or that compress what they may not."""

import json
import zlib
from itertools import count

from websockets.frames import Opcode

from conformance.transport import frame_bytes
from tests.support.peer import Peer, challenge

MEGABYTE = 1 << 20


def bomb(megabytes: int = 1024) -> bytes:
    """A frame of permessage-deflate, a thousandth of what it becomes: 1 GB of spaces."""
    packer = zlib.compressobj(wbits=-15)
    block = packer.compress(b" " * MEGABYTE) + packer.flush(zlib.Z_SYNC_FLUSH)
    return _compressed(block * megabytes + b"\x02")


def _compressed(payload: bytes) -> bytes:
    return frame_bytes(Opcode.TEXT, payload, fin=True, rsv=4, mask=False)


async def bombs_who_offers_compression(peer: Peer) -> None:
    """Is a right server to all but those who offer compression; they get a bomb."""
    if peer.protocol.extensions:
        await peer.write(bomb())
        await peer.silence()
    await peer.authenticate()
    for seq in count(1):
        said = (await peer.message()).get("data", {})
        event = {"version": "1.0", "seq": seq, "timestamp": 1.8e9, "type": "client_message"}
        await peer.text(json.dumps({**event, "data": {"client_id": "c1", **said}}))


async def bombs_everybody(peer: Peer) -> None:
    """Sends a bomb where compression was never offered."""
    await peer.write(bomb())
    await peer.silence()


async def compresses_unasked(peer: Peer) -> None:
    """Compresses its challenge, though nobody offered that."""
    packer = zlib.compressobj(wbits=-15)
    text = challenge("a-packed-token").encode()
    await peer.write(_compressed(packer.compress(text) + packer.flush(zlib.Z_SYNC_FLUSH)[:-4]))
    await peer.silence()
