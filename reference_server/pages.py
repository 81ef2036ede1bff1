"""Pages: the dashboard, a fixed list of files for whoever opens the address in a browser."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from reference_server.handshake import match_host

__all__ = ["FILES", "HEADERS", "Page", "find_page"]

_HERE = Path(__file__).resolve().parent
_DASHBOARD = _HERE / "dashboard"
# A wheel has the client beside the server, and a checkout in a folder of its own.
_PACKAGED = _HERE / "_data" / "client"
_CLIENT = _PACKAGED if _PACKAGED.is_dir() else _HERE.parent / "clients" / "javascript"

_OWN = (
    "page.css", "icon.svg", "main.mjs", "chart.mjs", "charts.mjs", "commands.mjs",
    "conversation.mjs", "dashboard.mjs",
    "details.mjs", "elements.mjs", "events.mjs", "list.mjs", "matching.mjs", "meter.mjs",
    "problems.mjs", "sign_in.mjs", "store.mjs", "talk.mjs", "watched.mjs",
)  # fmt: skip
_THE_CLIENTS = (
    "client.mjs", "socket.mjs",
    *(
        f"core/{name}.mjs" for name in (
            "access", "back_off", "conversation", "core", "ends", "flow", "handshake", "incoming",
            "json_text", "outbox", "pulse", "rate", "session",
        )
    ),
)  # fmt: skip

FILES: dict[str, Path] = {
    "/": _DASHBOARD / "page.html",
    **{f"/dashboard/{name}": _DASHBOARD / name for name in _OWN},
    **{f"/dashboard/client/{name}": _CLIENT / name for name in _THE_CLIENTS},
}
_TYPES = {
    ".html": "text/html", ".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml",
}  # fmt: skip

_POLICY = (
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
    "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types 'none'",
)  # fmt: skip
HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Vary": "Upgrade",
    "X-Content-Type-Options": "nosniff",
}
_OF_A_HANDSHAKE = ("Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version")


class Page(NamedTuple):
    """The bytes of a file, in UTF-8, and its media type."""

    body: bytes
    media_type: str


def find_page(
    path: str, headers: Callable[[str], Sequence[str]], names: Collection[str]
) -> Page | None:
    """Return the page for a GET of a path, or None if it is not for one.

    ``headers`` returns the values of the headers with a given name. A request that looks like a
    handshake is none for a page, nor is one for a host that is not among ``names`` (ORIGIN-03).
    """
    if path not in FILES or any(headers(name) for name in _OF_A_HANDSHAKE):
        return None
    hosts = headers("Host")
    host = match_host(hosts[0]) if len(hosts) == 1 else None
    if host is None or host["name"] not in {name.lower() for name in names}:
        return None
    return _read(path)


@cache
def _read(path: str) -> Page:
    """Read one of the files, once."""
    return Page(FILES[path].read_bytes(), _TYPES[FILES[path].suffix])
