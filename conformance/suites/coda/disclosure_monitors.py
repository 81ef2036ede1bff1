"""Passive checks of what a target's words give away about its insides."""

import re
from typing import Final

from conformance.loader.monitor import Monitor
from conformance.model import Failure
from conformance.suites.coda.state_monitors import data_of, unexpected
from conformance.transport import Connection, Message

_SOURCE: Final = "py|mjs|cjs|ts|java|kt|scala|go|rs|rb|php|c|cc|cpp|cs|swift|ex|exs|erl"
_LINE: Final = "(?::|, line | line |\\()[0-9]+"

TRACE: Final = re.compile(
    r"Traceback \(most recent call last\)"
    r"|\bFile \"[^\"]+\", line [0-9]+"
    rf"|(?<![\w.:/@-])(?:[\w.@-]{{0,60}}/){{0,20}}[\w-]{{1,60}}\.(?:{_SOURCE}){_LINE}"
    rf"|(?<![\w.:/@-])(?:[\w.@-]{{0,60}}/){{1,20}}[\w-]{{1,60}}\.js{_LINE}"
    r"|(?<![\w.:/@-])[\w-]{1,60}\.js:[0-9]+:[0-9]+"
    r"|\b(?:[A-Za-z_]\w{0,40}(?:\.|::)){1,8}[A-Z]\w{0,60}(?:Exception|Error)\b"
    r"|\bthread '[^']*' panicked\b"
    r"|\bgoroutine [0-9]+ \["
)
"""A part of a stack trace: its heading, a file with a line, or the full name of an exception.

A host with a port is none, nor is "Node.js:18".
"""

LONGEST: Final = 2000
"""Characters of a text that are looked at; a text for a human is shorter."""


class NoTrace(Monitor):
    """The text for a human is no stack trace, and no part of one."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every error and auth_result that has such a text."""
        said = data_of(message).get("message")
        if not isinstance(said, str):
            return None
        self.observed += 1
        if not TRACE.search(said[:LONGEST]):
            return None
        expected = "a text for a human, without a stack trace or a part of one"
        return unexpected("a message tells of an exception", expected, message, "/data/message")


def disclosure_monitors() -> list[Monitor]:
    """The passive checks of this module."""
    return [
        NoTrace(
            "no-trace",
            "ERROR-07",
            "No message holds a stack trace or a part of one",
            kinds=frozenset({"error", "auth_result"}),
        ),
    ]
