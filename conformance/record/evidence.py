"""Evidence: what was sent, due or received, as reports hold it and as people read it."""

from msgspec import UNSET

from conformance.json_text import encode
from conformance.model import Evidence
from conformance.record.secrets import Secrets
from conformance.text.excerpts import LONGEST_VALUE, MAX_SHOWN, cut


def safe(evidence: Evidence, secrets: Secrets) -> Evidence:
    """Return the evidence without secrets, and cut if it is long."""
    if evidence.value is UNSET:
        return Evidence(secrets.shown(evidence.says, MAX_SHOWN))
    text = encode(evidence.value)
    if len(text) > LONGEST_VALUE:
        says = secrets.hide(evidence.says)
        return Evidence(f"{says} {secrets.shown(text, MAX_SHOWN)}".lstrip())
    return Evidence(secrets.hide(evidence.says), secrets.hide_in(evidence.value))


def words(evidence: Evidence) -> str:
    """Return the evidence as a person reads it: its words, followed by the value as JSON."""
    if evidence.value is UNSET:
        return evidence.says
    return f"{evidence.says} {cut(encode(evidence.value))}".lstrip()
