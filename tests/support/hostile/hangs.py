"""Targets that fall silent, at each point of a dialogue."""

import json

from websockets.frames import Frame, Opcode

from tests.support.peer import Behaviour, Peer, challenge


async def silent(peer: Peer) -> None:
    """Says nothing at all."""
    await peer.silence()


async def after_the_challenge(peer: Peer) -> None:
    """Never answers the answer to its challenge."""
    await peer.challenge()
    await peer.silence()


async def answers_no_close(peer: Peer) -> None:
    """Authenticates as it should and never says anything again, no close frame either."""
    await peer.authenticate()
    await peer.silence()


def after_messages(most: int) -> Behaviour:
    """Answers as it should until so many messages have come."""

    async def behave(peer: Peer) -> None:
        await peer.authenticate()
        for seq in range(1, most + 1):
            said = await peer.message()
            event = {"version": "1.0", "seq": seq, "timestamp": 1.8e9, "type": "client_message"}
            await peer.text(json.dumps({**event, "data": said}))
        await peer.silence()

    return behave


def within(data: bytes) -> Behaviour:
    """Stops in the middle of what it has begun to say."""

    async def behave(peer: Peer) -> None:
        await peer.write(data)
        await peer.silence()

    return behave


async def within_the_closing_handshake(peer: Peer) -> None:
    """Answers the close frame with the first byte of one."""
    await peer.authenticate()
    while (await peer.frame()).opcode is not Opcode.CLOSE:
        pass
    await peer.write(b"\x88")
    await peer.silence()


async def before_the_http_answer(peer: Peer) -> None:
    """Takes the handshake and does not answer it."""
    await peer.reader.read()


async def within_the_http_answer(peer: Peer) -> None:
    """Stops in the middle of a header."""
    await peer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs")
    await peer.reader.read()


def _frame(text: str, *, fin: bool = True) -> bytes:
    return Frame(Opcode.TEXT, text.encode(), fin=fin).serialize(mask=False)


BEFORE_THE_HANDSHAKE = (before_the_http_answer, within_the_http_answer)

IN_THE_DIALOGUE = (
    silent,
    after_the_challenge,
    answers_no_close,
    within_the_closing_handshake,
    *map(after_messages, (1, 2, 3, 5, 8)),
    within(b"\x81"),
    within(b"\x81\x7e\x01"),
    within(_frame(challenge("half-a-payload"))[:40]),
    within(_frame('{"type": "auth_ch', fin=False)),
)
