"""A connection of the kit takes what is its own fault for nobody else's."""

import pytest

from conformance.transport import Connection, Handshake, Message, Watcher, connect
from tests.support.hostile.frames import garbage_text
from tests.support.peer import Peer, hosting


class Clumsy(Watcher):
    """Cannot cope with any message."""

    def received(self, connection: Connection, message: Message) -> None:
        raise ZeroDivisionError(message.text)


async def when_spoken_to(peer: Peer) -> None:
    await peer.frame()
    await garbage_text(peer)


async def test_what_the_kit_cannot_cope_with_is_raised_to_the_one_that_waits() -> None:
    async with hosting(when_spoken_to) as url:
        connection = await connect("c", Handshake(url), Clumsy())
        connection.send_text("{}")
        for _ in range(2):
            with pytest.raises(ZeroDivisionError, match="hello"):
                await connection.receive(10.0)
        await connection.finish(10.0)
    assert not connection.open
