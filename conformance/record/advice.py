"""What to do about inconclusive results, by their reasons."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from conformance.model import Cause, Outcome, Result
from conformance.record.role import told

ADVICE: Final[Mapping[Cause, tuple[str, str]]] = {
    "setup failed": (
        "What they need first does not work",
        "Fix that; if no failure names it, try one of them alone: it is a fault of the server, or "
        "the machine is too slow.",
    ),
    "no hook": (
        "They need a hook",
        "Give the target file (coda-conformance init writes one) the hooks that the reasons name.",
    ),
    "hook failed": (
        "A hook does not do what it is for",
        "Call the hook yourself, and fix it.",
    ),
    "not stated": (
        "They need to know a value of the server's",
        "State it under parameters in the target file.",
    ),
    "long wait": (
        "They would wait too long",
        "Give the server shorter windows for the test, raise --max-wait, or give the target "
        "file the hook advance_clock.",
    ),
    "too busy": (
        "The machine was too busy to tell",
        "Run them again when it is idle, or with --jobs 4. Longer windows and rates over longer "
        "periods leave a slow machine more time, and a slow server too: some dialogues last ten "
        "seconds if it takes long to let go of a connection.",
    ),
    "rate limited": (
        "The server's rate limit got in the way",
        "Give the server a higher limit for the test, or run them with --jobs 1.",
    ),
    "crowded": (
        "The server had no room for another connection",
        "Give the server more room for the test, or run them with --jobs 4.",
    ),
    "disturbed": (
        "Others caused events in between",
        "Let no other client or source cause events during the run.",
    ),
    "out of time": (
        "They took too long",
        "Raise --timeout-scale if the server is slow by nature.",
    ),
    "target lost": (
        "The server was lost",
        "See why it ended or fell silent; what was in flight is named above.",
    ),
    "not tried": (
        "The run ended before their turn",
        "Run the target again; the report says why it ended early. A slow machine, or server, gets "
        "more time by --timeout-scale.",
    ),
    "out of reach": (
        "The server states a value that is too large to try",
        "Give the server a smaller one for the test; the reasons name the largest.",
    ),
    "not provable": (
        "What came proves nothing",
        "Read the reasons: the server gives no proof, which it need not.",
    ),
    "collateral": (
        "They follow from other failures",
        "Fix those first.",
    ),
}
"""For each reason: what the results have in common, and what to do."""


def advice(cause: Cause, role: str) -> tuple[str, str]:
    """Return what results with a cause have in common, and what to do, for a role of the target."""
    title, what = ADVICE[cause]
    return told(title, role), told(what, role)


class Group(msgspec.Struct, frozen=True):
    """Inconclusive results for one reason: what they have in common, what to do, their ids."""

    title: str
    advice: str
    results: tuple[Result, ...]


def groups(results: Iterable[Result], role: str) -> list[Group]:
    """Return the inconclusive ones of some results by their reasons, the largest group first.

    `role` is that of the target.
    """
    found: dict[Cause, list[Result]] = {}
    for result in results:
        if result.outcome is Outcome.INCONCLUSIVE:
            found.setdefault(result.cause or "not provable", []).append(result)
    rows = [Group(*advice(cause, role), tuple(named)) for cause, named in found.items()]
    return sorted(rows, key=lambda row: (-len(row.results), row.title))
