"""The barriers of one dialogue: which were sent, and which were answered."""

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
    """Sends barriers and tells their answers apart from everything else.

    `senders` are the connections on which a message was sent that may still need an answer,
    `unfinished` those in the middle of a fragmented message, where no barrier can be inserted.
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
        """Return whether a connection is open and was let in."""
        return connection in self._let_in and connection.end is None

    def is_waiting(self, connection: Connection) -> bool:
        """Return whether a connection is open and was not let in yet."""
        return connection not in self._let_in and connection.end is None

    def have_room(self, connections: Iterable[Connection]) -> bool:
        """Return whether no fragmented message is unfinished on any of the connections."""
        return self.unfinished.isdisjoint(connections)

    def send(self, connection: Connection, *messages: Any) -> Sent:
        """Send a barrier, which does not count as a message of the scenario."""
        sent = Sent(f"barrier.{token_hex(8)}", connection, asyncio.Event())
        self._sent[sent.token] = sent  # other connections take it for background
        for raw in messages:
            connection.send_text(encode(self._made(raw, sent.token)), asks=False)
        return sent

    def precede(self, connection: Connection, messages: Sequence[Any]) -> None:
        """Send messages once on a connection that was let in, answered like a barrier."""
        if messages and self.is_let_in(connection) and connection not in self._preceded:
            self._preceded.add(connection)
            self.send(connection, *messages)

    def are_in(self, text: str) -> bool:
        """Return whether a text that was sent is a barrier."""
        return any(token in text for token in self._sent)

    def is_one(self, message: Message) -> bool:
        """Return whether a message answers a barrier on any connection."""
        return self._may_answer(message) and any(map(message.mentions, self._sent))

    def _may_answer(self, message: Message) -> bool:
        """Return whether a message is of a kind that answers; a replay only contains answers."""
        kind = message.value.get("type") if isinstance(message.value, dict) else None
        return not isinstance(kind, str) or kind in self._barrier.answers

    def note(self, connection: Connection, message: Message) -> list[Sent]:
        """Note what a message means for barriers; return those that it answers, wherever sent.

        An answer that is still missing by then was overtaken: its time is not judged any more.
        """
        if connection not in self._let_in and matches(self._barrier.let_in, message.value):
            self._let_in.add(connection)
        if not self._sent or not self._may_answer(message):
            return []
        found = [sent for sent in self._sent.values() if message.mentions(sent.token)]
        for sent in found:
            if sent.connection is connection:
                connection.awaits_answer = False
                sent.answered.set()
        return found
