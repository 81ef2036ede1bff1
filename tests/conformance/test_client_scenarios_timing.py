"""Steps that time what a client does, and functions for what was measured."""

import asyncio
from pathlib import Path

import pytest

from conformance.engine.run import Options, Run
from conformance.loader.suite import Suite, load
from conformance.model import Outcome
from conformance.selftest.faulty_client import target_of
from conformance.selftest.variant import Change
from conformance.suites.coda_clients import reply
from conformance.suites.coda_clients.functions import answering, most_alike, most_together, own_id
from tests.conformance import test_client_scenarios_verbs as verbs
from tests.conformance.test_client_scenarios_verbs import SESSION, played

SAY = """
  - command: {command: send, message_type: $marker, message_data: {}, id: m-1}
    label: asked
"""

HOLDS = {
    "a message comes in time": f"""
steps:{SAY}
  - expect: {{type: client_message}}
    not_before: {{since: asked, seconds: 0}}
    within: {{since: asked, seconds: 2}}
""",
    "a wait is measured from the close frame to the connection": """
steps:
  - close: 1001
    label: closed
  - accept: {}
    on: again
    timed: {since: closed, into: waits}
  - close: 1001
    on: again
    label: closed
  - accept: {}
    on: later
    timed: {since: closed, into: waits}
  - expect_value: $waits
    schema: {minItems: 2, maxItems: 2, items: {minimum: 0.04}}
""",
    "a client is not there in time, but was not taken late": """
steps:
  - close: 1001
    label: closed
  - wait: 3
    since: closed
  - accept: {}
    on: again
    within: {since: closed, seconds: 4}
    timed: {since: closed, into: waits}
  - expect_value: $waits
    schema: {items: {maximum: 2.9}}
    note: It waited in the kit.
""",
    "the kit answers pings": """
steps:
  - expect_question: {}
    label: asked
  - wait: 1.2
    since: asked
  - ping: there
  - expect_pong: there
""",
    "a refused connection is timed from its arrival": """
steps:
  - close: 1001
  - accept: {status: 503}
    on: refused
    label: refused
  - accept: {}
    on: again
    not_before: {since: refused, seconds: 0.09}
""",
    "TCP ends after both close frames": """
steps:
  - close: 1001
    label: closed
  - expect_close: {code: 1001, tcp: true}
""",
}

FAILS = {
    "a message comes too early": f"""
steps:{SAY}
  - expect: {{type: client_message}}
    not_before: {{since: asked, seconds: 5}}
""",
    "a message does not come in time": f"""
steps:{SAY}
  - expect: {{type: client_message, id: m-2}}
    where: {{id: m-2}}
    within: {{since: asked, seconds: 0.5}}
""",
    "a value breaks its schema": """
steps:
  - expect_value: {$fn: most_alike, values: [1, 2, 2, 3], width: 1}
    schema: {maximum: 2}
""",
    "a connection comes too early although it was taken late": """
steps:
  - close: 1001
    label: closed
  - wait: 0.6
    since: closed
  - accept: {}
    on: again
    not_before: {since: closed, seconds: 0.5}
""",
    "nobody asks in time": """
steps:
  - ping: now
    label: now
  - expect_question: {}
    within: {since: now, seconds: 0.2}
""",
    "a client that ends with a status did not end well": """
steps:
  - start: {url: "no address"}
  - accept: {}
    on: again
    may_end: true
""",
}


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load("coda_clients")


def test_patience_with_a_slow_client_asks_no_longer_wait_of_it(suite: Suite) -> None:
    scenario = suite.scenarios["connecting-again/one-attempt"]
    options = Options(force=True, timeout_scale=2)
    record = asyncio.run(Run(suite, target_of(()), [scenario], options).perform())
    result = next(row for row in record.results if row.id == scenario.id)
    assert result.outcome is Outcome.PASSED, result.reason


@pytest.mark.parametrize("name", HOLDS)
def test_a_step_holds(name: str, suite: Suite, tmp_path: Path) -> None:
    result = played(suite, tmp_path, SESSION + HOLDS[name])
    assert result.outcome is Outcome.PASSED, result.reason


@pytest.mark.parametrize("name", FAILS)
def test_a_step_fails(name: str, suite: Suite, tmp_path: Path) -> None:
    result = played(suite, tmp_path, SESSION + FAILS[name])
    assert result.outcome is Outcome.FAILED, result.reason


@pytest.mark.parametrize(("status", "outcome"), [(0, Outcome.INCONCLUSIVE), (1, Outcome.FAILED)])
def test_a_client_that_ended_well_is_not_blamed(
    status: int,
    outcome: Outcome,
    suite: Suite,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ends = Change("connection", "return _end(closed)", f"raise SystemExit({status}) from None")
    monkeypatch.setattr(verbs, "target_of", lambda changes: target_of((ends,)))
    steps = """
steps:
  - close: 1001
  - accept: {}
    on: again
    may_end: true
"""
    result = played(suite, tmp_path, SESSION + steps)
    assert result.outcome is outcome, result.reason
    assert f"ended with status {status}" in str(result.failures or result.reason)


def test_a_dead_server_answers_no_pings(suite: Suite, tmp_path: Path) -> None:
    steps = """
setup:
  - call: silent-session
steps:
  - expect_question: {}
    label: asked
  - expect_close: {code: 1006}
    within: {since: asked, seconds: 2}
"""
    result = played(suite, tmp_path, steps)
    assert result.outcome is Outcome.PASSED, result.reason


def test_numbers_are_counted_by_their_part_of_the_range() -> None:
    assert most_together([0.4, 0.41, 0.419, 0.43, 0.6], 0.4, 0.02) == 3
    assert most_alike([0.5, 0.25, 0.3, 0.55, 0.27], 0.06) == 3


def test_an_answer_names_the_message_if_it_has_an_id() -> None:
    assert answering({"type": "token_refresh", "id": "r-1"}) == {"request_id": "r-1"}
    assert answering({"type": "token_refresh"}) == {}
    assert (own_id({"id": "r-1"}), own_id({})) == ("r-1", None)


def test_the_kit_answers_questions_and_nothing_else() -> None:
    assert reply({"type": "ping", "id": "p"}) == {"type": "pong", "request_id": "p", "data": {}}
    assert reply({"type": "are_you_there"})["data"]["code"] == "unknown_type"
    served = ("auth_response", "client_message", "token_refresh", "token_revoke")
    assert [reply({"type": kind}) for kind in served] == [None] * 4
    assert reply("no message") is None
