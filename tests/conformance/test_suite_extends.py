"""A suite that extends Coda Lite's: it adds, and takes nothing away."""

import json
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.extending import extended
from conformance.loader.suite import load
from tests.support.kit import ROOT, call, server
from tests.support.suites import written

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
GREET = "title: Opens a connection\nsteps: [{connect: {}}]\n"


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


def test_a_suite_that_extends_another_has_all_of_both(weather: Path) -> None:
    suite, coda = load(str(weather)), load()
    assert suite.requirements.keys() - coda.requirements.keys() == {"WEATHER-01"}
    assert suite.scenarios.keys() - coda.scenarios.keys() == {"weather/is-told"}
    assert suite.profiles.keys() - coda.profiles.keys() == {"weather"}
    assert {row.id for row in suite.make_monitors(suite)} == {
        row.id for row in coda.make_monitors(coda)
    }
    assert suite.schemas.is_valid("error", json.loads('{"type": "ping"}')) is False
    listed = call("schema", "--suite", str(weather))
    assert (listed.status, "auth_challenge " in listed.output) == (0, True)


def test_what_it_states_is_claimed_beside_what_the_other_knows(weather: Path) -> None:
    (weather / "suite.yaml").write_text(WEATHER + "claims: [/weather/offers]\n")
    known = {"weather": {"offers": ["weather"]}, "session": {"features": ["resume"]}}
    assert load(str(weather)).claims(known) == {"weather", "resume"}


def test_its_functions_take_no_name_of_the_others(weather: Path) -> None:
    (weather / "extension.py").write_text("FUNCTIONS = {'parsed': lambda text: 1}\n")
    done = call("check", str(weather), "--trust-code")
    assert done.complaint.endswith('extension.py: the function "parsed" is there already')


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


PING = """\
negatives:
  - {name: ping, schema: ping, requirement: WEATHER-01, valid: {type: ping, data: {}},
     members: [data], before: [{call: session}], twin: [{send: {type: ping}}],
     refused: {type: error}}
"""
HOOK = "hooks: {advance_clock: {seen: nothing}}\n"
GROUPS = "owed: {client_message: [[WEATHER-01]]}\n"

TAKEN = [
    ("suite.yaml", WEATHER.replace("{weather:", "{core:"), '4:12: "core" is there already, in the'),
    ("suite.yaml", WEATHER + HOOK, '6:9: "advance_clock" is there already, in the suite that th'),
    ("suite.yaml", WEATHER + GROUPS, '6:8: "client_message" is there already, in the suite that'),
    ("suite.yaml", WEATHER + "role: client\n", "6:1: is said by the suite that this one extends"),
    ("suite.yaml", WEATHER + "told_apart_by: [/x]\n", "6:1: is said by the suite that this"),
    ("suite.yaml", WEATHER.replace("{answers", "{let_in: {}, answers"), "5:11: is said by the s"),
    ("schemas/ping.json", "{}", 'there is a schema "ping" already, in the suite that this one ex'),
    ("negatives.yaml", PING, 'there is a "schema/ping/data/mistyped" already'),
    ("requirements.yaml", TOLD.replace("WEATHER-01", "AUTH-07"), "AUTH-07 appears twice"),
    ("procedures/session.yaml", GREET, 'there is a "session" already'),
    ("scenarios/errors/words-are-no-json.yaml", ASKS, 'there is a "errors/words-are-no-json" alr'),
]  # fmt: skip


@pytest.mark.parametrize(("file", "text", "told"), TAKEN)
def test_it_takes_no_name_of_the_other(weather: Path, file: str, text: str, told: str) -> None:
    done = call("check", str(written(weather, {file: text})))
    assert done.status == 2
    assert told in done.errors
    assert f"{weather / file}:" in done.errors


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
