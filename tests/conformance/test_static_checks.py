"""What `check` knows of scenarios before any is played."""

from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.loader.contents import read
from conformance.loader.functions import FUNCTIONS
from conformance.loader.static_checks import Checks
from tests.support.kit import call
from tests.support.suites import written

SUITE = {
    "suite.yaml": "title: Echo\nversion: '1'\nprofiles: {core: {required: true, title: All}}\n"
    "discovery: [greet]\nparameters: {pause: {stated: /hello/pause}}\n",
    "requirements.yaml": "version: '1'\nrequirements:\n  - {id: ECHO-01, level: MUST, role: server,"
    " profile: core, sentence: A server MUST say hello to all.}\n",
    "procedures/greet.yaml": "title: Is greeted\nparameters: {name: x}\nsteps:\n  - connect: {}\n"
    "  - {expect: {type: hello}, save: {hello: '', place?: /at}, label: greeted}\n",
}
HEAD = "title: A server says hello\nrequirements: [ECHO-01]\n"
RIGHT = [
    "setup: [{call: greet}]\nsteps: [{send: {a: $hello, b: $place, c: '${name}', d: $pause}}]\n",
    "steps: [{call: greet, label: all}, {wait: 1, since: all}, {wait: 1, since: greeted}]\n",
    "steps: [{repeat: [1, 2], steps: [{send: {i: $i, of: $item}}]}, {let: {x: 1}}, {send: [$x]}]\n",
    "steps: [{call: greet}, {expect: {}, schema: {maximum: $pause, enum: {$fn: count, of: a}}}]\n",
    "needs: [pause]\nwaits: $pause\nsteps: [{repeat: $pause, steps: [{call: greet}]}]\n",
]
WRONG = [
    (
        "steps: [{send: {a: $helo}}]\n",
        "3:9: the variable $helo is never set, did you",
    ),
    ("steps: [{send: {a: '${mark} x'}}]\n", "the variable $mark is never set"),
    ("steps: [{expect: {}, containing: $c.helo}]\n", "the variable $c.helo is never set"),
    (
        "steps: [{call: greet}, {wait: 1, since: greted}]\n",
        'no step has the label "greted"',
    ),
    ("steps: [{expect: {}, schema: {type: strng}}]\n", "the schema is no JSON Schema at /type: "),
    (
        "steps: [{expect: {}, schema: {pattern: '('}}]\n",
        'the schema cannot be used: "(" is not',
    ),
    (
        "steps: [{expect: {}, schema: {minLength: -1}}]\n",
        "the schema is no JSON Schema at /m",
    ),
    ("steps: [{expect: {}, schema: {requird: [a]}}]\n", '"requird", did you mean "required"?'),
    ("steps: [{expect: {}, schema: {properties: {a: {tipe: x}}}}]\n", 'did you mean "type"?'),
    (
        "steps: [{expect: {}, schema: {$ref: nope.json}}]\n",
        "the schema refers to what there is not: ",
    ),
    (
        "steps: [{expect_close: {code: 1000, reason: {type: 7}}}]\n",
        "the schema is no JSON Schema",
    ),
    ("steps: [{send: {a: {$fn: times, value: 1}}}]\n", "the function times needs by"),
    (
        "steps: [{send: {a: {$fn: times, value: 1, bi: 2, by: 1}}}]\n",
        "does not take bi; it takes value, by",
    ),
    (
        "steps: [{repeat: many, steps: [{call: greet}]}]\n",
        "repeat: expected a number, a list",
    ),
    (
        "steps: [{repeat: -1, steps: [{call: greet}]}]\n",
        "repeat: expected a number, a list",
    ),
    ("waits: soon\nsteps: [{call: greet}]\n", "waits: expected seconds, a variable or a function"),
    ("waits: -3\nsteps: [{call: greet}]\n", "waits: expected seconds, a variable or a function"),
    ("waits: $foo\nsteps: [{call: greet}]\n", "waits: the variable $foo is never set"),
    (
        "needs: [pauze]\nsteps: [{call: greet}]\n",
        'there is no parameter "pauze", did',
    ),
]


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_is_let_be(tmp_path: Path, text: str) -> None:
    written(tmp_path, {**SUITE, "scenarios/a/b.yaml": HEAD + text})
    done = call("check", str(tmp_path))
    assert (done.status, done.errors) == (0, "")


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_what_can_be_known_to_be_wrong_is_told_with_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    written(tmp_path, {**SUITE, "scenarios/a/b.yaml": HEAD + text})
    done = call("check", str(tmp_path))
    assert done.status == 2
    assert done.complaint.startswith(f"coda-conformance: {tmp_path}/scenarios/a/b.yaml:")
    assert told in done.complaint


