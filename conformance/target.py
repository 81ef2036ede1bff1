"""A target: the server under test, as a URL or a target file describes it."""

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

from conformance import bundle, yaml_source
from conformance.checks import printable
from conformance.hooks import Hook
from conformance.problems import InputError
from conformance.schemas import SchemaStore
from conformance.script import header_faults

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT = 5.0

DEMO: Final = Path(__file__).with_name("demo.yaml")
"""The target file of the reference server with short windows and small limits."""

SECRET_LENGTH: Final = 6
"""Characters from which on a part of a header, or of a URL's query, counts as a secret."""

_SECRET = re.compile(r"(?!(?:Basic|Bearer|Digest)\s)[^\s;,=&\"]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Command(msgspec.Struct, frozen=True):
    """How to start a target as a process of its own."""

    argv: tuple[str, ...]
    ready: str
    timeout: float
    folder: Path


class Target(msgspec.Struct, frozen=True):
    """The server under test, and what cannot be learnt from it.

    `words` are those of the command that judge it again.
    """

    url: str
    name: str
    words: str = ""
    parameters: Mapping[str, Any] = msgspec.field(default_factory=dict)
    claims: frozenset[str] | None = None
    headers: tuple[tuple[str, str], ...] = ()
    connect_timeout: float = CONNECT_TIMEOUT
    verify: bool = True
    ca: str | None = None
    command: Command | None = None
    hooks: Mapping[str, Hook] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        """The target without what may be secret: headers, and the query of its URL."""
        return f"Target({self.name!r}, {self.shown_url!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """The same for those who print in colours."""
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
        return shown_url(self.url)

    def hide(self, text: str) -> str:
        """A text of the target's without what may be secret: headers, and the query of its URL."""
        for secret, name in self._secrets:
            text = text.replace(secret, name)
        return text

    @property
    def _secrets(self) -> list[tuple[str, str]]:
        """What may be secret and a name for it, the longest first: a part may stand in another."""
        query = urlsplit(self.url).query
        found = [(part, "<query>") for text in (query, unquote(query)) for part in _parts(text)]
        for name, value in self.headers:
            found += [(part, f"<{name}>") for part in _parts(value)]
        return sorted(found, key=lambda row: -len(row[0]))

    def tls_context(self) -> "ssl.SSLContext | None":
        """What TLS connections are made with; None for a `ws` URL."""
        return _tls_context(self.verify, self.ca) if self.url.startswith("wss:") else None

    def ready(self, groups: Mapping[str, str]) -> "Target":
        """The same target, after its command said where it is (`url`) and what else is where."""
        hooks = {name: hook.with_values(groups) for name, hook in self.hooks.items()}
        return replace(self, url=self.url or checked_url(groups["url"]), hooks=hooks)


def _parts(text: str) -> list[str]:
    """A text and its words, where they are long enough to tell a secret."""
    return [part for part in (text, *_SECRET.findall(text)) if len(part) >= SECRET_LENGTH]


@cache
def _tls_context(verify: bool, ca: str | None) -> "ssl.SSLContext":
    import ssl

    context = ssl.create_default_context(cafile=ca)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def checked_url(url: str) -> str:
    """The URL, if it is one that a WebSocket can be opened to; else `InputError`.

    An error quotes the URL only when no credentials can be in it.
    """
    if "@" in url:
        raise InputError("credentials do not belong into a URL (CLIENT-04)")
    if not url.isprintable() or " " in url:
        shown = printable(url)
        raise InputError(f'"{shown}" is not a URL: it has blanks or control characters')
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InputError(f'"{url}" is not a URL: {error}') from None
    if parts.scheme not in ("ws", "wss"):
        hint = {"http": "ws", "https": "wss"}.get(parts.scheme)
        more = f"; did you mean {hint}{url[len(parts.scheme) :]}?" if hint else ""
        raise InputError(f'expected a URL that begins with ws:// or wss://, not "{url}"{more}')
    if not parts.hostname or port == 0:
        raise InputError(f'"{url}" names no host and port to connect to')
    if parts.fragment:
        raise InputError(f'"{url}" has a fragment, which a WebSocket URL cannot have')
    return url


def shown_url(url: str) -> str:
    """A URL without its query, which may hold a credential."""
    bare, mark, _ = url.partition("?")
    return f"{bare}{mark}…" if mark else url


def from_argument(argument: str) -> Target:
    """The target of a command line: a URL, or the path of a target file."""
    if "://" in argument:
        return Target(
            checked_url(argument), urlsplit(argument).netloc, f"run {shown_url(argument)}"
        )
    path = Path(argument)
    if not path.is_file():
        hint = ""
        if path.suffix in (".yaml", ".yml"):
            hint = "; there is no such file"
        elif re.fullmatch(r"[\w.-]+:\d+(/\S*)?", argument):
            hint = f"; did you mean ws://{argument}?"
        raise InputError(f'"{argument}" is neither a ws:// or wss:// URL nor a target file{hint}')
    return from_file(path)


def from_file(path: Path) -> Target:
    """The target that a YAML file describes (schemas/kit/target.json)."""
    source = yaml_source.load(path)
    _check_headers(source)
    header_faults(SchemaStore(bundle.schema_root()), "kit/target", source)
    return _target(path, source)


def demonstration() -> Target:
    """The target of the kit's own file, which no user changes, and its tests hold to its schema."""
    return _target(DEMO, yaml_source.load(DEMO))


def _target(path: Path, source: yaml_source.Source) -> Target:
    value = source.value
    if "url" not in value and "command" not in value:
        raise source.error("expected a url, or a command that starts the server and prints one")
    headers = value.get("headers", {})
    tls = value.get("tls", {})
    claims = value.get("claims")
    return Target(
        url=_url(value, source),
        name=value.get("name", path.stem),
        words=f"run {path}",
        parameters=value.get("parameters", {}),
        claims=None if claims is None else frozenset(claims),
        headers=tuple((k, _from_environment(v, k, source)) for k, v in headers.items()),
        connect_timeout=value.get("connect_timeout", CONNECT_TIMEOUT),
        verify=tls.get("verify", True),
        ca=str(path.parent / tls["ca"]) if "ca" in tls else None,
        command=_command(value.get("command"), path.parent, source),
        hooks=_hooks(value.get("hooks", {}), path.parent),
    )


def _check_headers(source: yaml_source.Source) -> None:
    """Refuses a header that is not text, without a word of what it is: it may be a credential."""
    rows = source.value.get("headers") if isinstance(source.value, dict) else None
    for name, value in rows.items() if isinstance(rows, dict) else ():
        if not isinstance(value, str):
            raise source.error("a header is a text", ("headers", name))


def _hooks(rows: Mapping[str, Mapping[str, Any]], folder: Path) -> dict[str, Hook]:
    return {
        name: Hook(name, row.get("request", ""), tuple(row.get("command", ())), folder)
        for name, row in rows.items()
    }


def _url(value: Mapping[str, Any], source: yaml_source.Source) -> str:
    try:
        return checked_url(value["url"]) if "url" in value else ""
    except InputError as error:
        raise source.error(error.message, ("url",)) from None


def _command(
    row: Mapping[str, Any] | None, folder: Path, source: yaml_source.Source
) -> Command | None:
    if row is None:
        return None
    ready = row.get("ready", r"(wss?://\S+)")
    try:
        re.compile(ready)
    except re.error as error:
        message = f"is not a regular expression: {error}"
        raise source.error(message, ("command", "ready")) from None
    return Command(tuple(row["run"]), ready, row.get("timeout", 20.0), folder)


def _from_environment(text: str, key: str, source: yaml_source.Source) -> str:
    """A header's value; `env:NAME` takes it from the environment, so that no file holds it."""
    name = text.removeprefix("env:")
    where = ("headers", key)
    if name != text and name not in os.environ:
        raise source.error(f"the environment variable {name} is not set", where)
    value = text if name == text else os.environ[name]
    if not _HEADER_NAME.fullmatch(key) or not value.isprintable():
        raise source.error("a header has a name of RFC 9110 and a value without line breaks", where)
    return value
