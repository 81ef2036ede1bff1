"""Behaviours of targets that are broken, careless or malicious."""

import asyncio
import json
from itertools import count
from typing import Any

from websockets.frames import Frame, Opcode

from tests.support.peer import NONCE, Peer, challenge
from tests.support.sockets import reset

HUGE = 50 * 1024 * 1024


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


async def _flood(peer: Peer) -> None:
    for first in count(1, 100):
        events = (
            {"version": "1.0", "seq": seq, "timestamp": 1.8e9, "type": "noise", "data": {}}
            for seq in range(first, first + 100)
        )
        frames = (Frame(Opcode.TEXT, json.dumps(e).encode()).serialize(mask=False) for e in events)
        await peer.write(b"".join(frames))


async def answers_no_close(peer: Peer) -> None:
    """Authenticates as it should and never answers a close frame."""
    await peer.authenticate()
    await peer.silence()


async def hangs_up(peer: Peer) -> None:
    """Ends the TCP connection in the middle of the challenge."""
    await peer.write(
        Frame(Opcode.TEXT, challenge("half-token").encode()).serialize(mask=False)[:40]
    )
    peer.writer.close()
    await peer.writer.wait_closed()


async def resets(peer: Peer) -> None:
    """Resets the TCP connection when it should judge the answer to its challenge."""
    await peer.challenge()
    await peer.message()
    reset(peer.writer)


async def silent(peer: Peer) -> None:
    """Says nothing at all."""
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


WRONG: tuple[Any, ...] = (
         {}, {"type": 7}, {"type": None, "data": []}, {"type": "auth_challenge", "data": [1]},
         {"type": "auth_result", "data": {"success": "yes", "client_id": {}}}, [], 0, None, "x",
         {"type": "error", "data": {"code": 1}}, {"type": "auth_challenge"},
         {"type": "auth_challenge", "data": {"methods": 5, "expires_in": "soon", "token": {}}},
         {"seq": "one", "type": "noise"}, {"type": "replay", "events": 5},
         {"type": "duplicate_message", "data": {"count": "many"}})  # fmt: skip


async def wrong_shapes(peer: Peer) -> None:
    """Says valid JSON of wrong shapes, before it is asked and as its answers."""
    while True:
        for value in WRONG:
            await peer.text(json.dumps(value))
        await peer.frame()


async def wrong_values(peer: Peer) -> None:
    """States what nobody can work with: windows of text, of objects, beyond all bounds."""
    await peer.text(json.dumps({"type": "auth_challenge", "data": {"token": "wrong-values",
        "expires_in": {"a": 1}, "max_message_bytes": "many", "methods": [{}]}}))  # fmt: skip
    await peer.message()
    session = {"dedup_window": "five", "dedup_capacity": 1e300, "id_window": [], "features": [7],
               "max_message_bytes": -1}  # fmt: skip
    await peer.say("auth_result", success=True, client_id="c1", session=session)
    await peer.silence()


async def challenge_without_token(peer: Peer) -> None:
    """Offers challenge_token, and no token with it."""
    data = {"methods": ["challenge_token"], "nonce": NONCE, "expires_in": 30.0}
    await peer.say("auth_challenge", **data)
    await peer.silence()


async def deep_nesting(peer: Peer) -> None:
    """Nests its challenge a hundred thousand deep."""
    await peer.text("[" * 100_000 + "]" * 100_000)
    await peer.silence()


async def deep_data(peer: Peer) -> None:
    """Sends a challenge with data that is nested 900 deep: JSON, but only just readable."""
    await peer.text('{"type":"auth_challenge","data":' + '{"a":' * 900 + "1" + "}" * 901)
    await peer.silence()


async def lone_surrogates(peer: Peer) -> None:
    """Puts half a character into its texts, which no UTF-8 report can hold."""
    await peer.text('{"type": "auth_challenge\\ud800", "data": {"token": "\\ud800surrogate"}}')
    await peer.silence()


async def huge_numbers(peer: Peer) -> None:
    """Puts a number of 5,000 digits into its challenge."""
    await peer.text('{"type": "auth_challenge", "data": {"expires_in": ' + "9" * 5000 + "}}")
    await peer.silence()


async def control_characters(peer: Peer) -> None:
    """Puts terminal escapes and line ends into what reports will show."""
    await peer.text(json.dumps({"type": "\x1b[2J\x00\r\n", "data": {"\x1b]0;x\x07": "\u2028"}}))
    await peer.silence()
