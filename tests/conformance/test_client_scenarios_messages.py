"""What scenarios send to clients: messages that a server may send, but where they mean otherwise.

Messages without variables are judged as they are written, all others as they were sent to the
Python client.
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from conformance.engine.run import Options, Run
from conformance.loader.monitor import Monitor
from conformance.loader.suite import Suite, load
from conformance.model import Evidence, Failure, Outcome, Scenario, Step
from conformance.selftest.faulty_client import target_of
from conformance.transport import Connection, End

MEANT = {
    "another version of the protocol": {
        "connecting-again/not-after-another-version",
        "joining/a-major-version-that-begins-with-1",
        "joining/another-major-version",
        "joining/versions-with-the-same-major-number",
        "state/version-is-told",
    },
    "codes that a later version may add": {
        "access/keeps-what-it-has-after-an-error",
        "connecting-again/not-with-a-refused-token",
        "joining/closes-after-an-unknown-failure",
        "sending/no-repetition-of-what-was-refused",
        "sending/refusals-are-told",
    },
    "messages that no client can use": {
        "numbers/broken-events-count",
        "listening/carries-on-at-once",
        "listening/carries-on-later",
        "listening/keeps-the-connection",
    },
}
"""Scenarios that mean to send what breaks a schema, by their reason; those in hostile/ do, too."""

EXCUSED = {name for names in MEANT.values() for name in names}
USELESS = "useless-messages"
"""The procedure for what no client can use."""


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load("coda_clients")


def schema_of(suite: Suite, value: Any) -> str | None:
    """The name of a message's schema; None if its type is one that a client does not know."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return "server_to_client"
    name: str = value["type"]
    if "version" in value and "seq" in value:
        return f"events/{name}" if f"events/{name}" in suite.schemas else "event"
    return name if name in suite.schemas else None


def fault_in(suite: Suite, value: Any) -> str:
    """What is wrong with a message; nothing if it keeps its schema."""
    name = schema_of(suite, value)
    if name is None or suite.schemas.is_valid(name, value):
        return ""
    fault = suite.schemas.explain(name, value)[0]
    return f"{name}{fault.pointer}: {fault.message}"


def is_computed(value: Any) -> bool:
    """Whether variables or functions make a part of it."""
    if isinstance(value, dict):
        return "$fn" in value or any(map(is_computed, value.values()))
    if isinstance(value, list):
        return any(map(is_computed, value))
    return isinstance(value, str) and "$" in value


def all_of(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps with those in them."""
    for step in steps:
        yield step
        for branch in step.nested:
            yield from all_of(branch)


def messages(step: Step) -> list[Any]:
    """The JSON messages that a step sends, as they are written."""
    if step.verb == "send":
        return [step.argument]
    if step.verb == "accept":
        return list(step.argument.get("with", ()))
    return []


def steps_of(scenario: Scenario) -> list[Step]:
    """All steps of a scenario, but for those of the procedures that it calls."""
    return list(all_of((*scenario.setup, *scenario.steps)))


def is_hostile(scenario: Scenario) -> bool:
    return scenario.id.startswith("hostile/")


def composes(scenario: Scenario) -> bool:
    """Whether it sends what is to be judged by what was sent."""
    return any(
        step.verb == "send_raw"
        or (step.verb == "call" and "with" in step.modifiers)
        or any(map(is_computed, messages(step)))
        for step in steps_of(scenario)
    )


def test_messages_keep_their_schemas_as_they_are_written(suite: Suite) -> None:
    places = {row.id: steps_of(row) for row in suite.scenarios.values() if not is_hostile(row)} | {
        row.name: list(all_of(row.steps)) for row in suite.procedures.values()
    }
    written = [
        (name, str(step.location), message)
        for name, steps in places.items()
        for step in steps
        for message in messages(step)
        if not is_computed(message)
    ]
    assert len(written) > 20
    wrong = [
        f"{place}: {fault}"
        for name, place, message in written
        if name not in {*EXCUSED, USELESS} and (fault := fault_in(suite, message))
    ]
    assert wrong == []


class Sent(Monitor, kw_only=True):
    """Keeps what breaks its schema until the connection ends, and says in which scenario."""

    suite: Suite
    left: list[str] = msgspec.field(default_factory=list)

    def sent(self, connection: Connection, value: Any, text: str) -> None:
        """Judges every message."""
        self.observed += 1
        if fault := fault_in(self.suite, value):
            self.left.append(fault)
            self.noted.setdefault(connection, []).append(fault)

    def ended(self, connection: Connection, end: End) -> Failure | None:
        """Tells of the messages that were wrong."""
        faults = self.noted.pop(connection, [])
        for fault in faults:
            self.left.remove(fault)
        return (
            Failure("; ".join(faults), expected=Evidence(), received=Evidence()) if faults else None
        )

    @property
    def keeps_evidence(self) -> bool:
        return True


def test_messages_keep_their_schemas_as_they_are_sent(suite: Suite) -> None:
    watch = Sent(name="sent", requirement="CLIENT-02", title="What is sent", suite=suite)
    watched = replace(suite, make_monitors=lambda suite: [watch])
    scenarios = [
        row
        for row in suite.scenarios.values()
        if not is_hostile(row) and (composes(row) or row.id in EXCUSED)
    ]
    run = Run(watched, target_of(()), scenarios, Options(force=True, max_wait=120))
    record = asyncio.run(run.perform())
    played = [row for row in record.results if row.id in suite.scenarios]
    assert len(played) == len(scenarios)
    open_ = {row.id for row in played if row.outcome is Outcome.INCONCLUSIVE}  # too busy to tell
    assert watch.left == []
    assert len(open_) < len(played) / 20
    assert watch.observed > 500
    found = {violation.scenario: violation.failure.summary for violation in watch.violations}
    assert {name: fault for name, fault in found.items() if name not in EXCUSED} == {}
    assert EXCUSED - found.keys() - open_ == set()  # none is excused that need not be
