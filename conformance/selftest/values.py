"""Changes values in the text that a faulty server relays, and keeps the rest as it was spelled."""

import json
from collections.abc import Callable
from typing import Any

from msgspec import Raw

Change = Callable[[Any], Any]
"""Returns a value changed, or as it is."""


def altered(text: Raw, change: Change) -> Raw:
    """Return JSON text with all its values changed, the inner ones first; as it is if none is."""
    before = json.loads(bytes(text))
    after = _altered(before, change)
    if json.dumps(before) == json.dumps(after):
        return text
    return Raw(json.dumps(after, ensure_ascii=False).encode())


def _altered(value: Any, change: Change) -> Any:
    if isinstance(value, dict):
        value = {name: _altered(item, change) for name, item in value.items()}
    elif isinstance(value, list):
        value = [_altered(item, change) for item in value]
    return change(value)
