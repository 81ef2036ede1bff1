"""JSON laid out for readers: what fits stands on one line."""

import json
from typing import Any, Final

WIDTH: Final = 100


def layout(value: Any, column: int = 0, indent: str = "") -> str:
    """Return a value as JSON text: what fits stands on one line, all else is indented by two."""
    flat = json.dumps(value, ensure_ascii=False)
    nested = isinstance(value, dict | list) and bool(value)
    if not nested or (column and column + len(flat) < WIDTH):
        return flat
    inner = indent + "  "
    if isinstance(value, dict):
        heads = [f"{inner}{json.dumps(key, ensure_ascii=False)}: " for key in value]
        items = value.values()
        opening, closing = "{", "}"
    else:
        heads, items = [inner] * len(value), value
        opening, closing = "[", "]"
    lines = [head + layout(item, len(head), inner) for head, item in zip(heads, items, strict=True)]
    return f"{opening}\n" + ",\n".join(lines) + f"\n{indent}{closing}"
