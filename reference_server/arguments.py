"""Arguments: checks of what callers pass to the Python functions, with one clear sentence each."""

from __future__ import annotations

import math

__all__ = ["MAX_NAME", "count_of", "name_of", "seconds_of"]

# Code points, as for every identifier in the specification.
MAX_NAME = 128


def seconds_of(name: str, value: float) -> float:
    """Return a time; ``TypeError`` if not a number, ``ValueError`` unless finite and above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if not 0 < value < math.inf:
        raise ValueError(f"{name} must be a finite number of seconds above 0")
    return value


def count_of(name: str, value: int) -> int:
    """Return a bound; ``TypeError`` if not an integer, ``ValueError`` if below 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name} must be 1 or more")
    return value


def name_of(name: str, value: str, *, least: int = 1) -> str:
    """Return a name; ``TypeError`` if not a string, ``ValueError`` if JSON cannot hold it.

    ``ValueError`` also for fewer code points than ``least``, and for more than 128.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    if not least <= len(value) <= MAX_NAME:
        raise ValueError(f"{name} must be a string of {least} to {MAX_NAME} characters")
    # A lone surrogate is not a character, and UTF-8 could not distinguish two of them.
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{name} must not hold half a surrogate pair")
    return value
