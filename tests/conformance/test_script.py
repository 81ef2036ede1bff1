"""A mistake in a scenario is told with its place, what was found, and what was meant."""

from typing import Any

import pytest

from conformance.documents import yaml_source
from conformance.engine.steps import VERBS as PERFORMED
from conformance.errors import InputError
from conformance.loader.functions import FUNCTIONS
from conformance.loader.script import OF_ROLE, ScriptReader
from conformance.loader.suite import Suite
from conformance.model import Scenario

HEAD = """\
title: A server does what it should do
requirements: [DEDUP-01]
"""


def read(suite: Suite, text: str) -> Scenario:
    reader = ScriptReader(suite.schemas, suite.requirements, FUNCTIONS)
    reader.procedures = {name: row.parameters for name, row in suite.procedures.items()}
    found = reader.checked(yaml_source.parse(text, "s.yaml"), "area/name")
    reader.check_calls()
    return found


def refusal(suite: Suite, text: str) -> str:
    with pytest.raises(InputError) as caught:
        read(suite, text)
    return str(caught.value)


def test_a_scenario_is_read_with_its_steps_and_their_places(suite: Suite) -> None:
    found = read(suite, HEAD + "steps:\n  - call: session\n  - send: {a: 1}\n    label: sent\n")
    assert (found.id, found.requirements, found.profile) == ("area/name", ("DEDUP-01",), "core")
    assert [(step.verb, str(step.location)) for step in found.steps] == [
        ("call", "s.yaml:4:5"),
        ("send", "s.yaml:5:5"),
    ]
    assert found.steps[1].label == "sent"


def test_nested_steps_know_their_places(suite: Suite) -> None:
    text = HEAD + "steps:\n  - together:\n      - - drop: true\n      - - ping: x\n"
    (step,) = read(suite, text).steps
    assert [str(branch[0].location) for branch in step.nested] == ["s.yaml:5:11", "s.yaml:6:11"]


@pytest.mark.parametrize("role", OF_ROLE)
def test_every_verb_that_can_be_written_can_be_performed(suite: Suite, role: str) -> None:
    known = ScriptReader(suite.schemas, suite.requirements, FUNCTIONS, role).verbs
    assert set(known) == set(PERFORMED[role])
    assert set(known) >= set(OF_ROLE[role])


@pytest.mark.parametrize("step", ["start: {}", "accept: {}", "command: {command: send}"])
def test_a_scenario_for_servers_has_no_verb_for_clients(suite: Suite, step: str) -> None:
    verb = step.partition(":")[0]
    assert f'"{verb}" is not a step' in refusal(suite, f"{HEAD}steps:\n  - {step}\n")


