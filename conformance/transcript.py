"""What crossed the wire in one scenario, line by line: bounded, and without secrets."""

import re
from collections import deque
from dataclasses import dataclass
from typing import Final

from conformance.checks import cut

HEAD: Final = 60
TAIL: Final = 140
SHOWN: Final = 600


class Secrets:
    """Values that must not appear in any report, replaced by the name of what they are."""

    def __init__(self, members: frozenset[str]) -> None:
        self.members = members
        self._known: dict[str, str] = {}
        self._named = re.compile("|".join(map(re.escape, sorted(members))))

    def learn(self, value: object, text: str) -> None:
        """Notes every text that stands under a secret member's name in a value."""
        if self._named.search(text):
            self._learn(value, 0)

    def _learn(self, value: object, depth: int) -> None:
        if not isinstance(value, dict) or depth > 6:
            return
        for key, item in value.items():
            if key in self.members and isinstance(item, str) and len(item) > 7:
                self._known[item] = f"<{key}>"
            else:
                self._learn(item, depth + 1)

    def hide(self, text: str) -> str:
        """The text with every known secret replaced."""
        for secret, name in self._known.items():
            if secret in text:
                text = text.replace(secret, name)
        return text


@dataclass(slots=True)
class Line:
    """One line of a transcript; `others` counts the passed-over messages that it stands for."""

    time: float
    connection: str
    direction: str
    text: str
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
        return self._append(Line(time, connection, direction, text[: SHOWN * 2]))

    def add_other(self, time: float, connection: str) -> None:
        """Counts a message that is other clients' business, with those just before it."""
        if self._last is not None and self._last.connection == connection:
            self._last.others += 1
            return
        self._last = Line(time, connection, "←", "", 1)
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
        text = f"({line.others} other clients' events)" if line.others else line.text
        shown = cut(self.secrets.hide(text).replace("\n", "\\n"), SHOWN)
        return f"{number:4} {line.time * 1000:9.1f} ms  {line.connection} {line.direction} {shown}"
