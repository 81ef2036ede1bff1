"""Canonical form: RFC 8785 (JSON Canonicalization Scheme) and the content key built on it."""

from __future__ import annotations

import hashlib
import re

import msgspec
import rfc8785

__all__ = ["canonical_form", "content_key"]

_ENCODER = msgspec.json.Encoder(order="sorted")
# Compact JSON has a number right after one of these; inside strings this may match as well, which
# only costs the slower path.
_FLOAT = re.compile(rb"[:,\[]-?[0-9]+[.e]")
_ZEROED = bytes.maketrans(b"123456789", b"0" * 9)
_LONG_NUMBER = b"0" * 16
_LEADS_BEYOND_BMP = bytes(range(0xF0, 0xF5))


def canonical_form(value: object) -> bytes:
    """Return the RFC 8785 form of a JSON object or array as UTF-8.

    Raises ``ValueError`` or ``TypeError`` for numbers outside the JSON domain and for objects that
    are no JSON. Sorting in C gives the same bytes unless a number is a float (ECMAScript spells
    1.0 as 1) or a key lies beyond the BMP (RFC 8785 section 3.2.3 sorts UTF-16 code units), so only
    these take the slower way.
    """
    encoded: bytes = _ENCODER.encode(value)
    if _may_hold_an_odd_number(encoded) or _goes_beyond_bmp(encoded):
        return rfc8785.dumps(value)  # type: ignore[arg-type]
    return encoded


def _may_hold_an_odd_number(encoded: bytes) -> bool:
    """Look for floats and long integers, and for null, which the encoder makes of NaN as well.

    Substrings are asked first: they decide nearly every message, and cost next to nothing.
    """
    zeroed = encoded.translate(_ZEROED)
    if b"null" in encoded or _LONG_NUMBER in zeroed:
        return True
    return (b"0." in zeroed or b"0e" in zeroed) and _FLOAT.search(encoded) is not None


def _goes_beyond_bmp(encoded: bytes) -> bool:
    """Say whether a code point takes four bytes of UTF-8."""
    if encoded.isascii():
        return False
    return len(encoded.translate(None, _LEADS_BEYOND_BMP)) != len(encoded)


def content_key(message_type: str, message_data: object) -> bytes:
    """Return the 32 bytes by which two contents are told apart.

    DEDUP-04, DEDUP-05: two are the same when, and only when, their RFC 8785 forms are.
    DEDUP-13: the hash over the canonical form MUST be collision-resistant.
    """
    form = canonical_form({"data": message_data, "type": message_type})
    return hashlib.sha256(form).digest()
