"""Secrets: values that must not appear in any report, each replaced by a name of its own.

A secret has the same name wherever it appears in a run, `<token 3>`: a reader sees whether two are
the same, and nothing else about them.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from conformance.record.needles import SHORTEST, Needles

DEPTH: Final = 64
LONGEST: Final = 4_096
VARIED: Final = 2
"""The fewest different characters in a secret: a row of zeros is not one."""

READ: Final = 16 * 1024
"""Characters of a long text that are searched for secrets; no more of it is shown."""

NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Secrets:
    """The secrets of a run: the values of secret `members` of messages, once they are seen.

    What follows the last `separator` in one is a secret by itself. It also knows the operator's
    `own` secrets, with their names.
    """

    def __init__(
        self, members: frozenset[str], own: Mapping[str, str] = NONE, separator: str = ""
    ) -> None:
        self.members = members
        self._separator = separator
        self._own = {text: name for secret, name in own.items() for text in _spellings(secret)}
        names = "|".join(map(re.escape, sorted(members)))
        self._member = re.compile(
            rf'"(?P<name>{names})"(?P<gap>\s*:\s*)'
            rf'"(?P<secret>(?:[^"\\]|\\.){{{SHORTEST},}})(?:"|\\?$)',
            re.DOTALL,
        )
        self._known = Needles()
        self._count: Counter[str] = Counter()

    def learn(self, value: object, text: str) -> None:
        """Note every text under a secret member's name in a value."""
        if "\\u" in text or any(map(text.__contains__, self.members)):
            self._learn(value, 0)

    def _learn(self, value: object, depth: int) -> None:
        if depth > DEPTH:
            return
        if isinstance(value, list):
            for item in value:
                self._learn(item, depth + 1)
        elif isinstance(value, dict):
            for key, item in value.items():
                if key in self.members and isinstance(item, str) and _is_kept(item):
                    self._name_of(item, key)
                else:
                    self._learn(item, depth + 1)

    def _name_of(self, secret: str, member: str) -> str:
        """Return the name of a secret, and remember it in the spellings that JSON writers use.

        The oldest secrets make room.
        """
        known = self._known.name_of(secret)
        if known is not None:
            return known
        self._count[member] += 1
        name = f"<{member} {self._count[member]}>"
        self._know(secret, name)
        part = secret.rpartition(self._separator)[2] if self._separator else secret
        if part != secret and len(part) >= SHORTEST:
            self._know(part, f"<{member} {self._count[member]} secret>")
        self._known.make_room()
        return name

    def _know(self, secret: str, name: str) -> None:
        for spelling in _spellings(secret):
            self._known.add(spelling, name)

    def hide(self, text: str) -> str:
        """Return the text without secrets: neither known ones nor values of secret members."""
        text = self._member.sub(self._named, text)
        hidden = self._hide_known(text)
        plain = _ASCII_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
        if plain == text:
            return hidden
        other = self._hide_known(plain)
        return hidden if other == plain else other

    def _named(self, found: re.Match[str]) -> str:
        """Return a member with its secret replaced by the secret's name."""
        if _NAME.fullmatch(found["secret"]):
            return found[0]
        try:
            secret = json.loads(f'"{found["secret"]}"', strict=False)
        except ValueError:
            secret = found["secret"]
        known = _is_kept(secret)
        name = self._name_of(secret, found["name"]) if known else f"<{found['name']}>"
        return f'"{found["name"]}"{found["gap"]}"{name}"'

    def shown(self, text: str, most: int) -> str:
        """Return the text without secrets, or its beginning with a note of its length."""
        beginning, whole = self.beginning(text, most, len(text))
        return beginning if whole else f"{beginning}… ({len(text)} characters)"

    def beginning(self, text: str, most: int, length: int) -> tuple[str, bool]:
        """Return at most `most` characters without secrets, and whether that is the whole text."""
        hidden = self.hide(text[:READ])
        if length > READ:
            hidden = hidden[:-LONGEST]  # a secret may begin there and end beyond it
        whole = length <= READ and len(hidden) <= most
        return hidden[:most], whole

    def hide_in(self, value: Any) -> Any:
        """Return a JSON value without secrets."""
        self.learn(value, json.dumps(value))
        return self._hidden(value)

    def _hidden(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, list):
            return [self._hidden(item) for item in value]
        if isinstance(value, dict):
            return {self.hide(key): self._hidden(item) for key, item in value.items()}
        return value

    def _hide_known(self, text: str) -> str:
        found = self._known.found_in(text) | self._own
        for secret in sorted(found, key=len, reverse=True):
            text = text.replace(secret, found[secret])
        return text


def _spellings(secret: str) -> set[str]:
    """Return the ways in which different JSON writers spell a text."""
    if _SPELLED_ALIKE.fullmatch(secret):
        return {secret}
    spellings = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    return spellings | {spelling.replace("/", "\\/") for spelling in spellings}


def _is_kept(secret: str) -> bool:
    """Return whether a text can be a secret, and is short enough to be remembered."""
    is_long = SHORTEST <= len(secret) <= LONGEST
    return is_long and len(set(secret)) >= VARIED and not _NAME.fullmatch(secret)


_SPELLED_ALIKE: Final = re.compile(r"[A-Za-z0-9._~+=-]+")
_NAME: Final = re.compile(r"<\w+(?: \d+)?(?: secret)?>")
_ASCII_ESCAPE: Final = re.compile(r"\\u(00[2-7][0-9a-fA-F])")
