"""Excerpts: values and texts as a reader wants to see them, cut if they are long."""

from typing import Any, Final

from conformance.json_text import encode

MAX_SHOWN: Final = 400


def shown(value: Any) -> str:
    """Return a JSON value as a reader wants to see it: compact, and cut if it is long."""
    return cut(encode(value))


def cut(text: str, most: int = MAX_SHOWN) -> str:
    """Return the text, or its beginning with a note of its length."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
