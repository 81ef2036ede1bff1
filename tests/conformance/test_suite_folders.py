"""Suites in folders of their own: for another protocol, or for more messages of Coda Lite."""

import sys
from pathlib import Path

import pytest

from conformance.errors import InputError
from conformance.loader.suite import load
from tests.support.kit import call, server
from tests.support.suites import written

HEADER = """\
title: Echo protocol
version: "1.0"
profiles:
  core: {required: true, title: What every server does}
  loud: {claim: loud, title: Speaks up}
discovery: [greet]
claims: [/hello/offers]
parameters: {pause: {stated: /hello/pause, default: 1}}
hooks: {poke: {seen: nothing moves}}
barrier: {messages: [{type: echo, data: $barrier}], let_in: {type: hello}, answers: [echoed]}
"""
REQUIREMENTS = """\
version: "1.0"
requirements:
  - {id: ECHO-01, level: MUST, role: server, profile: core, sentence: A server MUST say hello.}
  - {id: ECHO-02, level: MUST, role: server, profile: loud, sentence: A server MUST echo loudly.}
"""
GREET = """\
title: Opens a connection and is greeted
steps:
  - connect: {}
  - {expect: {type: hello}, save: {hello: ""}}
"""
OPENS = "title: A server says hello\nrequirements: [ECHO-01]\nsteps: [{call: greet}]\n"
LOUD = (
    "title: A server echoes loudly\nrequirements: [ECHO-02]\nsteps: [{call: greet}, {hook: poke}]\n"
)


@pytest.fixture
def echo(tmp_path: Path) -> Path:
    return written(
        tmp_path / "echo",
        {
            "suite.yaml": HEADER,
            "requirements.yaml": REQUIREMENTS,
            "procedures/greet.yaml": GREET,
            "scenarios/door/opens.yaml": OPENS,
            "scenarios/door/loud.yaml": LOUD,
        },
    )


def test_a_folder_is_a_suite_with_what_it_declares(echo: Path) -> None:
    suite = load(str(echo))
    assert (suite.name, suite.title) == ("echo", "Echo protocol")
    assert {*suite.requirements} == {"ECHO-01", "ECHO-02"}
    assert suite.scenarios["door/loud"].hooks == {"poke"}
    assert suite.claims({"hello": {"offers": ["loud", 7, "x" * 65]}}) == {"loud"}
    assert (suite.kind_of({"type": "hello"}), suite.kind_of([]), suite.kind_of({})) == (
        "hello",
        "",
        "",
    )
    assert suite.make_monitors(suite) == []
    assert not [name for name in suite.schemas.names() if "auth" in name]


def test_nothing_is_left_in_the_folder(echo: Path) -> None:
    before = sorted(echo.rglob("*"))
    assert call("check", str(echo), env={"PYTHONDONTWRITEBYTECODE": ""}).status == 0
    assert sorted(echo.rglob("*")) == before


def test_every_command_knows_it(echo: Path) -> None:
    words = ("--suite", str(echo))
    assert call("check", str(echo)).output == f"{echo}: a suite of 2 scenarios without mistakes\n"
    assert "door/opens  ECHO-01\n" in call("list", *words).output
    assert "A server MUST echo loudly." in call("explain", "ECHO-02", *words).output
    schemas = call("schema", *words)
    assert (schemas.status, schemas.output) == (0, "")
    poke = call("explain", "poke", *words)
    assert (poke.status, poke.output.splitlines()[0]) == (0, "poke · hook of a target file")
    assert call("explain", "AUTH-07", *words).status == 2


NEGATIVES = """\
negatives:
  - {name: echo, schema: ecko, requirement: ECHO-01, valid: {type: echo}, members: [type],
     before: [{call: greet}], twin: [{call: greet}], refused: {type: error}}
"""