@pytest.mark.parametrize("other", ["x", "y"])
def test_a_procedure_that_calls_itself_is_told(tmp_path: Path, other: str) -> None:
    steps = "title: Goes round\nsteps: [{call: %s}]\n"
    files = {"procedures/x.yaml": steps % other, "procedures/y.yaml": steps % "x"}
    written(tmp_path, {**SUITE, **files, "scenarios/a/b.yaml": HEAD + "steps: [{call: greet}]\n"})
    done = call("check", str(tmp_path))
    assert done.status == 2
    assert "procedures/x.yaml:2:9: the procedure x calls itself, or what calls it" in done.complaint


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("name: x}", "nam: x}", "the variable $name is never set"),
        ("label: greeted", "label: met", 'no step has the label "greeted"'),
    ],
)
def test_names_in_procedures_are_checked_as_well(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    text = SUITE["procedures/greet.yaml"].replace(old, new)
    text += "  - {send: {a: $name}}\n  - {wait: 1, since: greeted}\n"
    scenario = {"scenarios/a/b.yaml": HEAD + "steps: [{call: greet}]\n"}
    written(tmp_path, {**SUITE, "procedures/greet.yaml": text, **scenario})
    done = call("check", str(tmp_path))
    assert done.status == 2
    assert told in done.complaint


def test_many_procedures_are_checked_at_once(tmp_path: Path) -> None:
    twice = "title: It goes on\nsteps: [{call: p%d}, {call: p%d}]\n"
    chain = {f"procedures/p{n}.yaml": twice % (n + 1, n + 1) for n in range(500)}
    files = {
        **SUITE,
        **chain,
        "procedures/p500.yaml": "title: It ends here\nsteps: [{connect: {}}]\n",
    }
    written(tmp_path, {**files, "scenarios/a/b.yaml": HEAD + "steps: [{call: p450}]\n"})
    done = call("check", str(tmp_path))
    assert (done.status, done.errors) == (0, "")


@pytest.mark.parametrize(
    "schema",
    [
        "{const: {$ref: nowhere}}",
        "{$ref: 'https://json-schema.org/draft/2020-12/schema'}",
        "{pattern: '^\\p{L}+$'}",
        "{$defs: {e: {$id: 'https://x.test/e', $ref: '#/$defs/i', $defs: {i: {}}}}}",
        "{properties: {a: {$fn: merged, values: [{a: 1}]}}}",
    ],
)
def test_schemas_that_are_right_and_odd_are_let_be(tmp_path: Path, schema: str) -> None:
    step = f"steps: [{{expect: {{}}, schema: {schema}}}]\n"
    written(tmp_path, {**SUITE, "scenarios/a/b.yaml": HEAD + step})
    done = call("check", str(tmp_path))
    assert (done.status, done.errors) == (0, "")


@pytest.mark.parametrize("name", locations.SUITES)
def test_the_kits_own_suites_have_no_such_mistake(name: str) -> None:
    parts = read(locations.home_of(name), trusted=True)
    contents, functions = parts.contents, {**FUNCTIONS, **parts.code.functions}
    checks = Checks(contents.header, contents.procedures, functions, parts.schemas)
    checks.learn(contents.scenarios.values())
    for procedure in contents.procedures.values():
        checks.procedure(procedure)
    for scenario in contents.scenarios.values():
        checks.scenario(scenario)
