"""Session: one upgraded connection: bytes to messages, actions to bytes, and a bounded end."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable

from reference_server import notices
from reference_server.actions import Action, Broadcast, Close, EndLine, Join, Send
from reference_server.clock import Alarm
from reference_server.codes import CloseCode
from reference_server.connection import Connection
from reference_server.events import EventStream, Subscription
from reference_server.frames import FrameReader, Opcode, close_frame, encode_frame, text_frame
from reference_server.limits import Ticket
from reference_server.logs import sparse_logger
from reference_server.outbox import Outbox
from reference_server.shared import Shared
from reference_server.turns import SLICE_COST, Turns

__all__ = ["Session"]

_logger = sparse_logger(__name__)


class Session(asyncio.BufferedProtocol):
    """Takes a connection over from the HTTP protocol that made the handshake.

    Everything happens in the callbacks of the transport: no task, queue or wait per connection.
    ``end_line`` is called with a line of access tokens that was revoked here; the ``ticket`` is
    returned when the connection no longer waits for authentication. ``done`` is finished when the
    TCP connection has ended.
    """

    def __init__(
        self,
        http: asyncio.Protocol,
        transport: asyncio.Transport,
        connection: Connection,
        stream: EventStream,
        shared: Shared,
        turns: Turns,
        ticket: Ticket,
        end_line: Callable[[str], None],
    ) -> None:
        self._http = http
        self._transport = transport
        self._connection = connection
        self._stream = stream
        self._settings = shared.settings
        self._clock = shared.clock
        self._ticket = ticket
        self._end_line = end_line
        self._loop = asyncio.get_running_loop()
        self._turns = turns
        self._reader = FrameReader(shared.settings.max_message_bytes, SLICE_COST)
        self._subscription: Subscription | None = None
        self._timer: asyncio.TimerHandle | Alarm | None = None
        self._outbox = Outbox()
        self._is_paused = False
        self._is_reading = False
        self._is_closing = False
        self._is_lost = False
        self._when_sent: Callable[[], None] | None = None
        self.done: asyncio.Future[None] = self._loop.create_future()

    def start(self) -> None:
        """Take over the transport, greet the client and start the authentication timer."""
        # The transport keeps one piece that the peer does not take, and the outbox keeps the rest.
        self._transport.set_write_buffer_limits(0)
        self._transport.set_protocol(self)
        self._perform(self._connection.opened())
        # AUTH-14: close a connection that is not authenticated when expires_in has passed.
        self._set_timer(self._clock.call_later(self._settings.auth_timeout, self._time_out))

    def close(self, code: CloseCode) -> None:
        """Close for a reason on the server's side; closing twice is harmless."""
        self._perform(self._connection.failed(code))

    @property
    def line_id(self) -> str | None:
        """The line of access tokens that the session belongs to, if any."""
        return self._connection.line_id

    def revoke(self, line_id: str) -> None:
        """Close if the session belongs to this line of access tokens, which is revoked."""
        self._perform(self._connection.revoked(line_id))

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return the buffer for the next bytes."""
        return self._turns.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Process the first part of what has arrived, and the rest at this session's turn."""
        self._read(self._turns.buffer[:nbytes])

    def _read(self, data: bytes | memoryview) -> None:
        """Process some messages, in order (ORDER-01), and send their answers in one piece."""
        self._is_reading = True
        for opcode, payload in self._reader.feed(data):
            _RECEIVE[opcode](self, payload)
        if self._reader.fault and not self._is_closing:
            self.close(self._reader.fault.code)
            # What still arrives is not read as frames, so no close frame will be seen either.
            if self._transport.can_write_eof():
                self._when_sent = self._transport.write_eof
        self._is_reading = False
        self._send_waiting()
        if self._reader.has_more:
            self._transport.pause_reading()
            self._turns.wait(self._go_on)
        else:
            self._transport.resume_reading()

    def _go_on(self) -> None:
        """Process more of what arrived before."""
        if self.done.done():
            return
        self._read(b"")
        if self._is_lost and not self._reader.has_more:
            self._let_go(None)

    def eof_received(self) -> bool:
        """End the connection when the peer ends its half without a close frame."""
        self._end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything, but process first what arrived before (TRANSPORT-10)."""
        self._is_lost = True
        self._set_timer(None)
        if self._is_closing or not self._reader.has_more:
            self._let_go(exc)

    def _let_go(self, exc: Exception | None) -> None:
        """Free what the connection took, and notify the HTTP protocol, which counts connections."""
        self._connection.closed()
        self._ticket.give_back()
        self._leave()
        self._set_timer(None)
        self._http.connection_lost(exc)
        if not self.done.done():
            self.done.set_result(None)

    def pause_writing(self) -> None:
        """Keep what is to be sent, because the peer reads too slowly."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Send what was kept."""
        self._is_paused = False
        self._send_waiting()

    def _receive_text(self, text: bytes) -> None:
        """Process a message."""
        try:
            actions = self._connection.received(text)
        except Exception as error:
            # ERROR-03: one message MUST NOT end the connection, not even by a fault in here.
            # The text of the exception is left out: it may quote the message.
            place = "".join(traceback.format_tb(error.__traceback__))
            _logger.error("%s while processing a message\n%s", type(error).__name__, place)
            actions = self._connection.stumbled(text)
        self._perform(actions)

    def _receive_ping(self, payload: bytes) -> None:
        """Answer (TRANSPORT-09: every ping, with the same payload)."""
        if not self._is_closing:
            self._write(encode_frame(Opcode.PONG, payload))

    def _receive_pong(self, payload: bytes) -> None:
        """Ignore: RFC 6455 section 5.5.3 expects no response to an unsolicited pong."""

    def _receive_close(self, payload: bytes) -> None:
        """Answer a close frame with a close frame, or take it for the answer (TRANSPORT-10)."""
        if not self._is_closing:
            self._connection.closed()
            self._say_goodbye(int.from_bytes(payload[:2], "big") if payload else None)
        self._end()

    def _perform(self, actions: tuple[Action, ...]) -> None:
        """Do what the connection decided."""
        for action in actions:
            _PERFORM[type(action)](self, action)

    def _send(self, action: Send) -> None:
        """Send a message, after the events that happened before it."""
        send = self._subscription.send if self._subscription else self._write
        send(text_frame(action.text))

    def _broadcast(self, action: Broadcast) -> None:
        """Send an event to everybody."""
        self._stream.append("client_message", action.data, retain=action.retain)

    def _join(self, action: Join) -> None:
        """Join the events: the snapshot and what follows it are one step (EVENT-05)."""
        self._ticket.give_back()
        self._set_timer(None)
        subscription, snapshot = self._stream.subscribe(self._write, action.place)
        # Written past the subscription: an event from another thread may already wait there.
        for answer in self._connection.joined(snapshot, action.request_id):
            _PERFORM[type(answer)](self, answer)
        self._subscription = subscription
        self._watch_expiry()

    def _watch_expiry(self) -> None:
        """Come back when the session's access token expires, if it has one."""
        expires_in = self._connection.expires_in()
        if expires_in is not None:
            self._set_timer(self._clock.call_later(expires_in, self._expire))

    def _expire(self) -> None:
        """End the session, or watch on if its token was refreshed meanwhile (TOKEN-12)."""
        actions = self._connection.expired()
        self._perform(actions)
        if not actions:
            self._watch_expiry()

    def _time_out(self) -> None:
        """End a connection that did not authenticate in time."""
        self._perform(self._connection.timed_out())

    def _revoke_line(self, action: EndLine) -> None:
        """Close every session of a line of access tokens."""
        self._end_line(action.line_id)

    def _close(self, action: Close) -> None:
        """Send a close frame, and wait a while for the peer's."""
        notices.dropped(action.code)
        self._say_goodbye(action.code)
        self._abort_later()

    def _say_goodbye(self, code: int | None) -> None:
        """Send the last frame, after everything else, and leave the events."""
        self._is_closing = True
        send = self._subscription.send if self._subscription else self._write
        send(close_frame(code))
        self._leave()

    def _leave(self) -> None:
        """Stop receiving events."""
        if self._subscription:
            self._stream.unsubscribe(self._subscription)
            self._subscription = None

    def _end(self) -> None:
        """End the TCP connection, at once if possible, by force if the peer does not read.

        TRANSPORT-10: end the TCP connection within 5 seconds, whatever its peer does.
        """
        self._is_closing = True
        self._leave()
        self._when_sent = self._transport.close
        self._send_waiting()
        self._abort_later()

    def _abort_later(self) -> None:
        """Give the peer some real time: the network's clock cannot be moved forward."""
        if not self._is_lost:
            self._set_timer(
                self._loop.call_later(self._settings.close_timeout, self._transport.abort)
            )

    def _write(self, data: bytes) -> None:
        """Write without waiting; a peer that does not read is cut off and delays nobody."""
        if not (self._is_reading or self._is_paused):
            self._hand_over(data)
            return
        # An answer waits for the others of its slice, and everything waits for a slow peer.
        self._outbox.add(data)
        if self._is_paused:
            self._send_waiting()

    def _send_waiting(self) -> None:
        """Hand what waits to the transport, as far as it takes it."""
        while self._outbox.size and not self._is_paused:
            self._hand_over(self._outbox.take())
        if self._is_paused:
            self._cut_off_if_slow()
        if self._when_sent and not self._outbox.size:
            self._when_sent()
            self._when_sent = None

    def _hand_over(self, data: bytes | bytearray) -> None:
        """Write a piece, unless the connection has ended: the transport would log that."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def _cut_off_if_slow(self) -> None:
        """Close when more waits for the peer than the bound (LIMIT-10)."""
        unsent_bytes = self._outbox.size + self._transport.get_write_buffer_size()
        if unsent_bytes > self._settings.unsent_bound and not self._is_closing:
            self.close(CloseCode.TRY_AGAIN_LATER)

    def _set_timer(self, timer: asyncio.TimerHandle | Alarm | None) -> None:
        """Replace the one timer of the connection, or stop it."""
        if self._timer:
            self._timer.cancel()
        self._timer = timer


_RECEIVE: dict[int, Callable[[Session, bytes], None]] = {
    Opcode.TEXT: Session._receive_text,
    Opcode.PING: Session._receive_ping,
    Opcode.PONG: Session._receive_pong,
    Opcode.CLOSE: Session._receive_close,
}
_PERFORM: dict[type[Action], Callable[..., None]] = {
    Send: Session._send,
    Close: Session._close,
    Join: Session._join,
    Broadcast: Session._broadcast,
    EndLine: Session._revoke_line,
}
