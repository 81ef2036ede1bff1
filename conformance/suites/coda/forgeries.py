"""Credentials that are nearly right: what a server that compares or reads loosely takes for good.

Each is named by what was done to the right one. None of them is ever the right one: where nothing
changes, as with letters that have no other case, the last character is altered.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.loader.expressions import Function
from conformance.suites.coda.functions import altered, proof

WORDS: Final = "coda.v1 auth"


def spoiled(text: str, how: str) -> str:
    """A text that differs from the one given as `how` says."""
    found = _SPOILED[how](text)
    return found if found not in ("", text) else altered(text)


def forged(how: str, secret: str, nonce: str, token_id: str, audience: str) -> str:
    """A proof of 64 digits that is not made as HMAC-02 says."""
    right = proof(secret, nonce, token_id, audience)
    found = _FORGED[how](secret, nonce, token_id, audience)
    return found if found != right else altered(right)


def reshaped(proof: str, how: str) -> Any:
    """A correct proof in another shape than 64 hexadecimal digits."""
    return _RESHAPED[how](proof)


def nearby(audience: str, how: str) -> str:
    """An audience beside the one given: that of no server, or of another one."""
    parts = urlsplit(audience)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else str(parts.hostname)
    return _NEARBY[how](parts.scheme, host, parts.port or {"ws": 80, "wss": 443}[parts.scheme])


def _wide(text: str) -> str:
    """The text in full-width letters, which compatibility makes the same as it."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


_SPOILED: Final[Mapping[str, Callable[[str], str]]] = {
    "in the other case": lambda text: text.swapcase(),
    "in upper case": lambda text: text.upper(),
    "in lower case": lambda text: text.lower(),
    "without its end": lambda text: text[:-1],
    "without its beginning": lambda text: text[1:],
    "its first half": lambda text: text[: len(text) // 2],
    "twice": lambda text: text + text,
    "with an altered beginning": lambda text: altered(text[::-1])[::-1],
    "behind a space": lambda text: f" {text}",
    "before a line feed": lambda text: f"{text}\n",
    "with a space inside": lambda text: f"{text[: len(text) // 2]} {text[len(text) // 2 :]}",
    "before a null character": lambda text: f"{text}\0x",
    "in quotation marks": lambda text: f'"{text}"',
    "behind the word Bearer": lambda text: f"Bearer {text}",
    "among others": lambda text: f"{text},other",
    "in percent escapes": lambda text: "".join(f"%{byte:02X}" for byte in _bytes(text)),
    "in base64": lambda text: base64.b64encode(_bytes(text)).decode(),
    "in hexadecimal": lambda text: _bytes(text).hex(),
    "in full-width letters": _wide,
    "its hash": lambda text: hashlib.sha256(_bytes(text)).hexdigest(),
}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _mac(key: str, *lines: str, digest: str = "sha256", between: str = "\n") -> str:
    return hmac.new(key.encode(), between.join(lines).encode(), digest).hexdigest()


def _decoded(secret: str) -> bytes:
    """What a secret is in base64url, or in hexadecimal where it looks like that."""
    try:
        return bytes.fromhex(secret)
    except ValueError:
        kept = secret[:-1] if len(secret) % 4 == 1 else secret
        return base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4))


def _made(change: Callable[..., tuple[str, ...]]) -> Callable[..., str]:
    """A proof that is made of a key and lines."""
    return lambda secret, nonce, token_id, audience: _mac(
        *change(secret, nonce, token_id, audience)
    )


