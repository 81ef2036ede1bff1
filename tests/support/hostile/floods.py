"""Targets that never stop talking."""

import json
from itertools import count

from websockets.frames import Frame, Opcode

from tests.support.peer import Peer, challenge


async def flood_before_authentication(peer: Peer) -> None:
    """Sends events without end and never a challenge."""
    await _flood(peer)


async def flood_in_a_session(peer: Peer) -> None:
    """Authenticates as it should, then sends events without end."""
    await peer.authenticate()
    await _flood(peer)


async def flood_of_challenges(peer: Peer) -> None:
    """Sends a fresh challenge again and again."""
    for number in count():
        await peer.text(challenge(f"challenge-token-{number}"))


async def flood_of_pongs(peer: Peer) -> None:
    """Sends the challenge, then pong frames that nobody asked for, without end."""
    await peer.challenge()
    while True:
        await peer.write(Frame(Opcode.PONG, b"x" * 100).serialize(mask=False) * 100)


async def flood_of_pings(peer: Peer) -> None:
    """Sends the challenge, then ping frames without end, and reads nothing of what answers them."""
    await peer.challenge()
    while True:
        await peer.write(Frame(Opcode.PING, b"x" * 125).serialize(mask=False) * 1_000)


async def flood_of_large_messages(peer: Peer) -> None:
    """Authenticates as it should, then sends messages of 4 MB without end."""
    await peer.authenticate()
    text = json.dumps({"type": "noise", "data": "\U0001f600" * 1_000_000}, ensure_ascii=False)
    frame = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    while True:
        await peer.write(frame)


async def _flood(peer: Peer) -> None:
    """Sends events as fast as they are taken, a thousand at a time."""
    frames = (Frame(Opcode.TEXT, _event(n)).serialize(mask=False) for n in range(1_000))
    block = b"".join(frames)
    while True:
        await peer.write(block)


def _event(seq: int) -> bytes:
    event = {"version": "1.0", "seq": seq, "timestamp": 1.8e9, "type": "noise", "data": {}}
    return json.dumps(event).encode()
