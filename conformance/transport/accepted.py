"""A connection that a client opened: the kit is its server."""

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from time import perf_counter
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from websockets.datastructures import Headers
from websockets.exceptions import InvalidHandshake, SecurityError
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol

from conformance.json_text import encode
from conformance.transport.connection import Connection
from conformance.transport.frames import own_frame
from conformance.transport.messages import NO_CLOSE_FRAME, Received
from conformance.transport.outgoing import Watcher

MOST_EARLY: Final = 64 * 1024
"""Bytes that are kept of what a client sends before its request is answered."""

MOST_PINGS: Final = 1000

_AUTHORITY: Final = re.compile(r"\A(?:http|ws)s?://[^/?]*|#.*\Z", re.DOTALL)
"""What is before the path in the absolute form of a request's target, and a fragment."""

EARLY: Final = "a frame came before the handshake was answered"


class Answer(msgspec.Struct, frozen=True):
    """The answer to a handshake: its HTTP status and headers, each with its values.

    A 101 selects the `subprotocol`, by default the first that is `known` and asked for. The texts
    of `messages` follow in the same packet, unless the answer comes in pieces of `in_pieces` bytes.
    A `silent` one is no answer at all. Pings are not answered unless it `answers_pings`.
    """

    status: int = 101
    headers: Mapping[str, Sequence[str]] = msgspec.field(default_factory=dict)
    subprotocol: str | None = ""
    known: Sequence[str] = ()
    messages: Sequence[str] = ()
    in_pieces: int = 0
    silent: bool = False
    answers_pings: bool = True


