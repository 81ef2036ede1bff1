"""Evidence: what was sent, due or received, as reports hold it and as people read it."""

from typing import Final

from msgspec import UNSET

from conformance.json_text import encode
from conformance.model import Evidence
from conformance.record.secrets import Secrets
from conformance.text.excerpts import MAX_SHOWN, cut

LONGEST: Final = 4_000
"""Characters of the longest value that a report holds as a value."""


def safe(evidence: Evidence, secrets: Secrets) -> Evidence:
    """Return the evidence without secrets, and cut if it is long."""
    if evidence.value is UNSET:
        return Evidence(secrets.shown(evidence.says, MAX_SHOWN))
    text = encode(evidence.value)
    if len(text) > LONGEST:
        return Evidence(f"{evidence.says} {secrets.shown(text, MAX_SHOWN)}".lstrip())
    return Evidence(secrets.hide(evidence.says), secrets.hide_in(evidence.value))


def words(evidence: Evidence) -> str:
    """Return the evidence as a person reads it: its words, followed by the value as JSON."""
    if evidence.value is UNSET:
        return evidence.says
    return f"{evidence.says} {cut(encode(evidence.value))}".lstrip()
