"""Targets that break the frame format, or say what is no text."""

import asyncio

from websockets.frames import Frame, Opcode

from tests.support.peer import Peer, challenge


async def garbage_text(peer: Peer) -> None:
    """Says something that is not JSON."""
    await peer.text("<html>hello</html>")
    await peer.silence()


async def invalid_utf8(peer: Peer) -> None:
    """Says something that is not text."""
    await peer.text(b'{"type": "\xff\xfe"}')
    await peer.silence()


async def binary(peer: Peer) -> None:
    """Says the challenge in a binary message."""
    await peer.write(Frame(Opcode.BINARY, challenge("binary-token").encode()).serialize(mask=False))
    await peer.silence()


async def reserved_bits(peer: Peer) -> None:
    """Sets a reserved bit that no extension gave a meaning."""
    frame = Frame(Opcode.TEXT, challenge("reserved-token").encode()).serialize(mask=False)
    await peer.write(bytes([frame[0] | 0x20]) + frame[1:])
    await peer.silence()


async def reserved_opcode(peer: Peer) -> None:
    """Sends a frame of a kind that does not exist."""
    await peer.write(b"\x83\x02{}")
    await peer.silence()


async def byte_by_byte(peer: Peer) -> None:
    """Sends the challenge in frames of one byte, each in a packet of its own, then is silent."""
    text = challenge("slow-token").encode()
    for number, byte in enumerate(text):
        opcode = Opcode.CONT if number else Opcode.TEXT
        frame = Frame(opcode, bytes([byte]), fin=number == len(text) - 1)
        for piece in frame.serialize(mask=False):
            await peer.write(bytes([piece]))
            await asyncio.sleep(0)
    await peer.silence()
