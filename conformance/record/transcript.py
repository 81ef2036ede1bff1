"""What crossed the wire in one scenario, line by line: bounded, and without secrets."""

import json
import re
from collections import OrderedDict, deque
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

OTHERS: Final = "other clients' events"
DEPTH: Final = 64
SECRET_LENGTH: Final = 8
LONGEST_SECRET: Final = 4_096
MAX_SECRETS: Final = 8_000
MAX_SECRET_LENGTH: Final = 4_000_000
"""Characters of all the secrets that are remembered together."""

NONE: Final[Mapping[str, str]] = MappingProxyType({})

KEPT: Final = 16 * 1024
HEAD: Final = 60
TAIL: Final = 140
SHOWN: Final = 600


class Secrets:
    """Values that must not appear in any report, replaced by the name of what they are.

    Besides those that stand under the `members` of messages, from when they are seen, it knows the
    operator's `own`, with their names.
    """

    def __init__(self, members: frozenset[str], own: Mapping[str, str] = NONE) -> None:
        self.members = members
        self._own = {text: name for secret, name in own.items() for text in _spellings(secret)}
        names = "|".join(map(re.escape, sorted(members)))
        self._member = re.compile(
            rf'"({names})"(\s*:\s*)"(?:[^"\\]|\\.){{{SECRET_LENGTH},}}(?:"|\\?$)', re.DOTALL
        )
        self._known: OrderedDict[str, str] = OrderedDict()
        self._length = 0
        self._longest_first: list[str] | None = None

    def learn(self, value: object, text: str) -> None:
        """Notes every text that stands under a secret member's name in a value."""
        for name in self.members:
            if name in text:
                self._learn(value, 0)
                return

    def _learn(self, value: object, depth: int) -> None:
        if depth > DEPTH:
            return
        if isinstance(value, list):
            for item in value:
                self._learn(item, depth + 1)
        elif isinstance(value, dict):
            for key, item in value.items():
                if key in self.members and isinstance(item, str) and _is_kept(item):
                    self._add(item, f"<{key}>")
                else:
                    self._learn(item, depth + 1)

    def _add(self, secret: str, name: str) -> None:
        """Adds a secret in the spellings that JSON writers use; the oldest makes room."""
        for spelling in _spellings(secret):
            self._length += 0 if spelling in self._known else len(spelling)
            self._known[spelling] = name
        while len(self._known) > MAX_SECRETS or self._length > MAX_SECRET_LENGTH:
            self._length -= len(self._known.popitem(last=False)[0])
        self._longest_first = None

    def hide(self, text: str) -> str:
        """The text without secrets: none known, none under a secret member's name."""
        text = self._member.sub(r'"\1"\2"<\1>"', text)
        hidden = self._hide_known(text)
        plain = _ASCII_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
        if plain == text:
            return hidden
        other = self._hide_known(plain)
        return hidden if other == plain else other

    def shown(self, text: str, most: int, length: int | None = None) -> str:
        """The text without secrets, or its beginning with a note of how long it is.

        Of a long text only the beginning is read; `length` is that of a text of which no more is
        there.
        """
        length = len(text) if length is None else length
        hidden = self.hide(text[:KEPT])
        if length > KEPT:
            hidden = hidden[:-LONGEST_SECRET]  # a secret may begin there, and end beyond
        elif len(hidden) <= most:
            return hidden
        return f"{hidden[:most]}… ({length} characters)"

    def _hide_known(self, text: str) -> str:
        if self._longest_first is None:
            self._longest_first = sorted({*self._known, *self._own}, key=len, reverse=True)
        for secret in self._longest_first:
            if secret in text:
                name = self._own.get(secret) or self._known[secret]
                text = text.replace(secret, name)
        return text


def _spellings(secret: str) -> set[str]:
    """A text as different JSON writers spell it."""
    if _SPELLED_ALIKE.fullmatch(secret):
        return {secret}
    spellings = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return spellings | {spelling.replace("/", "\\/") for spelling in spellings}


def _is_kept(secret: str) -> bool:
    """Whether a text is long enough to be a secret, and short enough to be remembered."""
    return SECRET_LENGTH <= len(secret) <= LONGEST_SECRET


_SPELLED_ALIKE: Final = re.compile(r"[A-Za-z0-9._~+=-]+")
_ASCII_ESCAPE: Final = re.compile(r"\\u(00[2-7][0-9a-fA-F])")
_LINE_BREAKS: Final = {
    ord(c): f"\\u{ord(c):04x}" for c in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
} | {
    10: "\\n",
    13: "\\r",
}


class Line(msgspec.Struct):
    """One line of a transcript; `others` counts the passed-over messages that it stands for."""

    time: float
    connection: str
    direction: str
    text: str
    length: int = 0
    others: int = 0


class Transcript:
    """The first and last lines of a dialogue; the middle of a long one is only counted."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self.count = 0
        self._head: list[Line] = []
        self._tail: deque[Line] = deque(maxlen=TAIL)
        self._last: Line | None = None

    def add(self, time: float, connection: str, direction: str, text: str) -> int:
        """Adds a line; `time` in seconds from the scenario's start. Returns its number."""
        self._last = None
        line = Line(time, connection, direction, text[:KEPT], len(text))
        return self._append(line)

    def add_other(self, time: float, connection: str) -> None:
        """Counts a message that is other clients' business, with those just before it."""
        if self._last is not None and self._last.connection == connection:
            self._last.others += 1
            return
        self._last = Line(time, connection, "←", "", others=1)
        self._append(self._last)

    def _append(self, line: Line) -> int:
        self.count += 1
        if len(self._head) < HEAD:
            self._head.append(line)
        else:
            self._tail.append(line)
        return self.count

    def lines(self) -> tuple[str, ...]:
        """The lines for a report: number, milliseconds, connection, direction, content."""
        left_out = self.count - len(self._head) - len(self._tail)
        rows = [self._shown(i, row) for i, row in enumerate(self._head, 1)]
        if left_out:
            rows.append(f"     … {left_out} lines left out …")
        first = len(self._head) + left_out + 1
        rows += [self._shown(i, row) for i, row in enumerate(self._tail, first)]
        return tuple(rows)

    def _shown(self, number: int, line: Line) -> str:
        if line.others:
            shown = f"({line.others} {OTHERS})"
        else:
            shown = self.secrets.shown(line.text, SHOWN, line.length).translate(_LINE_BREAKS)
        return f"{number:4} {line.time * 1000:9.1f} ms  {line.connection} {line.direction} {shown}"
