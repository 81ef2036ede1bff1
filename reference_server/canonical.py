"""Content keys: equal for messages that are the same, however they are spelled."""

from __future__ import annotations

import hashlib
import json
import re

import msgspec

__all__ = ["canonical_form", "content_key"]

_ENCODER = msgspec.json.Encoder(order="sorted")
# A string, which stays as it is; or what distinguishes a float from the integer of the same value:
# the minus of -0.0, and the final .0. The encoder writes every double in its shortest spelling.
_SPELLING = re.compile(rb'("(?:[^"\\]|\\.)*")|-(?=0\.0[,\]}])|\.0(?=[,\]}])')
_WHOLE_FLOATS = (b".0,", b".0]", b".0}")


def canonical_form(value: object) -> bytes:
    """Return one spelling of a JSON object or array, the same for all that RFC 8785 holds equal.

    It is not RFC 8785's own: keys are sorted by code points, and large numbers are spelled
    differently. All that deduplication needs is that two values have one form exactly when they
    have one RFC 8785 form, and this takes a small part of the time. Raises ``ValueError`` or
    ``TypeError`` for anything that is not JSON; integers stay themselves, even beyond 2^53.
    """
    encoded: bytes = _ENCODER.encode(value)
    if b"null" in encoded:
        # The encoder turns NaN and Infinity, which this refuses, into null.
        json.dumps(value, allow_nan=False)
    if any(end in encoded for end in _WHOLE_FLOATS):
        return _SPELLING.sub(rb"\1", encoded)
    return encoded


def content_key(message_type: str, message_data: object) -> bytes:
    """Return the 32 bytes that distinguish two contents.

    DEDUP-04, DEDUP-05: two are the same when, and only when, their RFC 8785 forms are.
    DEDUP-13: the hash over the canonical form MUST be collision-resistant.
    """
    form = canonical_form({"data": message_data, "type": message_type})
    return hashlib.sha256(form).digest()
