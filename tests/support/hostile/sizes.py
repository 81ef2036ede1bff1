"""Targets that say more than anybody can hold."""

from tests.support.peer import Peer

HUGE = 50 * 1024 * 1024


async def huge_message(peer: Peer) -> None:
    """Sends a message of 50 MB in one frame."""
    await peer.write(b"\x81\x7f" + HUGE.to_bytes(8, "big"))
    block = b" " * (1 << 20)
    for _ in range(HUGE // len(block)):
        await peer.write(block)
    await peer.silence()


async def huge_message_in_fragments(peer: Peer) -> None:
    """Sends a message of 50 MB in frames of 1 MB."""
    block = b"\x00\x7f" + (1 << 20).to_bytes(8, "big") + b" " * (1 << 20)
    await peer.write(b"\x01" + block[1:])
    for _ in range(HUGE >> 20):
        await peer.write(block)
    await peer.silence()


async def endless_message(peer: Peer) -> None:
    """Begins a message and goes on in small fragments for ever."""
    await peer.write(b"\x01\x01[")
    while True:
        await peer.write(b"\x00\x041,1," * 4096)
