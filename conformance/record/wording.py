"""Transcript entries in words, as all reports for people show them."""

from typing import Final

from conformance.model import Direction, Kind, TranscriptEntry

ARROWS: Final[dict[Direction, str]] = {"sent": "→", "received": "←", "noted": "·"}
OTHERS: Final = "other clients' events"

# A cut text may end anywhere; a line has to remain one line.
_LINE_BREAKS: Final = {
    ord(c): f"\\u{ord(c):04x}" for c in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
} | {
    10: "\\n",
    13: "\\r",
}


def words(kind: Kind, text: str, code: int | None = None, how: str = "", others: int = 0) -> str:
    """Return an entry in words; a text message is its text."""
    match kind:
        case "ping" | "pong":
            return f"{kind} {text or '(empty)'}"
        case "binary":
            return f"binary message {text}"
        case "close":
            return f"close {'(empty)' if code is None else code} {text}".rstrip()
        case "end":
            return f"end: {how}, close code {code} {text}".rstrip()
        case "handshake":
            return text if code is None else f"HTTP {code} {text}".rstrip()
        case "reset":
            return "TCP reset"
        case "hook":
            return f"hook {text}"
        case "others":
            return f"({others} {OTHERS})"
    return text


def line(entry: TranscriptEntry) -> str:
    """Return an entry on one line: ordinal, milliseconds, connection, direction, content."""
    said = words(entry.kind, entry.text, entry.code, entry.how, entry.others)
    cut = f"… ({entry.size} characters)" if entry.is_cut else ""
    where = f"{entry.connection} " if entry.connection else ""
    arrow = ARROWS[entry.direction]
    start = f"{entry.ordinal:4} {entry.seconds * 1000:9.1f} ms  {where}{arrow}"
    return f"{start} {said.translate(_LINE_BREAKS)}{cut}"
