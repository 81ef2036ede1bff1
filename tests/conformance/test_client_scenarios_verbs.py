"""Steps of scenarios for clients, played with the Python client in a process of its own."""

import asyncio
from pathlib import Path

import pytest

from conformance.documents import yaml_source
from conformance.engine.run import Options, Run
from conformance.loader.suite import Suite, load, reader_of
from conformance.model import Outcome, Result
from conformance.selftest.faulty_client import target_of


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load("coda_clients")


def played(suite: Suite, folder: Path, text: str, requirement: str = "CLIENT-02") -> Result:
    """Return the result of a scenario with these steps."""
    path = folder / "scenario.yaml"
    head = f"title: A scenario that tries a step\nrequirements: [{requirement}]\n"
    path.write_text(head + text, "utf-8")
    reader = reader_of(suite)
    scenario = reader.checked(yaml_source.load(path), "tried/step")
    reader.check_calls()
    run = Run(suite, target_of(()), [scenario], Options(force=True))
    record = asyncio.run(run.perform())
    return next(row for row in record.results if row.id == scenario.id)


SESSION = """
setup:
  - call: begin
    label: began
  - call: unreplayed-session
"""

HOLDS = {
    "notices count again since a step": """
steps:
  - call: live
    with: {numbers: [42, 43]}
  - expect_notice: {notice: event, seq: 43}
  - expect_notice: {notice: event, seq: 42}
    since: began
  - expect_notice: {notice: state}
    since: began
    schema: {properties: {state: {enum: [connected]}}}
""",
    "notices before a step do not count": """
steps:
  - call: event
  - expect_notice: {notice: event}
  - ping: now
    label: now
  - expect_no_notice: {notice: event}
  - expect_pong: now
    label: later
  - expect_no_notice: {notice: event}
    since: later
""",
    "a connection need not come": """
steps:
  - close: 1008
    label: closed
  - accept: {}
    on: again
    within: {since: closed, seconds: 0.5}
    may_fail: true
  - repeat: $again.came
    steps:
      - expect_pong: never
""",
    "a connection that comes is taken": """
steps:
  - close: 1001
    label: closed
  - accept: {}
    on: again
    within: {since: closed, seconds: 4}
    may_fail: true
  - repeat: $again.came
    steps:
      - call: greet
        on: again
      - expect: {type: auth_response}
        on: again
  - let: {missing: {$fn: sum, values: [1, {$fn: times, value: $again.came, by: -1}]}}
  - repeat: $missing
    steps:
      - expect_pong: never
""",
    "a connection may stay open": """
steps:
  - ping: now
    label: now
  - expect_pong: now
    label: then
  - expect_close: {}
    within: {since: then, seconds: 0.2}
    may_fail: true
  - repeat: $c.ended
    steps:
      - expect_pong: never
  - repeat: $c.stays
    steps:
      - call: event
      - expect_notice: {notice: event, seq: 42}
""",
    "a connection may end": """
steps:
  - command: {command: disconnect}
    label: asked
  - expect_close: {}
    within: {since: asked, seconds: 2}
    may_fail: true
  - repeat: $c.stays
    steps:
      - expect_pong: never
""",
    "only some requests must not come": """
steps:
  - close: 1001
  - expect_no_connection: {seconds: 0.5}
    request: {properties: {path: {const: /elsewhere}}}
""",
    "a client that is not answered gives up": """
steps:
  - close: 1001
    label: closed
  - accept: {silent: true}
    on: again
    within: {since: closed, seconds: 4}
    label: accepted
  - expect_close: {}
    on: again
    within: {since: accepted, seconds: 6}
""",
    "the client is given another address": """
steps:
  - start: {url: "ws://127.0.0.1:{port}/a/path?and=query"}
  - accept: {}
    on: other
    request:
      properties: {path: {const: /a/path}, query: {const: {and: query}}}
""",
    "absence is that of what satisfies a schema": """
steps:
  - command: {command: send, message_type: text_input, message_data: {text: hello}}
  - expect_absent: {type: client_message}
    schema: {properties: {id: {const: no such id}}}
""",
}

FAILS = {
    "a notice that was taken still counts since a step": """
steps:
  - call: event
  - expect_notice: {notice: event}
  - expect_no_notice: {notice: event}
    since: began
""",
    "a notice breaks the schema": """
steps:
  - call: event
  - expect_notice: {notice: event}
    where: {notice: event}
    schema: {properties: {seq: {const: 43}}}
""",
    "a connection that must not come": """
steps:
  - close: 1001
  - expect_no_connection: {seconds: 4}
    request: {properties: {path: {const: /}}}
""",
    "a message that must not come": """
steps:
  - command: {command: send, message_type: text_input, message_data: {text: hello}, id: m-1}
  - expect_absent: {type: client_message}
    schema: {properties: {id: {const: m-1}}}
""",
}


@pytest.mark.parametrize("name", HOLDS)
def test_a_step_holds(name: str, suite: Suite, tmp_path: Path) -> None:
    result = played(suite, tmp_path, SESSION + HOLDS[name])
    assert result.outcome is Outcome.PASSED, result.reason


@pytest.mark.parametrize("name", FAILS)
def test_a_step_fails(name: str, suite: Suite, tmp_path: Path) -> None:
    result = played(suite, tmp_path, SESSION + FAILS[name])
    assert result.outcome is Outcome.FAILED, result.reason


def test_a_procedure_without_a_claim_is_for_all_who_claim_nothing(suite: Suite) -> None:
    run = Run(suite, target_of(()), [], Options())
    assert run.world.procedure("begin").name == "begin-without-token"
    run.world.claims = frozenset({"hmac_sha256"})
    assert run.world.procedure("begin").name == "begin-with-token"
