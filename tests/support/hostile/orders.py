"""Targets that put into everything that they can say what some reader of it would obey."""

import asyncio
import itertools
import json

from websockets.frames import Close, Frame, Opcode

from tests.support.obeyed import HOSTILE
from tests.support.peer import NONCE, Behaviour, Peer

MOST_OF_A_REASON = 120
"""Bytes of a close frame's reason: a few less than RFC 6455, section 5.5, has room for."""


def ordering() -> Behaviour:
    """Answers in turn with such messages, with such text that is no JSON, and with such ends."""
    turns = itertools.cycle(HOSTILE)

    async def behave(peer: Peer) -> None:
        text = next(turns)
        data = {
            "methods": ["challenge_token"],
            "nonce": NONCE,
            "expires_in": 30.0,
            "token": "t" * 22,
            "protocol_version": "1.0",
            "max_message_bytes": 65536,
            "message": text,
            text: text,
        }
        await peer.text(json.dumps({"type": "auth_challenge", "data": data}))
        await peer.message()
        session = {"features": [text], "epoch": text}
        await peer.say("auth_result", success=True, client_id=text, session=session)
        await peer.frame()
        await peer.say(text, code=text, message=text, **{text: text})
        await peer.text(text.encode("utf-8", "replace"))
        reason = text.encode("utf-8", "replace")[:MOST_OF_A_REASON].decode("utf-8", "ignore")
        frame = Frame(Opcode.CLOSE, Close(4999, reason).serialize())
        await peer.write(frame.serialize(mask=False))

    return behave


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers a handshake with such a reason and such headers."""
    await reader.readuntil(b"\r\n\r\n")
    words = " ".join(HOSTILE).replace("\r", "").replace("\n", " ").encode("utf-8", "replace")
    writer.write(b"HTTP/1.1 500 %b\r\nLocation: %b\r\nServer: %b\r\n\r\n%b" % ((words,) * 4))
    await writer.drain()
    await reader.read()
