"""A target: the server under test, as a URL or a target file describes it."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

from conformance.errors import InputError, Location
from conformance.target import urls
from conformance.target.hooks import Hook
from conformance.target.ports import PORT, has_place
from conformance.target.ready import Ready
from conformance.target.waiver import Waiver

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT = 5.0

SECRET_LENGTH: Final = 6
"""The least characters of a part of a header or URL query that counts as a secret."""

_SECRET = re.compile(r"(?!(?:Basic|Bearer|Digest)\s)[^\s;,=&\"]+")


class Command(msgspec.Struct, frozen=True):
    """How to start a target as a process of its own; errors name its location.

    It is ready when it prints the `ready` line or, without one, when the port of `url` is open.
    `{port}` in `argv` and `url` stands for a free port.
    """

    argv: tuple[str, ...]
    ready: Ready | None
    timeout: float
    folder: Path
    location: Location | None = None
    url: str = ""

    @property
    def names(self) -> frozenset[str]:
        """The names of what is known once it is ready, for hooks to use."""
        port = {"port"} if has_place(self.argv) else set()
        return frozenset({"url", *port, *(self.ready.names if self.ready else ())})


class Target(msgspec.Struct, frozen=True):
    """The server under test, and what cannot be learnt from it.

    `words` are those of the command that judges it again, `ca` are certificates in PEM. A client
    may be made for `one_session`, and end with it. `suite` is what the target file is written for:
    the folder of a suite, if it is none of the kit's.
    """

    url: str
    name: str
    words: str = ""
    parameters: Mapping[str, Any] = msgspec.field(default_factory=dict)
    claims: frozenset[str] | None = None
    one_session: bool = False
    suite: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    connect_timeout: float = CONNECT_TIMEOUT
    verify: bool = True
    ca: str | None = None
    command: Command | None = None
    hooks: Mapping[str, Hook] = msgspec.field(default_factory=dict)
    waivers: tuple[Waiver, ...] = ()

    def __repr__(self) -> str:
        """Return the target without what may be secret: headers, and the query of its URL."""
        return f"Target({self.name!r}, {self.shown_url!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the same for consoles that print in colours."""
        return [("name", self.name), ("url", self.shown_url)]

    @property
    def origin(self) -> str:
        """The target's own origin (RFC 6454) as a browser would send it."""
        parts = urlsplit(self.url)
        scheme, default = ("https", 443) if parts.scheme == "wss" else ("http", 80)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{scheme}://{host}" + (
            f":{parts.port}" if parts.port not in (None, default) else ""
        )

    @property
    def shown_url(self) -> str:
        """The URL for reports: without its query, which may hold a credential."""
        return urls.shown(self.url)

    @property
    def secrets(self) -> dict[str, str]:
        """What may be secret, with a name for each: its headers, and the query of its URL."""
        query = urlsplit(self.url).query
        found = [(part, "<query>") for text in (query, unquote(query)) for part in _parts(text)]
        for name, value in self.headers:
            found += [(part, f"<{name}>") for part in _parts(value)]
        return dict(found)

    def tls_context(self) -> "ssl.SSLContext | None":
        """Return the context for TLS connections; None for a `ws` URL."""
        return _tls_context(self.verify, self.ca) if self.url.startswith("wss:") else None

    def ready(self, groups: Mapping[str, str]) -> "Target":
        """Return the target with the URL and other groups that its command printed filled in."""
        hooks = {name: hook.with_values(groups) for name, hook in self.hooks.items()}
        url = self.url.replace(PORT, groups.get("port", PORT)) or self._printed_url(groups["url"])
        return replace(self, url=url, hooks=hooks)

    def _printed_url(self, url: str) -> str:
        try:
            return checked_url(url)
        except InputError as error:
            assert self.command is not None
            assert self.command.ready is not None
            message = f"the command did not print a URL: {error.message}"
            raise InputError(message, self.command.ready.location) from None


def _parts(text: str) -> list[str]:
    """Return a text and its words, those that are long enough to be secret."""
    return [part for part in (text, *_SECRET.findall(text)) if len(part) >= SECRET_LENGTH]


@cache
def _tls_context(verify: bool, ca: str | None) -> "ssl.SSLContext":
    import ssl

    context = ssl.create_default_context(cadata=ca)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def checked_url(url: str) -> str:
    """Return the URL; raise `InputError` if no WebSocket can be opened to it."""
    return urls.checked(url, urls.WEBSOCKET)
