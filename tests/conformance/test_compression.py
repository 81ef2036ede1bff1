"""Each message says of itself whether it came compressed, however many come at once."""

import pytest
from websockets.extensions.permessage_deflate import (
    PerMessageDeflate,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import Frame, Opcode

from conformance.transport import Handshake, Message, Watcher, connect
from tests.support.peer import Peer, hosting


class Spoken:
    """A server's messages, each as the bytes of its frames."""

    def __init__(self) -> None:
        self._deflate = PerMessageDeflate(False, False, 15, 15)

    def frames(self, text: str, *, compressed: bool, pieces: int = 1) -> bytes:
        """The frames of one text message."""
        size = -(-len(text) // pieces)
        parts = [text[at : at + size].encode() for at in range(0, len(text), size)]
        made = [
            Frame(Opcode.CONT if n else Opcode.TEXT, part, fin=n == len(parts) - 1)
            for n, part in enumerate(parts)
        ]
        extensions = [self._deflate] if compressed else []
        return b"".join(frame.serialize(mask=False, extensions=extensions) for frame in made)


@pytest.mark.parametrize(
    "flags", [(False, True), (True, False), (False, True, False, True), (True, True, False)]
)
@pytest.mark.parametrize("pieces", [1, 3])
async def test_messages_of_one_read_keep_their_own_notes(
    flags: tuple[bool, ...], pieces: int
) -> None:
    async def at_once(peer: Peer) -> None:
        spoken = Spoken()
        texts = [
            spoken.frames(f'{{"number": {n}}}', compressed=flag, pieces=pieces)
            for n, flag in enumerate(flags)
        ]
        await peer.write(b"".join(texts))
        await peer.silence()

    async with hosting(at_once, extensions=[ServerPerMessageDeflateFactory()]) as url:
        connection = await connect("c", Handshake(url, compression={}), Watcher())
        assert connection.compresses
        messages = [await connection.receive(5.0) for _ in flags]
        await connection.finish(1.0)
    assert all(isinstance(message, Message) for message in messages)
    assert [(m.value, m.compressed) for m in messages if isinstance(m, Message)] == [
        ({"number": n}, flag) for n, flag in enumerate(flags)
    ]
