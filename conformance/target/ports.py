"""Ports of this machine for a target that the kit starts: a free one, and whether one is open."""

import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from conformance.errors import InputError
from conformance.target import urls

PORT: Final = "{port}"
"""The word that stands for a free port in a command and a URL."""

_DEFAULTS: Final = {"ws": 80, "wss": 443}
_GLANCE: Final = 0.2


def free() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
        return port


def has_place(argv: Sequence[str]) -> bool:
    """Return whether a command has a place for a free port."""
    return any(PORT in word for word in argv)


def checked(url: str, argv: Sequence[str]) -> str:
    """Return a URL in which `{port}` may stand for the port that a command has, too.

    Raises `InputError` if that is no URL, or the command has no such word.
    """
    if PORT in url and not has_place(argv):
        raise InputError(f"the URL has {PORT}, but the command that starts the server has not")
    urls.checked(url.replace(PORT, "1"), urls.WEBSOCKET)
    return url


def is_open(url: str) -> bool:
    """Return whether something accepts TCP connections at the host and port of a URL."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or _DEFAULTS[parts.scheme])
    try:
        socket.create_connection(address, _GLANCE).close()
    except OSError:
        return False
    return True
