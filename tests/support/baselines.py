"""Baselines of one entry or a few, as the tests compare runs with them."""

from datetime import date

from msgspec.structs import replace

from conformance.model import Outcome
from conformance.record.baseline import Baseline, Entry
from tests.support.records import REQUIREMENT, SCENARIO, failed, result

TODAY = date(2026, 11, 23)
"""The day on which a run is compared."""

FAILED = failed(REQUIREMENT)
OPEN = result(Outcome.INCONCLUSIVE, reason="it must wait 300 s")


def entry(outcome: str = "failed", *requirements: str, name: str = SCENARIO) -> Entry:
    return Entry(name, outcome, frozenset(requirements or {REQUIREMENT}), "#7: known for long")


def expiring(day: date, outcome: str = "failed") -> Entry:
    return replace(entry(outcome), expires=day)


def baseline(*entries: Entry) -> Baseline:
    return Baseline("a server", {row.id: row for row in entries}, "baseline.yaml")
