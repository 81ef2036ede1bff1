"""Evidence that is the same in every run: without random parts and what is not compared."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import UNSET

from conformance.json_text import NotJSON, decode, encode
from conformance.model import Evidence, Failure
from conformance.record.evidence import words
from conformance.record.kinds import Kinds
from conformance.text.excerpts import cut

MOST: Final = 300
"""Characters of a value."""

REST: Final = "…"
"""Stands for members that nothing is compared with."""

_BARRIER: Final = re.compile(r"\bbarrier\.[0-9a-f]{16}\b")

_RANDOM: Final = (
    (re.compile(r"<(\w+) \d+( secret)?>"), r"<\1\2>"),
    (re.compile(r"\bk[0-9a-f]{12}\b"), "<probe>"),
    (_BARRIER, "<barrier>"),
    (re.compile(r"\b(?=\w*\d)[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b(?=[a-z]*\d)[0-9a-f]{16,}\b"), "<hex>"),
    (re.compile(r"\b\d{9,}(?:\.\d+)?\b|\b\d+\.\d{3,}\b"), "<number>"),
    (re.compile(r"(127\.0\.0\.1|\[::1\]|localhost):\d+"), r"\1"),
)

_CODED: Final = re.compile(r"""(?<=["'])(?=[^"']*[A-Z])(?=[^"']*[a-z])[\w=-]{10,}(?=["'])""")
"""A text of base64, which a word of any language is not."""

_ANY: Final = re.compile("|".join(f"(?:{row.pattern})" for row in (*dict(_RANDOM), _CODED)))

_NUMBER: Final = "<number>"
_TIME: Final = re.compile(r"[12]\d{9}(?:\.\d+)?")
"""Seconds since 1970."""


def settled(text: str) -> str:
    """Return a text in which what is drawn by chance is replaced by what it is."""
    for pattern, name in _RANDOM:
        text = pattern.sub(name, text)
    return text


class Names:
    """What is drawn by chance in one dialogue, each value with a number where it first appears."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._count: Counter[str] = Counter()
        self._latest = 0.0

    def settled(self, text: str) -> str:
        """Return a text in which equal values have equal names, such as `<id 2>`.

        Moments are not told apart, as whether two are equal is a matter of chance; only one that is
        before another that came is an `<earlier time>`.
        """
        return _ANY.sub(self._name, text)

    def _name(self, found: re.Match[str]) -> str:
        plain = settled(found[0])
        if plain == found[0]:
            plain = f"<{len(plain)} random characters>"
        if plain == _NUMBER:
            return self._time(found[0]) if _TIME.fullmatch(found[0]) else plain
        if plain[0] != "<":
            return plain
        key = (plain, found[0])
        if key not in self._numbers:
            self._count[plain] += 1
            self._numbers[key] = self._count[plain]
        return f"{plain[:-1]} {self._numbers[key]}>"

    def _time(self, digits: str) -> str:
        is_earlier = float(digits) < self._latest
        self._latest = max(self._latest, float(digits))
        return "<earlier time>" if is_earlier else "<time>"


def is_barrier(text: str) -> bool:
    """Return whether a message is the kit's own, by which it sees that all answers have come."""
    return _BARRIER.search(text) is not None


def due(failure: Failure) -> str:
    """Return what was due."""
    return cut(settled(words(failure.expected)), MOST)


def came(failure: Failure, kinds: Kinds) -> str:
    """Return what came instead, with only the members that are compared or tell its kind."""
    if failure.kind == "missing":
        return "nothing"
    handshake = failure.received.value
    if isinstance(handshake, dict) and "headers" in handshake and "headers" not in failure.pointer:
        rest = {name: value for name, value in handshake.items() if name != "headers"}
        return cut(settled(words(Evidence(failure.received.says, rest))), MOST)
    value = _message(failure.received)
    if value is None and failure.received.says.startswith("{"):
        return f"a long {' '.join(kinds.of(failure.received)) or 'message'}"
    if value is None:
        text = words(failure.received)
        return cut(settled(text.partition(" (")[0] if text.endswith(")") else text), MOST)
    pattern = failure.expected.value if failure.expected.says.endswith("like") else UNSET
    wanted = {*kinds.pointers, failure.pointer, *_paths(pattern, "")}
    shown = settled(encode(_projected(value, "", wanted))).replace(f'"{REST}":0', REST)
    return cut(shown, MOST)


def _message(evidence: Evidence) -> Any:
    """Return the message that came; None if something else did, or only its beginning is left."""
    if isinstance(evidence.value, dict):
        return evidence.value if not evidence.says else None
    try:
        value = decode(evidence.says)
    except NotJSON:
        return None
    return value if isinstance(value, dict) else None


def _paths(pattern: Any, at: str) -> Iterator[str]:
    if isinstance(pattern, dict) and pattern:
        for key, value in pattern.items():
            yield from _paths(value, f"{at}/{key}")
    elif at:
        yield at


def _projected(value: Any, at: str, wanted: Iterable[str]) -> Any:
    """Return an object with the members on the way to what is wanted; others are left out."""
    if not isinstance(value, dict) or at in wanted:
        return value
    shown = {
        key: _projected(member, f"{at}/{key}", wanted)
        for key, member in value.items()
        if any(path == f"{at}/{key}" or path.startswith(f"{at}/{key}/") for path in wanted)
    }
    return shown if len(shown) == len(value) else shown | {REST: 0}
