"""The faulty and the legal clients: every change can be made, and what is faulty is caught."""

import pytest

from conformance.loader.suite import Suite, load
from conformance.selftest import fault, judging, legal
from conformance.selftest.fault import Fault
from conformance.selftest.scope import Scope, scenarios_for
from conformance.selftest.subject import CLIENT


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load("coda_clients")


@pytest.fixture(scope="module")
def faults(suite: Suite) -> dict[str, Fault]:
    return fault.load(suite.schemas, suite.requirements, subject=CLIENT)


def test_there_are_many(suite: Suite, faults: dict[str, Fault]) -> None:
    assert len(faults) >= 280
    assert len(legal.load(suite.schemas, subject=CLIENT)) >= 40


def test_each_requirement_has_a_fault_and_a_scenario(
    suite: Suite, faults: dict[str, Fault]
) -> None:
    broken = {row.requirement for row in faults.values()}
    tried = {name for row in suite.scenarios.values() for name in row.requirements}
    asked = {name for name in suite.requirements if name.startswith("CLIENT-")}
    assert len(asked) >= 85
    assert not asked - broken
    assert not asked - tried


@pytest.mark.parametrize(
    "name",
    [
        "knows-version-1-0-only",
        "proof-in-upper-case",
        "prints-its-token",
        "repeats-under-a-new-id",
        "two-handlers-after-a-session",
        "stays-with-its-old-token",
        "asks-by-heartbeat-only",
    ],
)
def test_a_faulty_client_is_caught_and_nothing_else_is_blamed(
    name: str, faults: dict[str, Fault]
) -> None:
    row = faults[name]
    run = judging.judged(row, Scope.REQUIREMENT)
    assert run.caught, run
    blamed = {requirement for kill in run.kills for requirement in kill.blamed}
    assert blamed <= {row.requirement, *row.also}


def test_scenarios_judge_the_fault_of_their_requirement(
    suite: Suite, faults: dict[str, Fault]
) -> None:
    found = scenarios_for(faults["follows-redirects"], suite.scenarios.values(), Scope.REQUIREMENT)
    assert {row.id for row in found} >= {
        "joining/redirect-to-another-address",
        "joining/redirect-to-another-path",
    }