@pytest.mark.parametrize(
    ("steps", "told"),
    [("  - expct: {}", '4:5: "expct" is not a step, did you mean "expect"?; expected one of'),
     ("  - zzzz: {}", '4:5: "zzzz" is not a step; expected one of connect, call,'),
     ("  - expect: {}\n    wher: {}", '5:5: "wher" is not known here, did you mean "where"?'),
     ("  - send: {}\n    expect: {}", "4:5: a step has one verb, not several: send, expect"),
     ("  - {}", '4:5: "" is not a step'),
     ("  - send", "4:5: expected a step, a mapping with one verb"),
     ("  - [send]", "4:5: expected a step, a mapping with one verb"),
     ("  - call: sesion", '4:5: there is no procedure "sesion", did you mean "session"?'),
     ("  - call: alive\n    with: {mor: {}}",
      '5:12: the procedure alive has no parameter "mor"; it takes none'),
     ("  - call: rejoin\n    with: {last_sq: 0}",
      '5:12: the procedure rejoin has no parameter "last_sq", did you mean "last_seq"?'),
     ("  - ping: x\n    requirement: DEDUP-01", '5:5: "requirement" is not known here'),
     ("  - expect: {}\n    requirement: DEDUP-99",
      '5:5: there is no requirement "DEDUP-99", did you mean "DEDUP-'),
     ("  - send: {a: {$fn: nestd, depth: 2}}",
      '4:16: there is no function "nestd", did you mean "nested"?'),
     ("  - send: {a: [{$fn: zzz}]}", '4:17: there is no function "zzz"'),
     ("  - send: {a: {$fn: [hex]}}", "4:16: "),
     ("  - expect: 5", "4:5: expect: expected a mapping, not 5"),
     ("  - expect: {}\n    patience: 50", "5:5: patience: 50 is greater than the maximum of 20"),
     ("  - expect: {}\n    save: {a: b}", "5:12: a: 'b' does not match"),
     ("  - drop: yes", "4:5: drop: True was expected"),
     ("  - close: 99", "4:5: close: 99 is less than the minimum of 1000"),
     ("  - wait: 5", "4:5: steps: 'since' is a required property"),
     ("  - send_raw: {frames: [{opcode: 1, tex: a}]}",
      '4:37: "tex" is not known here, did you mean "text"?'),
     ("  - send_raw: {}", "4:5: "),
     ("  - send_raw: {binary: xyz}", "4:16: "),
     ("  - repeat: 3\n    steps:\n      - sned: {}",
      '6:9: "sned" is not a step, did you mean "send"?'),
     ("  - together:\n    - - ping: x\n    - - pign: y",
      '6:9: "pign" is not a step, did you mean "ping"'),
     ("  - connect: {subprotocol: [x]}",
      '4:15: "subprotocol" is not known here, did you mean "sub')],
)  # fmt: skip
def test_a_mistake_in_a_step_is_told_with_its_place(suite: Suite, steps: str, told: str) -> None:
    assert refusal(suite, f"{HEAD}steps:\n{steps}\n").startswith(f"s.yaml:{told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [("title: A server does it\nrequirements: [DEDUP-1]\nsteps: [{drop: true}]",
      "s.yaml:2:16: requirements: 'DEDUP-1' does not match"),
     ("title: A server does it\nrequirements: [DEDUP-01, DEDUP-91]\nsteps: [{drop: true}]",
      's.yaml:2:26: there is no requirement "DEDUP-91", did you mean "DEDUP-'),
     ("title: A server does it\nrequirements: [DEDUP-01]", "s.yaml:1:1: 'steps' is a required"),
     ("title: A server does it\nrequirements: []\nsteps: [{drop: true}]",
      "s.yaml:2:1: requirements: [] "),
     (HEAD + "steps: [{drop: true}]\nisolaton: exclusive",
      's.yaml:4:1: "isolaton" is not known here, did you mean "isolation"?; expected: title,'),
     (HEAD + "steps: [{drop: true}]\nisolation: exclusiv",
      "s.yaml:4:1: isolation: 'exclusiv' is not one of ['shared', 'paced'"),
     (HEAD + "steps: {drop: true}", "s.yaml:3:1: steps: expected a list, not a mapping"),
     ("- a list", "s.yaml:1:1: expected a mapping, not a list"),
     ("text", "s.yaml:1:1: expected a mapping, not the text \"text\"")],
)  # fmt: skip
def test_a_mistake_in_the_head_is_told_with_its_place(suite: Suite, text: str, told: str) -> None:
    assert refusal(suite, text).startswith(told)


def test_a_function_within_setup_is_checked_too(suite: Suite) -> None:
    text = HEAD + "setup:\n  - let: {a: {$fn: nope}}\nsteps: [{drop: true}]\n"
    assert refusal(suite, text).startswith('s.yaml:4:15: there is no function "nope"')


def test_a_procedure_is_checked_like_a_scenario(suite: Suite) -> None:
    reader = ScriptReader(suite.schemas, suite.requirements, FUNCTIONS)
    source = yaml_source.parse("title: Does what it says\nsteps:\n  - pingg: x\n", "p/x.yaml")
    with pytest.raises(InputError, match=r'p/x\.yaml:3:5: "pingg" is not a step, did'):
        reader.procedure(source)


def test_a_procedure_is_named_as_its_file(suite: Suite) -> None:
    reader = ScriptReader(suite.schemas, suite.requirements, FUNCTIONS)
    text = "title: Does what it says\nparameters: {a: 1}\nsteps:\n  - ping: x\n"
    found = reader.procedure(yaml_source.parse(text, "p/say-it.yaml"))
    assert (found.name, found.parameters) == ("say-it", {"a": 1})


def test_a_long_mistaken_value_does_not_flood_the_message(suite: Suite) -> None:
    steps: Any = f"  - expect: {{}}\n    where: {'x' * 5000}\n"
    assert len(refusal(suite, f"{HEAD}steps:\n{steps}")) < 1000


def test_the_steps_of_a_scenario_are_counted_as_often_as_they_are_repeated(suite: Suite) -> None:
    rows = "  - repeat: 3\n    steps: [{ping: a}, {expect_pong: a}]\n"
    text = f"{HEAD}setup:\n  - call: session\nsteps:\n{rows}  - repeat: $violation_limit\n"
    assert read(suite, f"{text}    steps: [{{ping: a}}]\n").bulk == 1 + 7 + 2