_FORGED: Final[Mapping[str, Callable[..., str]]] = {
    "all zeros": lambda s, n, t, a: "0" * 64,
    "its last digit altered": lambda s, n, t, a: altered(proof(s, n, t, a)),
    "its first digit altered": lambda s, n, t, a: altered(proof(s, n, t, a)[::-1])[::-1],
    "its middle altered": lambda s, n, t, a: _middle(proof(s, n, t, a)),
    "its bytes in the other order": lambda s, n, t, a: _reversed(proof(s, n, t, a)),
    "keyed with the whole token": _made(lambda s, n, t, a: (f"{t}.{s}", WORDS, n, t, a)),
    "keyed with the token_id": _made(lambda s, n, t, a: (t, WORDS, n, t, a)),
    "keyed with the nonce": _made(lambda s, n, t, a: (n, WORDS, n, t, a)),
    "keyed with nothing": _made(lambda s, n, t, a: ("", WORDS, n, t, a)),
    "keyed with half the secret": _made(lambda s, n, t, a: (s[: len(s) // 2], WORDS, n, t, a)),
    "keyed with 32 characters": _made(lambda s, n, t, a: (s[:32], WORDS, n, t, a)),
    "keyed with the secret in lower case": _made(lambda s, n, t, a: (s.lower(), WORDS, n, t, a)),
    "keyed with the secret's hash": _made(
        lambda s, n, t, a: (hashlib.sha256(s.encode()).hexdigest(), WORDS, n, t, a)
    ),
    "keyed with the decoded secret": lambda s, n, t, a: hmac.new(
        _decoded(s), "\n".join((WORDS, n, t, a)).encode(), "sha256"
    ).hexdigest(),
    "a hash in place of an HMAC": lambda s, n, t, a: hashlib.sha256(
        "\n".join((s, WORDS, n, t, a)).encode()
    ).hexdigest(),
    "with another hash": lambda s, n, t, a: _mac(s, WORDS, n, t, a, digest="sha3_256"),
    "without the words": _made(lambda s, n, t, a: (s, n, t, a)),
    "without the nonce": _made(lambda s, n, t, a: (s, WORDS, t, a)),
    "with an empty nonce": _made(lambda s, n, t, a: (s, WORDS, "", t, a)),
    "without the token_id": _made(lambda s, n, t, a: (s, WORDS, n, a)),
    "without the audience": _made(lambda s, n, t, a: (s, WORDS, n, t)),
    "over the nonce alone": _made(lambda s, n, t, a: (s, n)),
    "over nothing": _made(lambda s, n, t, a: (s, "")),
    "in another order": _made(lambda s, n, t, a: (s, WORDS, t, n, a)),
    "with a last line feed": _made(lambda s, n, t, a: (s, WORDS, n, t, f"{a}\n")),
    "with carriage returns": lambda s, n, t, a: _mac(s, WORDS, n, t, a, between="\r\n"),
    "with nothing between the lines": lambda s, n, t, a: _mac(s, WORDS, n, t, a, between=""),
    "with spaces between the lines": lambda s, n, t, a: _mac(s, WORDS, n, t, a, between=" "),
    "with the words of a refresh": _made(lambda s, n, t, a: (s, "coda.v1 refresh", n, t, a)),
    "with the words of another version": _made(lambda s, n, t, a: (s, "coda.v2 auth", n, t, a)),
    "with the words in upper case": _made(lambda s, n, t, a: (s, WORDS.upper(), n, t, a)),
    "over the nonce in lower case": _made(lambda s, n, t, a: (s, WORDS, n.lower(), t, a)),
    "over a nonce cut short": _made(lambda s, n, t, a: (s, WORDS, n[:16], t, a)),
    "over a padded nonce": _made(lambda s, n, t, a: (s, WORDS, f"{n}==", t, a)),
    "over the audience with a slash": _made(lambda s, n, t, a: (s, WORDS, n, t, f"{a}/")),
    "over the other scheme": _made(
        lambda s, n, t, a: (s, WORDS, n, t, nearby(a, "the other scheme"))
    ),
    "over localhost": _made(lambda s, n, t, a: (s, WORDS, n, t, nearby(a, "localhost"))),
    "over the loopback's address": _made(
        lambda s, n, t, a: (s, WORDS, n, t, nearby(a, "the loopback"))
    ),
}


def _middle(digits: str) -> str:
    return altered(digits[:33]) + digits[33:]


def _reversed(digits: str) -> str:
    return bytes.fromhex(digits)[::-1].hex()


def _base64(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode()


_RESHAPED: Final[Mapping[str, Callable[[str], Any]]] = {
    "63 digits": lambda digits: digits[:63],
    "half of it": lambda digits: digits[:32],
    "65 digits": lambda digits: f"{digits}0",
    "twice": lambda digits: digits * 2,
    "behind a space": lambda digits: f" {digits}",
    "before a line feed": lambda digits: f"{digits}\n",
    "behind 0x": lambda digits: f"0x{digits}",
    "behind its method": lambda digits: f"sha256={digits}",
    "with colons": lambda digits: ":".join(digits[i : i + 2] for i in range(0, 64, 2)),
    "in base64": _base64,
    "in base64url": lambda digits: base64.urlsafe_b64encode(bytes.fromhex(digits)).decode()[:43],
    "in full-width digits": _wide,
    "as 64 other letters": lambda digits: "g" * 64,
    "empty": lambda digits: "",
    "null": lambda digits: None,
    "true": lambda digits: True,
    "a number": lambda digits: int(digits[:12], 16),
    "in a list": lambda digits: [digits],
    "in an object": lambda digits: {"proof": digits},
}

_OTHER: Final[Mapping[str, str]] = {"ws": "wss", "wss": "ws"}
_Place = Callable[[str, str, int], str]

_NEARBY: Final[Mapping[str, _Place]] = {
    "localhost": lambda scheme, host, port: f"{scheme}://localhost:{port}",
    "the loopback": lambda scheme, host, port: f"{scheme}://127.0.0.1:{port}",
    "the other scheme": lambda scheme, host, port: f"{_OTHER[scheme]}://{host}:{port}",
    "another port": lambda scheme, host, port: f"{scheme}://{host}:1",
    "a port that begins alike": lambda scheme, host, port: (
        f"{scheme}://{host}:{port}0" if port < 10_000 else f"{scheme}://{host}:{port // 10}"
    ),
    "a dot at the end": lambda scheme, host, port: f"{scheme}://{_name(host)}.:{port}",
    "a name below": lambda scheme, host, port: f"{scheme}://probe.{_name(host)}:{port}",
    "a name beside": lambda scheme, host, port: f"{scheme}://{_name(host)}.probe.example:{port}",
    "another loopback": lambda scheme, host, port: f"{scheme}://127.45.67.89:{port}",
    "a foreign name": lambda scheme, host, port: f"{scheme}://probe.example:{port}",
    "the name in upper case": lambda scheme, host, port: f"{scheme}://LOCALHOST:{port}",
    "the scheme in upper case": lambda scheme, host, port: f"{scheme.upper()}://{host}:{port}",
    "the scheme of a page": lambda scheme, host, port: f"http{scheme[2:]}://{host}:{port}",
    "no scheme": lambda scheme, host, port: f"{host}:{port}",
    "a slash": lambda scheme, host, port: f"{scheme}://{host}:{port}/",
    "a path": lambda scheme, host, port: f"{scheme}://{host}:{port}/socket",
    "a query": lambda scheme, host, port: f"{scheme}://{host}:{port}?panel=2",
    "a fragment": lambda scheme, host, port: f"{scheme}://{host}:{port}#panel",
    "a user": lambda scheme, host, port: f"{scheme}://probe@{host}:{port}",
    "a space before it": lambda scheme, host, port: f" {scheme}://{host}:{port}",
    "a line feed behind it": lambda scheme, host, port: f"{scheme}://{host}:{port}\n",
}


def _name(host: str) -> str:
    """A host that may stand within a name."""
    return "localhost" if host.startswith("[") else host


FORGERIES: Final[Mapping[str, Function]] = {
    "spoiled": spoiled,
    "forged": forged,
    "reshaped": reshaped,
    "nearby": nearby,
}