MISTAKES = [
    ("suite.yaml", HEADER.replace("title: Echo", "titel: Echo"), '1:1: "titel" is not known here'),
    ("suite.yaml", "title: x\nversion: '1'\n", "1:1: expected profiles, one of them required, or"),
    ("suite.yaml", HEADER.replace("[greet]", "[gret]"), '6:13: there is no "gret", did you mean'),
    ("suite.yaml", f"extends: codo\n{HEADER}", "is neither a folder with a suite.yaml nor a suite"),
    ("suite.yaml", f"name: coda\n{HEADER}", '1:1: expected another name: "coda" is a suite of'),
    ("suite.yaml", f"background: {{type: nope}}\n{HEADER}", "1:1: background is no JSON Schema"),
    ("suite.yaml", f"unasked: {{$ref: nope.json}}\n{HEADER}", '1:1: unasked refers to what '),
    ("suite.yaml", f"variants: {{v: []}}\n{HEADER}", "1:12: v: [] should be non-empty"),
    ("suite.yaml", f"told_apart_by: []\n{HEADER}", "1:1: told_apart_by: [] should be non-empty"),
    ("schemas/a.json", "{", "1:2: is not JSON: "),
    ("schemas/a.json", "[]", "expected a JSON Schema, an object"),
    ("schemas/a.json", '{"type": "nope"}', "is no JSON Schema at /type: "),
    ("schemas/a.json", '{"$id": 7}', "is no JSON Schema at /$id: "),
    ("schemas/a.json", '{"$ref": "b.json"}', 'refers to what there is not: '),
    ("negatives.yaml", NEGATIVES, '2:18: there is no schema "ecko"'),
    ("suite.yaml", f"extends: ../echo\n{HEADER}", "1:1: expected a suite of the kit (coda, coda_"),
    ("suite.yaml", f"owed: {{hello: [[ECHO-09]]}}\n{HEADER}", '1:17: there is no requirement "ECH'),
    ("requirements.yaml", REQUIREMENTS.replace("ECHO-02", "ECHO-01"), "4:6: ECHO-01 appears t"),
    ("requirements.yaml", REQUIREMENTS.replace("loud,", "lout,"), "profile: 'lout' is not one of"),
    ("scenarios/door/loud.yaml", LOUD.replace("poke", "advance_clock"), "'advance_clock' is not"),
    ("scenarios/door/loud.yaml", LOUD.replace("greet", "greets"), 'there is no procedure "greets"'),
    ("scenarios/door/loud.yaml", LOUD.replace("ECHO-02", "AUTH-01"), 'no requirement "AUTH-01"'),
    ("procedures/greet.yaml", GREET.replace("expect", "expct"), '"expct" is not a step'),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "told"), MISTAKES)
def test_a_mistake_in_a_suite_has_its_place(echo: Path, file: str, text: str, told: str) -> None:
    written(echo, {file: text})
    for words in (("check", str(echo)), ("run", "ws://127.0.0.1:9/", "--suite", str(echo))):
        done = call(*words)
        assert done.status == 2
        assert done.errors.startswith(f"coda-conformance: {echo / file}:"), done.errors
        assert told in done.errors


def test_what_is_no_suite_is_refused(tmp_path: Path) -> None:
    done = call("list", "--suite", str(tmp_path))
    assert done.complaint == (
        f'coda-conformance: "{tmp_path}" is neither a folder with a suite.yaml nor a suite of the '
        "kit (coda, coda_clients, graphql-transport-ws)"
    )
    assert 'did you mean "coda"?' in call("list", "--suite", "cod").complaint


def test_code_runs_only_when_it_is_trusted(echo: Path) -> None:
    (echo / "extension.py").write_text(
        'print("run")\n\n\ndef kind_of(value: object) -> str:\n    return "mine"\n\n\n'
        'FUNCTIONS = {"seven": lambda: 7}\n'
    )
    refused = call("list", "--suite", str(echo))
    assert (refused.status, refused.output) == (2, "")
    told = "extension.py: is Python code, which runs only with --trust-code"
    assert refused.complaint.endswith(told)
    trusted = call("list", "--suite", str(echo), "--trust-code")
    assert (trusted.status, trusted.output.splitlines()[0]) == (0, "run")
    suite = load(str(echo), trusted=True)
    assert (suite.kind_of({}), suite.functions["seven"]()) == ("mine", 7)


def test_code_that_cannot_be_run_is_a_mistake(echo: Path) -> None:
    (echo / "extension.py").write_text("1 / 0\n")
    with pytest.raises(InputError, match=r"extension\.py: cannot be run: ZeroDivisionError"):
        load(str(echo), trusted=True)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import sys\nsys.exit(0)\n", "cannot be run: SystemExit: 0"),
        ("FUNCTIONS = 5\n", "FUNCTIONS is not a mapping of names to functions"),
        ("make_monitors = None\n", "make_monitors is not a function"),
    ],
)
def test_code_that_is_wrong_ends_no_command_in_peace(echo: Path, code: str, told: str) -> None:
    (echo / "extension.py").write_text(code)
    done = call("check", str(echo), "--trust-code")
    assert (done.status, done.output) == (2, "")
    assert done.complaint == f"coda-conformance: {echo / 'extension.py'}: {told}"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def make_monitors(suite):\n    return [1]\n", "makes 1, which is no Monitor"),
        (
            "def make_monitors(suite):\n    1 / 0\n",
            "cannot be run: ZeroDivisionError: ",
        ),
    ],
)
def test_passive_checks_that_are_none_are_a_mistake(echo: Path, code: str, told: str) -> None:
    (echo / "extension.py").write_text(code)
    done = call("check", str(echo), "--trust-code")
    assert (done.status, done.output) == (2, "")
    assert told in done.complaint


@pytest.mark.parametrize("name", ["scenario", "procedure", "schema", "negative.yaml"])
def test_what_is_misspelt_is_not_left_out_silently(echo: Path, name: str) -> None:
    (echo / name).mkdir()
    told = f"coda-conformance: {echo / name}: is not read, did you mean "
    assert call("check", str(echo)).complaint.startswith(told)


