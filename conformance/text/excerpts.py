"""Excerpts: values and texts as a reader wants to see them, cut where they are long."""

from typing import Any, Final

from conformance.json_text import encode

MAX_SHOWN: Final = 400


def shown(value: Any) -> str:
    """A JSON value as a reader wants to see it: compact, and cut where it is long."""
    return cut(encode(value))


def cut(text: str, most: int = MAX_SHOWN) -> str:
    """The text, or its beginning with a note of how long it is."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