class Accepted(Connection):
    """One connection of a client, from its request on, which `answer_request` answers."""

    masks = False

    def __init__(
        self, watcher: Watcher, longest: int, asked: Callable[[], None] = lambda: None
    ) -> None:
        self._server = ServerProtocol(max_size=longest)
        super().__init__("", self._server, watcher, longest=longest)
        self._asked = asked
        self.request: Request | None = None
        self._key = ""
        """What the answer to a right request shows as Sec-WebSocket-Accept."""
        self.fault = ""
        """What RFC 6455, section 4.2.1, does not allow in the request."""
        self.is_beyond = False
        """Whether it is only that the kit reads no longer request."""
        self._early = bytearray()
        self.arrived = perf_counter()
        """When the TCP connection came."""
        self.reply: Callable[[Any], Any] = lambda value: None
        """What is answered to a message by itself; None is nothing."""
        self._answers_pings = True
        self.ended_by_kit = False
        """Whether the kit refused the connection, or ended it before the client did."""
        self._pings: deque[float] = deque(maxlen=MOST_PINGS)

    # ── the request ──

    @property
    def is_answered(self) -> bool:
        """Whether the request is complete, or never will be."""
        known = self.request is not None or bool(self.fault)
        return known or self.end is not None or self.is_beyond_the_kit

    @property
    def is_probe(self) -> bool:
        """Whether the connection ended without a byte."""
        return not self.head and (self.end is not None or bool(self.fault))

    def _take(self, receive: Callable[[bytes], None], data: bytes) -> None:
        super()._take(receive, data)
        self._asked()

    def _end(self, code: int, reason: str, how: str) -> None:
        super()._end(code, reason, how)
        self._asked()

    async def requested(self, timeout: float) -> None:
        """Wait for the whole request, or what came instead; raise `TimeoutError`."""
        await self._arrivals.until(lambda: self.is_answered, timeout)

    @property
    def asked_for(self) -> dict[str, Any]:
        """The request as a value: path, query, headers by lower-case name, subprotocols."""
        if self.request is None:
            return {}
        path, _, query = _AUTHORITY.sub("", self.request.path).partition("?")
        headers = self.request.headers
        found = {name.lower(): ", ".join(headers.get_all(name)) for name in headers}
        offered = found.get("sec-websocket-protocol", "").split(",")
        return {
            "path": path,
            "query": dict(parse_qsl(query, keep_blank_values=True)),
            "headers": found,
            "subprotocols": [name.strip() for name in offered if name.strip()],
        }

    def _file_handshake(self, data: bytes) -> None:
        protocol = self._server
        if self.fault:
            return
        if data:
            protocol.receive_data(data)
        else:
            protocol.receive_eof()
        for event in protocol.events_received():
            if isinstance(event, Request):
                self.request = event
                self._check(event)
        if self.request is None and protocol.handshake_exc is not None and not self.fault:
            self.fault = str(protocol.handshake_exc)
            causes = (protocol.handshake_exc, protocol.handshake_exc.__cause__)
            self.is_beyond = any(isinstance(cause, SecurityError) for cause in causes)

    def _check(self, request: Request) -> None:
        try:
            self._key, _, _ = self._server.process_request(request)
        except InvalidHandshake as error:
            self.fault = str(error)

    # ── the answer ──

    async def answer_request(self, name: str, answer: Answer) -> None:
        """Take the connection under a name, and answer its request."""
        self.name = name
        self._answers_pings = answer.answers_pings
        self.opened = self.last_sent = perf_counter()
        offered = ", ".join(self.asked_for.get("subprotocols", ())) or "(none)"
        asked = f"{self.request.path} subprotocol: {offered}" if self.request else self.fault
        self.watcher.crossed(self, "received", "handshake", f"handshake {asked}")
        self.watcher.requested(self)
        if answer.silent:
            self.watcher.crossed(self, "noted", "note", "the handshake is not answered")
            return
        head, response = self._head(answer)
        said = f"subprotocol: {response.headers.get('Sec-WebSocket-Protocol', '(none)')}"
        self.watcher.crossed(self, "sent", "handshake", said, code=answer.status)
        frames = b""
        if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
            self.response = response
        else:
            self.response, self.refusal = response, f"HTTP {answer.status}"
            self.ended_by_kit = True
        for text in answer.messages:
            self.watcher.crossed(self, "sent", "text", text)
            frames += own_frame(Opcode.TEXT, text.encode("utf-8", "surrogatepass"), mask=False)
        data = head + frames
        size = answer.in_pieces or len(data)
        await self.write_in_pieces(data[:-size], size)
        self.write_rest(data[-size:])
        if self.refused:
            self.leave()
        elif self._early:
            self.watcher.broke(self, EARLY)
            early, self._early = bytes(self._early), bytearray()
            self._take(self._file_frames, early)

    def _head(self, answer: Answer) -> tuple[bytes, Response]:
        """Return the answer's first lines, as bytes and as a response."""
        headers = Headers()
        if answer.status == HTTPStatus.SWITCHING_PROTOCOLS:
            headers["Upgrade"], headers["Connection"] = "websocket", "Upgrade"
            headers["Sec-WebSocket-Accept"] = self._key
            chosen = self._subprotocol(answer)
            if chosen is not None:
                headers["Sec-WebSocket-Protocol"] = chosen
        else:
            headers["Connection"], headers["Content-Length"] = "close", "0"
        for name, values in answer.headers.items():
            headers.pop(name, None)
            for value in values:
                headers[name] = value
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Unknown"
        response = Response(answer.status, phrase, headers)
        return response.serialize(), response

    def _subprotocol(self, answer: Answer) -> str | None:
        if answer.subprotocol != "":
            return answer.subprotocol
        offered = self.asked_for.get("subprotocols", ())
        return next((name for name in offered if name in answer.known), None)

    def write_answers(self) -> None:
        """Send what is due; after both close frames, end the TCP connection, as servers do."""
        super().write_answers()
        is_over = self.end is not None and self.end.code != NO_CLOSE_FRAME
        if is_over and not self._in_pieces and self.open:
            assert self.transport is not None
            self.transport.close()

    def eof_received(self) -> bool:
        """Note the end of the client's stream, and end the TCP connection."""
        super().eof_received()
        return False

    def close(self, code: int | None, reason: str = "") -> None:
        """Send a close frame, which is empty without a code."""
        self.ended_by_kit = self.ended_by_kit or self.end is None
        super().close(code, reason)

    def drop(self) -> None:
        """End the TCP connection with a reset."""
        self.ended_by_kit = self.ended_by_kit or self.end is None
        super().drop()

    async def next_question(self, since: float, timeout: float) -> float | Received:
        """Return when the first ping frame since a moment came, or else the next message.

        Raises `TimeoutError`.
        """

        def pinged() -> list[float]:
            return [time for time in self._pings if time >= since]

        await self._arrivals.until(lambda: bool(pinged() or self._inbox), timeout)
        return pinged()[0] if pinged() else await self.receive(0)

    def _file_message(self, data: bytes | bytearray) -> None:
        super()._file_message(data)
        message = self.last_message
        answer = self.reply(message.value) if message is not None and not message.fault else None
        if answer is not None and self._answers_pings and not self.closing:
            self.send_text(encode(answer), asks=False)

    def _file_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PING:
            self._pings.append(perf_counter())
            if not self._answers_pings:
                return
        super()._file_frame(frame)

    def _file_frames(self, data: bytes) -> None:
        if self.response is None:
            self._early += data[: MOST_EARLY - len(self._early)]
        else:
            super()._file_frames(data)