def test_what_editors_leave_is_passed_over(echo: Path) -> None:
    left = (".suite.yaml.swp", "suite.yaml~", "#suite.yaml#", "suite.yaml.bak", "scenarios.md")
    written(echo, dict.fromkeys(left, "x") | {"scenarios/door/.#opens.yaml": "x"})
    assert call("check", str(echo)).status == 0


def test_a_file_with_another_ending_is_not_left_out_silently(echo: Path) -> None:
    written(echo, {"scenarios/door/more.yml": OPENS})
    told = "door/more.yml: is not read: its name has to end with .yaml"
    assert call("check", str(echo)).complaint.endswith(told)


def test_code_may_be_of_several_files_and_of_any_kind(echo: Path) -> None:
    (echo / "names.py").write_text("NAME = 'mine'\n")
    (echo / "extension.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n"
        "from .names import NAME\n@dataclass\nclass Kept:\n    name: str\n"
        "def kind_of(value: object) -> str:\n    return Kept(NAME).name\n"
    )
    assert load(str(echo), trusted=True).kind_of({}) == "mine"


def test_schemas_may_refer_to_each_other_and_say_nothing_of_themselves(echo: Path) -> None:
    written(
        echo,
        {"schemas/echo.json": '{"$ref": "text.json"}', "schemas/text.json": '{"type": "string"}'},
    )
    suite = load(str(echo))
    assert (suite.schemas.is_valid("echo", "x"), suite.schemas.is_valid("echo", 7)) == (True, False)
    listed = call("schema", "--suite", str(echo))
    assert (listed.status, len(listed.output.splitlines())) == (0, 2)


def test_a_part_of_a_suite_is_checked_by_the_suite_that_it_is_in(echo: Path) -> None:
    files = (
        "scenarios/door/opens.yaml",
        "procedures/greet.yaml",
        "suite.yaml",
        "requirements.yaml",
    )
    done = call("check", *(str(echo / name) for name in files))
    assert (done.status, done.errors) == (0, "")


def test_a_suite_judges_targets_of_its_role(echo: Path) -> None:
    done = call("client", "--launch", f"{sys.executable} {{url}}", "--suite", str(echo))
    assert done.status == 2
    assert done.complaint.endswith("the suite echo judges servers: use the command run")
    with server("reference_server") as url:
        done = call("run", url, "--suite", "coda_clients")
    assert done.complaint.endswith("the suite coda_clients judges clients: use the command client")


@pytest.fixture
def report(echo: Path) -> Path:
    """The report of a server that says nothing, by the suite echo."""
    path = echo.parent / "report.json"
    with server("reference_server") as url:
        done = call(
            "run", url, "--suite", str(echo), "--json", str(path), "--retries", "0", "--force"
        )
    assert f" --suite {echo} door/opens" in done.output
    return path


def test_a_report_by_another_suite_is_never_taken_for_one_by_codas(
    echo: Path, report: Path
) -> None:
    told = 'is of the suite "echo": say where it is with --suite FOLDER'
    baseline = ("baseline", str(report), "--output", str(echo.parent / "b.yaml"), "--reason", "x")
    for words in (("trace", str(report)), baseline):
        assert call(*words).complaint == f"coda-conformance: {report}: {told}"
    done = call(*baseline, "--suite", str(echo))
    assert (done.status, done.errors) == (0, "")
    assert "door/opens" in done.output
    assert call("diff", str(report), str(report)).status == 0
    assert call("show", str(report), "door/opens").status == 0


def test_pytest_needs_to_be_told_of_a_suite(echo: Path) -> None:
    path = echo.parent / "target.yaml"
    path.write_text("suite: echo\nurl: ws://127.0.0.1:9/\n")
    command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "--collect-only")
    refused = call(str(path), command=command, folder=echo.parent)
    assert "target names a suite: give --coda-suite" in " ".join(refused.output.split())
    done = call(str(path), "--coda-suite", str(echo), command=command, folder=echo.parent)
    assert (done.status, "::door/opens" in done.output) == (0, True)
    assert "auth" not in done.output


def test_a_target_file_names_its_suite_and_what_that_declares(echo: Path) -> None:
    path = echo.parent / "target.yaml"
    text = "suite: echo\nurl: ws://127.0.0.1:9/\nparameters: {pause: 2}\n"
    hook = "hooks: {poke: {request: 'http://127.0.0.1:9/'}}\n"
    path.write_text(text + hook)
    assert call("check", str(path)).status == 0
    path.write_text(text.replace("pause", "dedup_window"))
    assert '3:14: "dedup_window" is not known here; expected: ' in call("run", str(path)).complaint
    path.write_text(text.replace("echo", "ecko"))
    assert "1:1: " in call("run", str(path)).complaint
