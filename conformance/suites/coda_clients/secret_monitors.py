"""Passive checks of what a client does with secrets: they are in no URL, header, text or line."""

import base64
import binascii
import re
from collections import deque
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from conformance.json_text import encode
from conformance.loader.monitor import Monitor
from conformance.model import Evidence, Failure
from conformance.suites.coda.functions import refreshed, secret, token_id
from conformance.suites.coda.state_monitors import data_of, message_type, unexpected
from conformance.transport import Connection, Message
from conformance.transport.accepted import Accepted

SHORTEST: Final = 20
"""Characters of the shortest secret that is looked for: a nonce or a resume secret has 22."""

PART: Final = 8
"""Characters that are a part of a secret (CLIENT-19)."""
SURE_PART: Final = 12
"""The same for a secret in hexadecimal, whose shorter parts also occur by chance."""

MOST: Final = 200
"""Secrets of each kind that are remembered, the newest."""

_WORD: Final = re.compile(r"[A-Za-z0-9+/_-]{20,}={0,2}")


class Book(msgspec.Struct):
    """The secrets that the kit has given to clients, and those that follow from a refresh."""

    given: deque[str] = msgspec.field(default_factory=lambda: deque(maxlen=MOST))
    computed: deque[tuple[str, str]] = msgspec.field(default_factory=lambda: deque(maxlen=MOST))
    """Pairs of a token_id and a secret."""
    resume: deque[str] = msgspec.field(default_factory=lambda: deque(maxlen=MOST))
    tokens: deque[tuple[str, str]] = msgspec.field(default_factory=lambda: deque(maxlen=MOST))

    def give(self, token: str) -> None:
        """Note an access token."""
        found = secret(token)
        if len(found) >= SHORTEST and found not in self.given:
            self.given.append(found)
            self.tokens.append((token_id(token), found))

    def refresh(self, previous: str, name: str, nonce: str) -> None:
        """Note what a refresh makes of each token with the previous name."""
        known = [found for other, found in (*self.tokens, *self.computed) if other == previous]
        for found in known:
            row = (name, refreshed(found, nonce))
            if row not in self.computed:
                self.computed.append(row)

    def promise(self, text: str) -> None:
        """Note a resume secret."""
        if len(text) >= SHORTEST and text not in self.resume:
            self.resume.append(text)

    @property
    def whole(self) -> list[str]:
        """Every secret."""
        return [*self.given, *(found for _, found in self.computed), *self.resume]

    def part_in(self, text: str) -> bool:
        """Whether a text has a part of the secret of an access token."""
        sizes = [(found, PART) for found in self.given]
        sizes += [(found, SURE_PART) for _, found in self.computed]
        return any(
            found[start : start + size] in text
            for found, size in sizes
            for start in range(len(found) - size + 1)
        )


class _Knowing(Monitor, kw_only=True):
    """What all of these checks need: the secrets."""

    book: Book

    def given(self, result: Any) -> Failure | None:
        """Notes an access token that a client is given."""
        token = result.get("token") if isinstance(result, dict) else None
        if isinstance(token, str):
            self.book.give(token)
        return None

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Notes a resume secret, and what the secret after a refresh is."""
        data = value.get("data") if isinstance(value, dict) else None
        if not isinstance(data, dict):
            return
        session = data.get("session")
        promised = session.get("resume") if isinstance(session, dict) else None
        if value.get("type") == "auth_result" and isinstance(promised, str):
            self.book.promise(promised)
        name, nonce = data.get("token_id"), data.get("nonce")
        if value.get("type") == "token_result" and isinstance(name, str) and isinstance(nonce, str):
            previous = data.get("previous", self.noted.get(connection, ""))
            self.book.refresh(str(previous), name, nonce)
            self.noted[connection] = name

    def note_token(self, connection: Connection, message: Message) -> None:
        """Note by which token a client proves who it is."""
        name = data_of(message).get("token_id")
        if message_type(message) == "auth_response" and isinstance(name, str):
            self.noted[connection] = name


class NotInURL(_Knowing):
    """The request of a handshake has no credential in its URL."""

    def requested(self, connection: Connection) -> Failure | None:
        """Judges the path and the query."""
        request = connection.request if isinstance(connection, Accepted) else None
        if request is None:
            return None
        self.observed += 1
        text = unquote(request.path)
        if not any(found in text for found in self.book.whole):
            return None
        return Failure(
            "a URL holds a credential",
            expected=Evidence("a URL without one"),
            received=Evidence(text),
        )


class NotInHeaders(_Knowing):
    """The request of a handshake has no token or secret in a header or a subprotocol."""

    def requested(self, connection: Connection) -> Failure | None:
        """Judges every header, also in the form of basic authentication."""
        request = connection.request if isinstance(connection, Accepted) else None
        if request is None:
            return None
        self.observed += 1
        for name, value in request.headers.raw_items():
            text = unquote(f"{value} {_decoded(value)}")
            if any(found in text for found in self.book.whole):
                return Failure(
                    f"the header {name} holds a secret",
                    expected=Evidence("a handshake without one"),
                    received=Evidence(f"{name}: {value}"),
                )
        return None


def _decoded(value: str) -> str:
    """Return what the words of a text say that are base64."""
    found = []
    for word in _WORD.findall(value):
        plain = word.replace("-", "+").replace("_", "/").rstrip("=")
        try:
            data = base64.b64decode(plain + "=" * (-len(plain) % 4))
        except binascii.Error:
            continue
        found.append(data.decode("utf-8", "replace"))
    return " ".join(found)


class NotPrinted(_Knowing):
    """No line on the standard output or error shows a secret."""

    def printed(self, line: str) -> Failure | None:
        """Judges every line, the notices of a driver included."""
        known = self.book.whole
        self.observed += bool(known)
        if not any(found in line for found in known):
            return None
        return Failure(
            "a line that the client printed shows a secret",
            expected=Evidence("a line without one"),
            received=Evidence(line),
        )


class NotSent(_Knowing):
    """No message holds a part of the secret of an access token; a proof holds none by itself."""

    def received(self, connection: Connection, message: Message) -> Failure | None:
        """Judges every message."""
        self.note_token(connection, message)
        if not self.book.given:
            return None
        self.observed += 1
        text, proof = message.text, data_of(message).get("proof")
        if isinstance(proof, str):
            text = text.replace(encode(proof)[1:-1], "")
        if not self.book.part_in(text):
            return None
        return unexpected("a message holds a part of a secret", "no part of it", message)


def secret_monitors() -> list[Monitor]:
    """The passive checks of this module."""
    book = Book()
    return [
        NotInURL("url", "CLIENT-04", "No URL holds a credential", book=book),
        NotInHeaders("headers", "CLIENT-17", "No header or subprotocol holds a secret", book=book),
        NotPrinted("printed", "CLIENT-18", "The client prints no secret", book=book),
        NotSent("secrets", "CLIENT-19", "No message holds a part of a secret", book=book),
    ]
