"""The barriers of one dialogue: what was sent before them, and which were answered."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from secrets import token_hex
from typing import Any

import msgspec

from conformance.engine.matching import matches
from conformance.json_text import encode
from conformance.loader.header import Barrier
from conformance.transport import Connection, Message


class Sent(msgspec.Struct, eq=False):
    """A barrier on its way; its answer repeats the token."""

    token: str
    connection: Connection
    answered: asyncio.Event


class Barriers:
    """Sends barriers, and tells their answers from everything else.

    `senders` are the connections on which something was sent that may still have to be answered,
    `unfinished` those in the middle of a fragmented message, into which no barrier can be put.
    """

    def __init__(self, barrier: Barrier, made: Callable[[Any, str], Any]) -> None:
        self.senders: dict[Connection, None] = {}
        self.unfinished: set[Connection] = set()
        self._barrier = barrier
        self._made = made
        self._let_in: set[Connection] = set()
        self._preceded: set[Connection] = set()
        self._sent: dict[str, Sent] = {}

    def is_let_in(self, connection: Connection) -> bool:
        """Whether a connection is open on which somebody was let in."""
        return connection in self._let_in and connection.end is None

    def is_waiting(self, connection: Connection) -> bool:
        """Whether a connection is open on which nobody was let in."""
        return connection not in self._let_in and connection.end is None

    def have_room(self, connections: Iterable[Connection]) -> bool:
        """Whether no message is under way on any of the connections."""
        return self.unfinished.isdisjoint(connections)

    def send(self, connection: Connection, *messages: Any) -> Sent:
        """Sends a barrier; it counts neither as the scenario's own message nor as its sending."""
        sent = Sent(f"barrier.{token_hex(8)}", connection, asyncio.Event())
        self._sent[sent.token] = sent  # other connections take it for background
        for raw in messages:
            connection.send_text(encode(self._made(raw, sent.token)), asks=False)
        return sent

    def precede(self, connection: Connection, messages: Sequence[Any]) -> None:
        """Sends messages once on a connection that was let in, whose answers are a barrier's."""
        if messages and self.is_let_in(connection) and connection not in self._preceded:
            self._preceded.add(connection)
            self.send(connection, *messages)

    def is_one(self, message: Message) -> bool:
        """Whether a message is the answer to a barrier, on whatever connection."""
        return self._may_answer(message) and any(map(message.mentions, self._sent))

    def _may_answer(self, message: Message) -> bool:
        """Whether a message is of a kind that answers: a replay may hold an answer, and is none."""
        kind = message.value.get("type") if isinstance(message.value, dict) else None
        return not isinstance(kind, str) or kind in self._barrier.answers

    def note(self, connection: Connection, message: Message) -> bool:
        """Notes what a message means for barriers; whether it answers one on its connection.

        An answer that is still missing then is overtaken: nothing more is said of its time.
        """
        if connection not in self._let_in and matches(self._barrier.let_in, message.value):
            self._let_in.add(connection)
        for sent in self._sent.values() if self._may_answer(message) else ():
            if sent.connection is connection and message.mentions(sent.token):
                connection.awaits_answer = False
                sent.answered.set()
                return True
        return False
