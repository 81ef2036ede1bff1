"""Durations as options give them: numbers of seconds."""

import re
from argparse import ArgumentTypeError


def seconds(text: str) -> float:
    """Return a number above 0 and below a million."""
    is_number = re.fullmatch(r"[0-9]*\.?[0-9]+(e[-+]?[0-9]+)?", text, re.IGNORECASE)
    value = float(text) if is_number else 0.0
    if not 0 < value < 1e6:
        raise ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return value
