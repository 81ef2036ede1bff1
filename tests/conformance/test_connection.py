"""A connection knows which of the things that were sent on it ask for a message."""

from conformance.transport import Connection, Handshake, Watcher, connect
from tests.support.peer import Peer, hosting


async def silent(peer: Peer) -> None:
    await peer.silence()


async def awaits_after(*sent: str) -> list[bool]:
    """Whether an answer is awaited, after each of the things sent."""
    actions = {
        "text": lambda c: c.send_text("{}"),
        "binary": lambda c: c.send_binary(b"{}"),
        "large": lambda c: c.send_text(" " * 1_000_000),
        "ping": lambda c: c.ping(b"x"),
        "close": lambda c: c.close(1000),
    }
    found = []
    async with hosting(silent) as url:
        connection: Connection = await connect("c", Handshake(url), Watcher())
        for name in sent:
            actions[name](connection)
            found.append(connection.awaits_answer)
        await connection.finish(0.0)
    return found


async def test_messages_ask_for_an_answer_and_control_frames_do_not() -> None:
    assert await awaits_after("ping", "text", "ping", "close") == [False, True, True, True]
    assert await awaits_after("binary", "large", "ping") == [True, False, False]


async def test_a_ping_does_not_make_a_message_look_younger() -> None:
    async with hosting(silent) as url:
        connection = await connect("c", Handshake(url), Watcher())
        connection.send_text("{}")
        sent = connection.last_sent
        connection.ping(b"x")
        assert connection.last_sent == sent
        await connection.finish(0.0)
