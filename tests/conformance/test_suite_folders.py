"""Suites in folders of their own: for another protocol, or for more messages of Coda Lite."""

import json
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.extending import extended
from conformance.errors import InputError
from conformance.loader.suite import load
from tests.support.kit import ROOT, call, server

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
WEATHER = """\
extends: coda
title: With the weather
version: "1.0"
profiles: {weather: {claim: weather, title: Tells the weather}}
barrier: {answers: [weather_result]}
"""
TOLD = """\
version: "1.0"
requirements:
  - {id: WEATHER-01, level: MUST, role: server, profile: weather, sentence: A server MUST tell it.}
"""
ASKS = """\
title: Who asks for the weather is told
requirements: [WEATHER-01]
setup: [{call: session}]
steps:
  - send: {type: weather_query, id: $marker}
  - expect: {type: weather_result, request_id: $marker}
"""


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


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


@pytest.fixture
def weather(tmp_path: Path) -> Path:
    return written(
        tmp_path / "weather",
        {
            "suite.yaml": WEATHER,
            "requirements.yaml": TOLD,
            "scenarios/weather/is-told.yaml": ASKS,
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
    assert call("schema", *words).output == ""
    assert call("explain", "AUTH-07", *words).status == 2


MISTAKES = [
    ("suite.yaml", HEADER.replace("title: Echo", "titel: Echo"), '1:1: "titel" is not known here'),
    ("suite.yaml", "title: x\nversion: '1'\n", "1:1: expected profiles, each with a title, or"),
    ("suite.yaml", HEADER.replace("[greet]", "[gret]"), '6:13: there is no "gret", did you mean'),
    ("suite.yaml", f"extends: codo\n{HEADER}", '1:1: "'),
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
    (echo / file).write_text(text, encoding="utf-8")
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
    told = "extension.py: is code, which is run only with --trust-code"
    assert refused.complaint.endswith(told)
    trusted = call("list", "--suite", str(echo), "--trust-code")
    assert (trusted.status, trusted.output.splitlines()[0]) == (0, "run")
    suite = load(str(echo), trusted=True)
    assert (suite.kind_of({}), suite.functions["seven"]()) == ("mine", 7)


def test_code_that_cannot_be_run_is_a_mistake(echo: Path) -> None:
    (echo / "extension.py").write_text("1 / 0\n")
    with pytest.raises(InputError, match=r"extension\.py: cannot be run: ZeroDivisionError"):
        load(str(echo), trusted=True)


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


# ── more messages for Coda Lite ──


def test_a_suite_that_extends_another_has_all_of_both(weather: Path) -> None:
    suite, coda = load(str(weather)), load()
    assert suite.requirements.keys() - coda.requirements.keys() == {"WEATHER-01"}
    assert suite.scenarios.keys() - coda.scenarios.keys() == {"weather/is-told"}
    assert suite.profiles.keys() - coda.profiles.keys() == {"weather"}
    assert {row.id for row in suite.make_monitors(suite)} == {
        row.id for row in coda.make_monitors(coda)
    }
    assert suite.schemas.is_valid("error", json.loads('{"type": "ping"}')) is False


def test_its_answers_are_never_taken_for_somebodys_event(weather: Path) -> None:
    suite, coda = load(str(weather)), load()
    answer = {"type": "weather_result", "request_id": "x"}
    assert coda.background.is_valid(answer)
    assert not suite.background.is_valid(answer)
    assert suite.background.is_valid({"type": "weather_warning", "seq": 7})
    assert suite.barrier.answers == coda.barrier.answers | {"weather_result"}


def test_a_server_that_does_not_claim_it_is_not_judged_by_it(weather: Path) -> None:
    with server("reference_server") as url:
        words = ("--suite", str(weather), "weather", "errors/words-are-no-json", "--no-report")
        done = call("run", url, *words, "--forms", "none")
        judged = call("run", *_claiming(weather, url), "weather", "--no-report", "--retries", "0")
    assert (done.status, done.errors) == (0, "")
    assert "1 passed, 1 not applicable in " in done.output
    assert judged.status == 1
    assert 'expected "weather_result", received "error"' in judged.output
    assert "weather/is-told" in judged.output


def _claiming(weather: Path, url: str) -> tuple[str, ...]:
    path = weather.parent / "target.yaml"
    path.write_text(f"suite: weather\nurl: {url}\nclaims: [weather, challenge_token]\n")
    return (str(path),)


TAKEN = [
    ("requirements.yaml", TOLD.replace("WEATHER-01", "AUTH-07"), "AUTH-07 appears twice"),
    ("procedures/session.yaml", GREET, 'there is a "session" already'),
    ("scenarios/errors/words-are-no-json.yaml", ASKS, 'there is a "errors/words-are-no-json" alr'),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "told"), TAKEN)
def test_it_takes_no_name_of_the_other(weather: Path, file: str, text: str, told: str) -> None:
    done = call("check", str(written(weather, {file: text})))
    assert done.status == 2
    assert told in done.complaint
    assert f"{weather / file}:" in done.complaint


def test_headers_are_joined() -> None:
    base = {"redact": ["token"], "profiles": {"core": 1}, "told_apart_by": ["/type"], "tcp_end": 5}
    own = {"redact": ["key", "token"], "profiles": {"more": 2}, "told_apart_by": ["/kind"]}
    assert extended(base, own) == {
        "redact": ["token", "key"],
        "profiles": {"core": 1, "more": 2},
        "told_apart_by": ["/kind"],
        "tcp_end": 5,
    }


def test_the_kits_own_suites_are_found_by_name() -> None:
    assert locations.home_of("coda").folder == ROOT / "conformance" / "suites" / "coda"
