"""One connection to a target: what was received on it, in order, and what is sent on it.

Everything that comes is kept in one bounded inbox, filled by one reader, so that messages that
arrive together are never lost between two steps.
"""

import asyncio
import contextlib
import re
import socket
import struct
import traceback
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final, cast

from websockets.datastructures import Headers
from websockets.exceptions import ProtocolError
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Protocol

from conformance.errors import OutOfReach
from conformance.transport.arrivals import Arrivals
from conformance.transport.assembly import Assembly
from conformance.transport.frames import own_frame
from conformance.transport.handshake import MAX_MESSAGE
from conformance.transport.inbox import MAX_WAITING, Inbox
from conformance.transport.incoming import UNREADABLE, Incoming, Unfixable
from conformance.transport.intake import FRAMES_A_TURN, Intake
from conformance.transport.messages import NO_CLOSE_FRAME, End, Message, Received, read_message
from conformance.transport.outgoing import BROKEN, LAWFUL, Outgoing, Watcher

_STATUS: Final = re.compile(rb"HTTP/1\.0 (\d{3})\b")
MAX_HEAD: Final = 4 * 1024
"""Bytes of an answer to the handshake that are kept, to show what answered."""

_KNOCKS_EVERY: Final = 0.02
"""Seconds between the bytes that show whether a target has closed a socket."""


