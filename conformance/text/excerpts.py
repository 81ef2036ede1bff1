"""Excerpts: values and texts as a reader wants to see them, cut if they are long."""

import json
import re
from typing import Any, Final

from conformance.json_text import NotJSON, decode, encode
from conformance.model import Evidence

MAX_SHOWN: Final = 400

_CUT: Final = re.compile(r"… \((\d+) characters\)\Z")

LONGEST_VALUE: Final = 4_000
"""Characters of the longest value that a report holds as a value."""


def shown(value: Any) -> str:
    """Return a JSON value as a reader wants to see it: compact, and cut if it is long."""
    return cut(encode(value))


def cut(text: str, most: int = MAX_SHOWN) -> str:
    """Return the text, or its beginning with a note of its length, which a cut text keeps."""
    if len(text) <= most:
        return text
    before = _CUT.search(text)
    length = before[1] if before else len(text)
    return f"{text[:most]}… ({length} characters)"


def as_value(text: str) -> Evidence:
    """Return a message as its JSON value; as its text if it is long, or says more than the value.

    Keys that appear twice, escapes and spellings of numbers are gone from a value.
    """
    if len(text) > LONGEST_VALUE:
        return Evidence(text)
    try:
        value = decode(text)
    except NotJSON:
        return Evidence(text)
    spaced = json.dumps(value, ensure_ascii=False)
    return Evidence(value=value) if text in (encode(value), spaced) else Evidence(text)
