"""Audience: the origin of the URL that a client was given, as the URL Standard serialises it."""

import re
import unicodedata
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

__all__ = ["audience", "dialled"]

_PORTS: Final = {"ws": 80, "wss": 443}
_KEPT: Final = "\u00df\u03c2\u200c\u200d"
"""What UTS #46 leaves as it is without transitional processing."""
_IGNORED: Final = re.compile("[\u00ad\u034f\u180b-\u180d\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]")
_DOTS: Final = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61", "."))
_FORBIDDEN: Final = re.compile(r"[\x00-\x20\"#%/:<>?@\[\\\]^`{|}\x7f]")


def audience(url: str) -> str:
    """The audience for a ws or wss URL; raise ValueError if it is none."""
    scheme, host, port = _origin(urlsplit(url))
    return f"{scheme}://{host}" + ("" if port in (None, _PORTS[scheme]) else f":{port}")


def dialled(url: str) -> str:
    """The same URL with its host in the spelling of the audience, so that both mean one server."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    host = audience(url).partition("://")[2]
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme.lower()}://{user}{at}{host}{parts.path or '/'}{query}"


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not parts.hostname:
        raise ValueError("an address begins with ws:// or wss:// and a host")
    host = unquote(parts.hostname)
    return scheme, f"[{_ipv6(host)}]" if ":" in host else _name(host), parts.port


def _ipv6(host: str) -> str:
    """An address in hexadecimal, with the first longest run of zeros left out."""
    packed = IPv6Address(host).packed
    pieces = [f"{packed[i] << 8 | packed[i + 1]:x}" for i in range(0, 16, 2)]
    runs = [run.span() for run in re.finditer(r"(?<!\S)0(?: 0)+(?!\S)", " ".join(pieces))]
    if not runs:
        return ":".join(pieces)
    start, end = max(runs, key=lambda run: run[1] - run[0])
    text = " ".join(pieces)
    return ":".join(text[:start].split()) + "::" + ":".join(text[end:].split())


def _name(host: str) -> str:
    labels = [_label(label) for label in _mapped(host).split(".")]
    name = ".".join(labels)
    if not name.strip(".") or _FORBIDDEN.search(name):
        raise ValueError("the address has no host that can be looked up")
    significant = name.removesuffix(".").split(".")
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", significant[-1]):
        return _ipv4(significant)
    return name


def _mapped(host: str) -> str:
    """A name as UTS #46 maps it, as far as the characters of real names go."""
    folded = "".join(
        letter if letter in _KEPT else "\u00df" if letter == "\u1e9e" else letter.casefold()
        for letter in unicodedata.normalize("NFKC", host.translate(_DOTS))
    )
    return unicodedata.normalize("NFKC", _IGNORED.sub("", folded))


def _label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def _ipv4(labels: list[str]) -> str:
    """Four decimal numbers for the one to four numbers, in any base, of an address."""
    *heads, last = [_number(label) for label in labels]
    if len(heads) > 3 or any(head > 255 for head in heads) or last >= 256 ** (4 - len(heads)):
        raise ValueError("the address has an IPv4 address that does not exist")
    value = last + sum(head << 8 * (3 - place) for place, head in enumerate(heads))
    return ".".join(str(byte) for byte in value.to_bytes(4, "big"))


def _number(text: str) -> int:
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8 if len(text) > 1 and text.startswith("0") else 10)
