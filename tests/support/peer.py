"""The server's end of a WebSocket connection that keeps to no rule but the handshake's."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from secrets import token_hex, token_urlsafe
from typing import Any

from websockets.extensions import ServerExtensionFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from tests.support.sockets import listening, url_of

NONCE = "AAAAAAAAAAAAAAAAAAAAAA"


class Peer:
    """One accepted connection: frames are read properly and written at will."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        extensions: Sequence[ServerExtensionFactory] = (),
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.protocol = ServerProtocol(extensions=extensions, max_size=None)
        self._frames: list[Frame] = []

    async def accept(self) -> None:
        """Complete the opening handshake."""
        while not (events := self.protocol.events_received()):
            self.protocol.receive_data(await self._some())
        assert isinstance(events[0], Request)
        self.protocol.send_response(self.protocol.accept(events[0]))
        await self.write(b"".join(self.protocol.data_to_send()))

    async def frame(self) -> Frame:
        """The next frame of the kit; pings and the close frame are left unanswered."""
        while not self._frames:
            self.protocol.receive_data(await self._some())
            self._frames += [e for e in self.protocol.events_received() if isinstance(e, Frame)]
        return self._frames.pop(0)

    async def message(self) -> Any:
        """The value of the kit's next text message that is JSON."""
        while True:
            frame = await self.frame()
            if frame.opcode is Opcode.TEXT:
                try:
                    return json.loads(bytes(frame.data))
                except ValueError:
                    continue

    async def write(self, data: bytes) -> None:
        """Write bytes as they are, at the reader's pace."""
        self.writer.write(data)
        await self.writer.drain()

    async def text(self, text: str | bytes) -> None:
        """Send one text frame, whatever it holds."""
        data = text.encode() if isinstance(text, str) else text
        await self.write(Frame(Opcode.TEXT, data).serialize(mask=False))

    async def say(self, kind: str, **data: Any) -> None:
        """Send a message of a type with data."""
        await self.text(json.dumps({"type": kind, "data": data}))

    async def challenge(self) -> None:
        """Send a right challenge."""
        await self.text(challenge(f"challenge-{token_hex(8)}"))

    async def authenticate(self) -> None:
        """Send a right challenge and accept whatever answers it."""
        await self.challenge()
        await self.message()
        await self.say("auth_result", success=True, client_id="c1")

    async def silence(self) -> None:
        """Read and say nothing, until the kit hangs up."""
        while True:
            await self.frame()

    async def _some(self) -> bytes:
        data = await self.reader.read(65536)
        if not data:
            raise ConnectionResetError
        return data


Behaviour = Callable[[Peer], Awaitable[None]]


def challenge(token: str) -> str:
    """The text of a right challenge."""
    data = {
        "methods": ["challenge_token"],
        "nonce": token_urlsafe(16),
        "expires_in": 30.0,
        "protocol_version": "1.0",
        "max_message_bytes": 65536,
        "token": token,
        "message": "Send this token back",
    }
    return json.dumps({"type": "auth_challenge", "data": data})


@asynccontextmanager
async def hosting(
    behaviour: Behaviour, extensions: Sequence[ServerExtensionFactory] = ()
) -> AsyncIterator[str]:
    """Yield the URL of a server that shakes hands and then behaves like this."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer, extensions)
        await peer.accept()
        await behaviour(peer)

    async with listening(talk) as server:
        yield url_of(server)
