"""URLs that can be dialled: their scheme, host and port, and what of them is shown."""

import re
import socket
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv6Address
from typing import Final
from urllib.parse import urlsplit

from conformance.errors import InputError
from conformance.text.escapes import printable
from conformance.text.excerpts import cut

WEBSOCKET: Final = ("ws", "wss")
HTTP: Final = ("http", "https")

LONGEST_NAME: Final = 253
"""Characters of a domain name: RFC 1035, section 2.3.4, less what only its wire format has."""

LONGEST_LABEL: Final = 63

SHOWN: Final = 200

_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]*)(:(?P<port>[0-9]*))?")
_LABEL: Final = re.compile(r"[A-Za-z0-9_-]+")
_NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")


def checked(url: str, schemes: Sequence[str]) -> str:
    """Return the URL; raise `InputError` unless it has a valid host and one of two schemes.

    An error quotes the URL only if no credentials can be in it.
    """
    if "@" in url:
        raise InputError("credentials do not belong in a URL")
    quoted = f'"{cut(printable(shown(url)), SHOWN)}"'
    if not url.isprintable() or " " in url:
        raise InputError(f"{quoted} is not a URL: it has blanks or control characters")
    try:
        parts = urlsplit(url)
        found = _AUTHORITY.fullmatch(parts.netloc)
        port = parts.port if found else None
    except ValueError as error:
        raise InputError(f"{quoted} is not a URL: {printable(str(error))}") from None
    if parts.scheme not in schemes:
        wanted = " or ".join(f"{scheme}://" for scheme in schemes)
        hint = _hint(url, parts.scheme, schemes)
        raise InputError(f"expected a URL that begins with {wanted}, not {quoted}{hint}")
    if found is None:
        raise InputError(f"{quoted} is not a URL: its host can only be followed by a port number")
    if not found["host"] or port == 0:
        raise InputError(f"{quoted} names no host and port to connect to")
    fault = _host_fault(found["host"])
    if fault:
        raise InputError(f"{quoted} has an invalid host: {fault}")
    if parts.fragment:
        raise InputError(f"{quoted} has a fragment, which is not allowed")
    return url


def shown(url: str) -> str:
    """Return a URL without its query, which may hold a credential."""
    bare, mark, _ = url.partition("?")
    return f"{bare}{mark}…" if mark else url


def _hint(url: str, scheme: str, schemes: Sequence[str]) -> str:
    """Return a hint at the URL that may have been meant: with another scheme, or with any."""
    others = dict(zip((WEBSOCKET if schemes == HTTP else HTTP), schemes, strict=True))
    if scheme in others:
        meant = f"{others[scheme]}{url[len(scheme) :]}"
    elif re.fullmatch(r"[\w.-]+:\d+(/\S*)?", url):
        meant = f"{schemes[0]}://{url}"
    else:
        return ""
    return f"; did you mean {cut(shown(meant), SHOWN)}?"


def _host_fault(host: str) -> str:
    """Return why a host of this name is impossible; empty if it is not."""
    if host.startswith("["):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            return f"{_short(host)} is not an IPv6 address"
        return ""
    labels = host.removesuffix(".").split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return "" if _is_ipv4(host) else f"{_short(host)} is not an IPv4 address"
    return _name_fault(labels)


def _is_ipv4(host: str) -> bool:
    """Return whether the system accepts a text as an IPv4 address."""
    try:
        socket.inet_aton(host)
    except OSError:
        return False
    return True


def _name_fault(labels: Sequence[str]) -> str:
    """Return why labels do not make a domain name; empty if they do."""
    for label in labels:
        if not label:
            return "a part of its name is empty"
        try:
            ascii_ = label if label.isascii() else label[:SHOWN].encode("idna").decode("ascii")
        except UnicodeError:
            return f"{_short(label)} has no form in ASCII (IDNA)"
        if len(ascii_) > LONGEST_LABEL:
            return f"{_short(label)} has more than {LONGEST_LABEL} characters"
        if not _LABEL.fullmatch(ascii_):
            return f"{_short(label)} has more than letters, digits and hyphens"
    length = sum(len(label) + 1 for label in labels) - 1
    return f"its name has more than {LONGEST_NAME} characters" if length > LONGEST_NAME else ""


def _short(text: str) -> str:
    return f'"{cut(printable(text), 40)}"'
