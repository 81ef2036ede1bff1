"""Targets that end the connection, in each way and at each point."""

import struct

from websockets.frames import Frame, Opcode

from tests.support.peer import Behaviour, Peer, challenge
from tests.support.sockets import reset

CODES = (
    *range(1000, 1016), 0, 999, 2999, 3000, 3999, 4000, 4400, 4401, 4408, 4999, 5000, 65535,
)  # fmt: skip

PAYLOADS = (
    *(struct.pack("!H", code) for code in CODES),
    b"",
    b"\x03",
    b"\x03\xe8\xff\xfe",
    b"\x03\xe8" + b"r" * 123,
    b"\x03\xe8" + b"r" * 124,
    b"\x03\xe8\x1b[2J" + "\u202e\u2028".encode(),
)
"""Payloads of close frames: every kind of code, none, half of one, and reasons, lawful or not."""


def at_once(payload: bytes) -> Behaviour:
    """Closes instead of its challenge."""

    async def behave(peer: Peer) -> None:
        await _close(peer, payload)

    return behave


def in_a_session(payload: bytes) -> Behaviour:
    """Closes when it has authenticated."""

    async def behave(peer: Peer) -> None:
        await peer.authenticate()
        await _close(peer, payload)

    return behave


async def _close(peer: Peer, payload: bytes) -> None:
    await peer.write(Frame(Opcode.CLOSE, b"").serialize(mask=False)[:1])
    size = bytes([len(payload)]) if len(payload) < 126 else struct.pack("!BH", 126, len(payload))
    await peer.write(size + payload)
    await peer.silence()


async def hangs_up(peer: Peer) -> None:
    """Ends the TCP connection in the middle of the challenge."""
    await peer.write(
        Frame(Opcode.TEXT, challenge("half-token").encode()).serialize(mask=False)[:40]
    )
    peer.writer.close()
    await peer.writer.wait_closed()


async def resets_at_once(peer: Peer) -> None:
    """Resets the TCP connection before it says anything."""
    reset(peer.writer)


async def resets(peer: Peer) -> None:
    """Resets the TCP connection when it should judge the answer to its challenge."""
    await peer.challenge()
    await peer.message()
    reset(peer.writer)


async def resets_within_a_frame(peer: Peer) -> None:
    """Resets the TCP connection in the middle of the challenge."""
    await peer.write(b"\x81\x7e\x01\x00{")
    reset(peer.writer)


async def resets_in_a_session(peer: Peer) -> None:
    """Resets the TCP connection at the first message of a session."""
    await peer.authenticate()
    await peer.message()
    reset(peer.writer)


RESETS = (resets_at_once, resets, resets_within_a_frame, resets_in_a_session, hangs_up)
