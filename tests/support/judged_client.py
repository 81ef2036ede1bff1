"""What the kit has to find in a client that keeps everything, however busy the machine is."""

import json
from collections.abc import Collection
from pathlib import Path

from conformance.documents.locations import OF_CLIENTS
from conformance.loader.suite import load


def sample(one_in: int) -> list[str]:
    """The ids of one scenario for clients in so many; `.ci/full` runs all of them."""
    return sorted(load(OF_CLIENTS).scenarios)[::one_in]


AT_MOST_OPEN = 20
"""One result, or one in so many, may be inconclusive: this machine was too busy to tell."""


def assert_conformant(report: Path, unseen: Collection[str] = ()) -> None:
    """No result of a JSON report blames the client, and nearly all were judged.

    A client may be warned of what is ``unseen`` where it runs.
    """
    results = json.loads(report.read_bytes())["results"]
    outcomes = {row["id"]: (row["outcome"], row.get("reason", "")) for row in results}
    judged = {name for name, (outcome, _) in outcomes.items() if outcome == "passed"}
    beside = {name: why for name, why in outcomes.items() if name not in judged}
    wrong = {name: why for name, why in beside.items()
             if why[0] not in ("inconclusive", "not applicable")
             and not (why[0] == "warned" and name in unseen)}  # fmt: skip
    assert wrong == {}
    left = {name: why for name, why in beside.items() if why[0] == "inconclusive"}
    assert len(left) <= max(1, len(judged) / AT_MOST_OPEN), left
