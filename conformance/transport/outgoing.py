"""What is sent to a target: messages, raw frames, and the protocol's own frames."""

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING, Final, cast

from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.http11 import Response
from websockets.protocol import Protocol

from conformance.model import Direction, Kind
from conformance.transport.deflation import Blocks, Deflation
from conformance.transport.frames import own_frame
from conformance.transport.messages import End, Message

if TYPE_CHECKING:
    from conformance.transport.connection import Connection

MAX_TIMED: Final = 16 * 1024

LAWFUL: Final = 1000
"""The code in the close frame that answers one with a code."""
BROKEN: Final = 1002
"""The code in the close frame that answers what cannot be read."""

_BETWEEN_PIECES: Final = 0.005

MAX_UNREAD: Final = 1024 * 1024
"""Bytes that the target leaves unread above which its pings are not answered."""


class Watcher:
    """Is notified of everything that crosses a connection; does nothing by itself."""

    def crossed(
        self,
        connection: "Connection",
        direction: Direction,
        kind: Kind,
        text: str = "",
        *,
        code: int | None = None,
        how: str = "",
    ) -> None:
        """Something went to the target or came from it, or the kit did something off the wire.

        A message that came is reported by `received` alone.
        """

    def requested(self, connection: "Connection") -> None:
        """A client asked for the connection, by the request of its handshake."""

    def received(self, connection: "Connection", message: Message) -> None:
        """A message came."""

    def broke(self, connection: "Connection", what: str) -> None:
        """The target sent a frame that RFC 6455 forbids."""

    def too_long(self, connection: "Connection", what: str) -> None:
        """A message began that is longer than the kit reads."""

    def ended(self, connection: "Connection", end: End) -> None:
        """The connection ended, with or without a close frame."""


class Outgoing:
    """The writing side of a connection; `masks` says whether it is a client's."""

    masks = True
    protocol: Protocol
    watcher: Watcher
    transport: asyncio.Transport | None
    response: Response | None
    answers_close: bool
    last_sent: float
    awaits_answer: bool
    closing: bool
    _in_pieces: bool
    _answers: list[tuple[Opcode, bytes]]
    _deflation: Deflation | None = None

    @property
    def end(self) -> End | None:
        """How the connection ended; None while it is open."""
        raise NotImplementedError

    def answer(self, opcode: Opcode, payload: bytes) -> None:
        """Have a control frame that answers one of the target's written next."""
        self._answers.append((opcode, payload))

    def answer_close(self, reason: bytes, code: int | None) -> None:
        """Queue the answer to a close frame, or to unreadable data, unless one was sent already.

        Without a code, it is empty.
        """
        if not self.closing:
            payload = b"" if code is None else code.to_bytes(2, "big") + reason
            self.answer(Opcode.CLOSE, payload)

    def write_answers(self) -> None:
        """Send pongs, and the answer to a close frame; while something is sent in pieces they wait.

        A target that sends pings and does not read gets no pongs: RFC 6455, section 5.5.3, lets an
        endpoint answer only the latest of several pings. Nothing is sent behind a close frame.
        """
        if self._in_pieces or not self._answers:
            return
        answers, self._answers = self._answers, []
        for opcode, payload in answers:
            silent = self.end is not None and not self.answers_close
            unneeded = opcode is Opcode.PONG and (self.closing or self._is_unread)
            if self.open and not silent and not unneeded:
                assert self.transport is not None
                self.transport.write(own_frame(opcode, payload, mask=self.masks))

    @property
    def _is_unread(self) -> bool:
        """Whether the target leaves unread much of what was sent to it."""
        assert self.transport is not None
        return self.transport.get_write_buffer_size() > MAX_UNREAD

    @property
    def open(self) -> bool:
        """Whether anything can still be written."""
        return self.transport is not None and not self.transport.is_closing()

    @property
    def unsent(self) -> int:
        """How many bytes wait to be sent."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return 0
        return transport.get_write_buffer_size()

    def send_text(self, text: str, *, asks: bool = True) -> None:
        """Send one text message; lone surrogates are encoded like other code points."""
        data = text.encode("utf-8", "surrogatepass")
        self.write(own_frame(Opcode.TEXT, data, mask=self.masks), text, asks=asks)

    def send_binary(self, data: bytes) -> None:
        """Send one binary message."""
        self._send(Opcode.BINARY, data, "binary", data.hex())

    def deflate(self, payload: bytes, blocks: Blocks = "one") -> bytes:
        """Return the payload compressed as negotiated; unchanged if nothing was."""
        for extension in self.protocol.extensions if self._deflation is None else ():
            self._deflation = Deflation(cast(PerMessageDeflate, extension))
        return payload if self._deflation is None else self._deflation.deflate(payload, blocks)

    def ping(self, payload: bytes) -> None:
        """Send a ping frame."""
        self._send(Opcode.PING, payload, "ping", payload.hex())

    def close(self, code: int | None, reason: str = "") -> None:
        """Send a close frame, which is empty without a code."""
        self.closing = True
        payload = b"" if code is None else code.to_bytes(2, "big") + reason.encode()
        self._send(Opcode.CLOSE, payload, "close", reason, code)

    def _send(
        self, opcode: Opcode, payload: bytes, kind: Kind, text: str, code: int | None = None
    ) -> None:
        # A control frame is answered by another one, and later messages answer something else.
        asks = opcode in (Opcode.TEXT, Opcode.BINARY)
        self.write(own_frame(opcode, payload, mask=self.masks), text, kind, code=code, asks=asks)

    def write(
        self,
        data: bytes,
        text: str,
        kind: Kind = "text",
        *,
        code: int | None = None,
        asks: bool = True,
        segment: int = 0,
    ) -> None:
        """Write bytes as they are; `text`, `kind` and `code` describe them in the transcript.

        If `asks`, they should be answered by a message soon, unless they are many. They are written
        in segments of `segment` bytes, if not 0.
        """
        self.watcher.crossed(cast("Connection", self), "sent", kind, text, code=code)
        last = (len(data) - 1) // segment * segment if segment else 0
        for start in range(0, last, segment or 1):
            if self.open:
                cast(asyncio.Transport, self.transport).write(data[start : start + segment])
        self.write_rest(data[last:])
        if asks:
            self.last_sent = perf_counter()
            self.awaits_answer = len(data) <= MAX_TIMED

    def write_rest(self, data: bytes) -> None:
        """Write bytes after those that were written in pieces."""
        if self.open:
            cast(asyncio.Transport, self.transport).write(data)
        self._in_pieces = False
        self.write_answers()

    async def write_in_pieces(self, data: bytes, size: int) -> None:
        """Write bytes in pieces of a size, so that each arrives alone; the rest is written next."""
        self._in_pieces = bool(data)
        for start in range(0, len(data), size):
            if self.open:
                cast(asyncio.Transport, self.transport).write(data[start : start + size])
            await asyncio.sleep(_BETWEEN_PIECES)