class Connection(Outgoing, asyncio.Protocol):
    """One connection to the target, with everything that was received on it."""

    def __init__(
        self,
        name: str,
        protocol: Protocol,
        watcher: Watcher,
        answers_close: bool = True,
        longest: int = MAX_MESSAGE,
    ) -> None:
        self.name = name
        self.protocol = protocol
        self.watcher = watcher
        self.answers_close = answers_close
        self.response: Response | None = None
        self.refusal = ""
        self.head = b""
        self.asked = False
        self.silent = False
        self.tcp_end: float | None = None
        self.half_closed = False
        self.opened = perf_counter()
        self.last_sent = self.opened
        self.transport: asyncio.Transport | None = None
        self.awaits_answer = False
        self.notes: dict[object, Any] = {}
        """What passive checks remember about the connection, each under a key of its own."""
        self._inbox = Inbox()
        self._pongs: deque[bytes] = deque(maxlen=MAX_WAITING)
        self.last_message: Message | None = None
        self._intake = Intake(lambda: self._take(self._file_frames, b""))
        self._is_unreadable = False
        self._in_pieces = False
        self._answers = []
        self.broke_format = False
        """Whether the target sent frames that cannot be read."""
        self.closing = False
        self._finishing = False
        self._arrivals = Arrivals()
        self._finished = asyncio.Event()
        self._observer = watcher
        self._assembly = Assembly(longest)
        self._incoming = Incoming(
            lambda what: watcher.broke(self, what),
            lambda: self.compresses,
            longest,
            from_client=not self.masks,
        )

    # ── asyncio callbacks ──

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the transport; `connect` sends the opening handshake."""
        self.transport = self._intake.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Take bytes from the network and file what they complete."""
        if self.response is None and len(self.head) < MAX_HEAD:
            self.head += data[:MAX_HEAD]
        head, rest = self._incoming.head(data)
        if head:
            self._take(self._file_handshake, head)
        if rest:
            self._take(self._file_frames, rest)

    def eof_received(self) -> bool:
        """Note the end of the peer's stream; our half stays open, to see if it closes the socket.

        TLS has no such half.
        """
        self._intake.catch_up()
        self._take(self._file_handshake, b"")
        self.half_closed = True
        if self.refused or cast(asyncio.Transport, self.transport).get_extra_info("sslcontext"):
            return False
        self._end(NO_CLOSE_FRAME, "", "the TCP connection ended")
        if self._finishing:
            self._reset()  # a target that keeps its half would run out of sockets
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Note the end of the TCP connection."""
        self.tcp_end = perf_counter()
        self._intake.catch_up()
        self.protocol.receive_eof()
        how = "the TCP connection was reset" if exc else "the TCP connection ended"
        self._end(NO_CLOSE_FRAME, "", how)
        self._finished.set()

    def _take(self, receive: Callable[[bytes], None], data: bytes) -> None:
        """Receive, answer what is answered at once, and wake up whoever waits.

        An error of the kit itself is raised again to whoever waits for messages, so that the end of
        the connection is not blamed on the target.
        """
        try:
            receive(data)
            self.write_answers()
        except Exception as error:
            traceback.clear_frames(error.__traceback__)  # they hold the data, perhaps megabytes
            self._arrivals.fault = error
            cast(asyncio.Transport, self.transport).abort()
        self._arrivals.notify()

    # ── receiving ──

    @property
    def end(self) -> End | None:
        """How the connection ended; None while it is open."""
        return self._inbox.end

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the target selected."""
        return self.protocol.subprotocol

    @property
    def status(self) -> int | None:
        """The HTTP status of the answer to the handshake, even from HTTP/1.0."""
        if self.response is not None:
            return self.response.status_code
        old = _STATUS.match(self.head)
        return int(old[1]) if old else None

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer to the handshake by lower-case name, lists on one line."""
        found = self.response.headers if self.response is not None else Headers()
        return {name.lower(): ", ".join(found.get_all(name)) for name in found}

    @property
    def is_answered(self) -> bool:
        """Whether the handshake came to anything: an answer, a non-answer, or an end."""
        return self.response is not None or bool(self.refusal) or self.end is not None

    @property
    def refused(self) -> bool:
        """Whether the handshake did not lead to a WebSocket connection."""
        return self.response is None or bool(self.refusal)

    def refuse(self, reason: str) -> None:
        """Note that the handshake was sent and never answered."""
        self.silent, self.refusal = True, reason
        self.watcher.crossed(self, "noted", "note", f"no answer: the target {reason}")

    @property
    def compresses(self) -> bool:
        """Whether permessage-deflate was negotiated."""
        return bool(self.protocol.extensions)

    async def changed(self) -> None:
        """Wait until something has arrived; raise an error of the kit, if any."""
        await self._arrivals.changed()

    def _file_handshake(self, data: bytes) -> None:
        """Take a part of the answer to the handshake, or its end if there is no data."""
        if data:
            self.protocol.receive_data(data)
        else:
            self.protocol.receive_eof()
        for event in self.protocol.events_received():
            self.response = cast(Response, event)
            chosen = f"subprotocol: {self.subprotocol}" if self.subprotocol else ""
            status = self.response.status_code
            self.watcher.crossed(self, "received", "handshake", chosen, code=status)
        if self.protocol.handshake_exc is not None and not self.refusal:
            self.refusal = str(self.protocol.handshake_exc)
            self.watcher.crossed(self, "noted", "note", self.refusal)

    def _file_frames(self, data: bytes) -> None:
        """File the frames that the data completes; what cannot be read ends the connection."""
        if self._is_unreadable:
            return
        try:
            with contextlib.closing(self._incoming.frames(data)) as frames:
                for number, frame in enumerate(frames, 1):
                    if not self.refused:
                        self._file_frame(frame)
                    if number >= FRAMES_A_TURN and not self._incoming.cuts_short:
                        self._intake.fall_behind()
                        break
        except Unfixable as fault:
            self._break_off(str(fault))
        except OutOfReach as fault:
            self._break_off("")
            if not self.refused:
                self._observer.too_long(self, str(fault))
                raise
        except ProtocolError as fault:
            if self.end is None:
                self._observer.broke(self, f"{UNREADABLE}: {fault}")
            self._break_off(str(fault))

    def _break_off(self, fault: str) -> None:
        """Read no more; unless the dialogue is over, or never began, the fault ends it."""
        self._is_unreadable = True
        self._assembly.clear()
        if fault and self.end is None and not self.refused:
            self.broke_format = True
            self._end(NO_CLOSE_FRAME, "", f"the target broke the frame format: {fault}")
            self.answer_close(fault.encode(), BROKEN)

    def _file_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self.watcher.crossed(self, "received", "pong", bytes(frame.data).hex())
            self._pongs.append(bytes(frame.data))
        elif frame.opcode is Opcode.CLOSE:
            reason = bytes(frame.data[2:])
            self._end(self._incoming.close_code, reason.decode(), "a close frame came")
            if not self._finishing:  # then the connection is reset in a moment
                self.answer_close(reason, LAWFUL if frame.data else None)
        elif frame.opcode is Opcode.PING:
            self.answer(Opcode.PONG, bytes(frame.data))
        else:
            self._file_data(frame)

    def _file_data(self, frame: Frame) -> None:
        data = self._assembly.add(frame, self.protocol.extensions)
        if data is not None and not (self._finishing or self._incoming.cuts_short):
            self._file_message(data)

    def _file_message(self, data: bytes | bytearray) -> None:
        binary = self._assembly.binary
        message = read_message(data, binary, perf_counter(), self._assembly.compressed)
        self.last_message = message
        self.watcher.received(self, message)
        self._inbox.add(message, data, binary)
        if self._inbox.is_full:
            self._intake.fill(True)

    def _end(self, code: int, reason: str, how: str) -> None:
        if self.end is None:
            end = self._inbox.end = End(perf_counter(), code, reason, how)
            if not self.refused:
                self.watcher.crossed(self, "received", "end", reason, code=code, how=how)
                self.watcher.ended(self, end)
        self._arrivals.notify()

    async def receive(self, timeout: float) -> Received:
        """Return the next message, or the end; raise `TimeoutError` after `timeout` seconds.

        The end of the connection stays: every later call returns it again.
        """
        await self._arrivals.until(lambda: bool(self._inbox), timeout)
        item = self._inbox.take()
        if self._intake.is_full and self._inbox.has_room:
            self._intake.fill(False)
        return item

    async def receive_pong(self, payload: bytes, timeout: float) -> End | None:
        """Take a pong with this payload, whenever it came, or the end; raise `TimeoutError`."""
        await self._arrivals.until(lambda: bool(payload in self._pongs or self.end), timeout)
        if payload not in self._pongs:
            return self.end
        self._pongs.remove(payload)
        return None

    @property
    def first_pong(self) -> bytes | None:
        """The payload of the first pong that nobody has taken."""
        return self._pongs[0] if self._pongs else None

    @property
    def is_beyond_the_kit(self) -> bool:
        """Whether something came that the kit could not handle."""
        return self._arrivals.fault is not None

    def stall(self) -> None:
        """Stop reading: what the target sends stays in the buffers in between."""
        self.watcher.crossed(self, "noted", "note", "stops reading")
        self._intake.stall()

    def unstall(self) -> None:
        """Resume reading."""
        self.watcher.crossed(self, "noted", "note", "resumes reading")
        self._intake.release()

    # ── ending ──

    def drop(self) -> None:
        """End the TCP connection with a reset."""
        self.watcher.crossed(self, "sent", "reset")
        self._reset()

    def _reset(self) -> None:
        if self.open:
            assert self.transport is not None
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()

    async def wait_tcp_end(self, timeout: float, *, half: bool = False) -> None:
        """Wait until the TCP connection, or the target's half, has ended; raise `TimeoutError`.

        A target that has ended its own half still has the socket: one that has closed it answers
        any data with a reset.
        """
        self._intake.release()
        async with asyncio.timeout(timeout):
            while not (self._finished.is_set() or (half and self.half_closed)):
                if self.half_closed and self.open:
                    cast(asyncio.Transport, self.transport).write(
                        own_frame(Opcode.PONG, b"", mask=self.masks)
                    )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._finished.wait(), _KNOCKS_EVERY)

    def take_leave(self) -> None:
        """Start closing politely, with code 1000; ignore what still arrives."""
        self._finishing = True  # read only for the close frame
        self._inbox.clear()
        if self.open:
            self.watcher = Watcher()
        if self.open and not self.refused and self.end is None and not self.closing:
            self.close(1000)
        self._intake.release()

    def leave(self) -> None:
        """Close politely, and at once."""
        self.take_leave()
        if self.transport is not None and self.tcp_end is None:
            self.transport.close()

    async def finish(self, patience: float) -> None:
        """Close politely, and after `patience` seconds forcibly."""
        if not self._finishing:
            self.take_leave()
        if self.open and not self.refused:  # HTTP may keep the connection open for another request
            with contextlib.suppress(Exception):  # the last data does not matter any more
                await self._arrivals.until(lambda: self.end is not None, patience)
        if self.half_closed or (self.end is not None and self.end.code != NO_CLOSE_FRAME):
            self._reset()
        elif self.transport is not None and self.tcp_end is None:
            self.transport.abort()
