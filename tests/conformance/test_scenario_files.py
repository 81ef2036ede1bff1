"""The scenario files as data: each is well-formed, and together they cover the requirements."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.documents import yaml_source
from conformance.loader.suite import Suite

ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "conformance" / "suites" / "coda" / "scenarios"
SCHEMA = ROOT / "schemas" / "kit" / "scenario.json"
FILES = sorted(SCENARIOS.rglob("*.yaml"))
NAMES = [path.relative_to(SCENARIOS).with_suffix("").as_posix() for path in FILES]
AREAS = {
    "transport",
    "origin",
    "order",
    "states",
    "authentication",
    "access-tokens",
    "tokens",
    "resume",
    "client-messages",
    "deduplication",
    "events",
    "replay",
    "heartbeat",
    "limits",
    "errors",
}

# Judged on every message and every connection of a run, whatever scenario it belongs to.
PASSIVE = {
    "TRANSPORT-01",
    "TRANSPORT-18",
    "TRANSPORT-19",
    "TRANSPORT-22",
    "ORDER-04",
    "STATE-01",
    "STATE-02",
    "AUTH-01",
    "AUTH-02",
    "AUTH-09",
    "AUTH-19",
    "DEDUP-02",
    "EVENT-01",
    "EVENT-02",
    "EVENT-03",
    "EVENT-04",
    "EVENT-05",
    "EVENT-06",
    "EVENT-07",
    "EVENT-08",
    "ERROR-04",
    "ERROR-08",
}

# Not judged where only the wire can be seen, but tried where the target file names a hook.
TRIED_BY_HOOK = {
    "ERROR-09": {"restart", "shutdown"},
    "EVENT-11": {"emit_event"},
    "EVENT-12": {"emit_event"},
}

# What these ask for is over when the target stops or starts anew: such scenarios come last.
ENDS_THE_TARGET = {"restart", "shutdown"}


# Procedures that authenticate by one method, and the profiles that promise it.
BY_PROOF = {"answer-by-proof", "offer", "prove", "proved-session", "send-proof"}
BY_TOKEN = {"answer-by-token", "authenticate-by-token", "resumable", "resume"}
OF_PROFILE = {"hmac": "hmac_sha256", "compat": "challenge_token"}


@cache
def scenario(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = yaml_source.load(path).value
    return value


@cache
def registry() -> dict[str, dict[str, Any]]:
    rows = yaml_source.load(ROOT / "spec" / "requirements.yaml").value["requirements"]
    return {row["id"]: row for row in rows}


@cache
def profiles() -> set[str]:
    """The profiles that the suite gives a verdict for."""
    return set(yaml_source.load(SCENARIOS.parent / "suite.yaml").value["profiles"])


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(SCHEMA.read_text("utf-8")))


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping inside a value, itself included."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from mappings(item)


def steps(path: Path) -> Iterator[dict[str, Any]]:
    value = scenario(path)
    yield from mappings([value.get("setup", []), value["steps"]])


def named(path: Path) -> set[str]:
    """The requirements that a scenario can blame."""
    single = {step["requirement"] for step in steps(path) if "requirement" in step}
    return {*scenario(path)["requirements"], *single}


def hooks(path: Path) -> set[str]:
    """The hooks that a scenario asks for itself."""
    return {step["hook"] for step in steps(path) if "hook" in step}


def a_scenario_satisfies_its_schema(path: Path) -> None:
    errors = [
        f"{error.json_path}: {error.message}" for error in validator().iter_errors(scenario(path))
    ]
    assert errors == []


def the_first_line_names_the_schema_for_editors(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    label, _, reference = first.partition("$schema=")
    assert label == "# yaml-language-server: "
    assert (path.parent / reference).resolve() == SCHEMA


def a_scenario_names_judgeable_server_requirements(path: Path) -> None:
    for name in named(path):
        assert registry()[name]["role"] == "server"
        if name in TRIED_BY_HOOK:
            assert hooks(path) & TRIED_BY_HOOK[name]
        else:
            assert "excluded" not in registry()[name]


def the_requirements_of_a_scenario_have_one_profile_of_the_suite(path: Path) -> None:
    found = {registry()[name]["profile"] for name in scenario(path)["requirements"]}
    assert len(found) == 1
    assert found <= profiles()


def every_time_span_begins_at_a_label(path: Path) -> None:
    labels = {step["label"] for step in steps(path) if "label" in step}
    assert {step["since"] for step in steps(path) if "since" in step} <= labels


def a_scenario_that_waits_says_for_how_long(path: Path) -> None:
    waiting = [step for step in steps(path) if "wait" in step]
    assert not waiting or "waits" in scenario(path)


def a_scenario_that_stops_the_target_is_final(path: Path) -> None:
    ends = bool(hooks(path) & ENDS_THE_TARGET)
    assert (scenario(path).get("isolation") == "final") is ends


def a_scenario_that_depends_on_a_stated_value_says_that_it_needs_it(path: Path) -> None:
    needed = set(scenario(path).get("needs", []))
    assert used(path) & without_default() <= needed


def used(path: Path) -> set[str]:
    """The variables that a scenario names as whole values."""
    text = path.read_text("utf-8")
    return set(re.findall(r"\$([a-z_]+)", text))


@cache
def without_default() -> set[str]:
    """The parameters of the suite that only the target can state."""
    rows = yaml_source.load(SCENARIOS.parent / "suite.yaml").value["parameters"]
    return {name for name, row in rows.items() if "default" not in row}


def a_scenario_claims_the_methods_that_it_uses(path: Path) -> None:
    profile = registry()[scenario(path)["requirements"][0]]["profile"]
    claims = {OF_PROFILE.get(profile, ""), *scenario(path).get("claims", [])}
    called = {step["call"] for step in steps(path) if "call" in step}
    assert not called & BY_PROOF or "hmac_sha256" in claims
    assert not called & BY_TOKEN or "challenge_token" in claims
    # The other way round: what needs no token of a challenge is tried without one as well.
    by_token = called & BY_TOKEN or re.search(
        r"\$\{?token\b|\btoken\b\W+ ", path.read_text("utf-8")
    )
    assert by_token or "challenge_token" not in scenario(path).get("claims", [])


def commands_that_act_are_sent_in_refused_forms_or_to_servers_with_hooks(path: Path) -> None:
    if any("hook" in step for step in scenario(path).get("setup", [])):
        return  # a server that has hooks is started for a test
    for step in steps(path):
        if step.get("message_type") in ("push_to_talk", "text_input"):
            assert "id" not in step
            assert not _would_act(step["message_type"], step["message_data"])


def _would_act(command: str, data: dict[str, Any]) -> bool:
    """Whether a server that follows the specification would obey such a command."""
    schemas: dict[str, dict[str, Any]] = {
        "text_input": {
            "required": ["text"],
            "properties": {"text": {"type": "string", "minLength": 1}},
        },
        "push_to_talk": {
            "properties": {
                "duration": {"type": ["number", "null"], "minimum": 0},
                "continuous": {"type": "boolean"},
            }
        },
    }
    return Draft202012Validator(schemas[command]).is_valid(data)


RULES = (
    a_scenario_satisfies_its_schema,
    the_first_line_names_the_schema_for_editors,
    a_scenario_names_judgeable_server_requirements,
    the_requirements_of_a_scenario_have_one_profile_of_the_suite,
    every_time_span_begins_at_a_label,
    a_scenario_that_waits_says_for_how_long,
    a_scenario_that_stops_the_target_is_final,
    a_scenario_that_depends_on_a_stated_value_says_that_it_needs_it,
    a_scenario_claims_the_methods_that_it_uses,
    commands_that_act_are_sent_in_refused_forms_or_to_servers_with_hooks,
)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_scenario_keeps_every_rule(path: Path) -> None:
    for rule in RULES:
        rule(path)


def test_titles_are_unique() -> None:
    counts = Counter(scenario(path)["title"] for path in FILES)
    assert [title for title, count in counts.items() if count > 1] == []


def test_every_area_has_scenarios_and_no_other_exists() -> None:
    assert {path.parent.name for path in FILES} == AREAS
    assert {path.parent.parent for path in FILES} == {SCENARIOS}


def test_every_server_requirement_of_the_suite_is_tried_or_watched() -> None:
    judged = {
        name
        for name, row in registry().items()
        if row["role"] == "server" and row["profile"] in profiles() and "excluded" not in row
    }
    covered = set().union(*map(named, FILES))
    assert judged - covered <= PASSIVE
    assert covered >= TRIED_BY_HOOK.keys()


def test_every_profile_has_scenarios() -> None:
    found = {registry()[scenario(path)["requirements"][0]]["profile"] for path in FILES}
    assert found == profiles()


def test_the_shutdown_comes_last_of_all() -> None:
    final = [name for path, name in zip(FILES, NAMES, strict=True) if hooks(path) & ENDS_THE_TARGET]
    ending = [name for path, name in zip(FILES, NAMES, strict=True) if "shutdown" in hooks(path)]
    assert ending == [max(final)]


def test_what_is_watched_exists_in_the_registry() -> None:
    assert registry().keys() >= PASSIVE


def test_there_are_enough_scenarios() -> None:
    assert len(FILES) >= 300


def test_what_judges_a_handshake_that_failed_makes_that_handshake(suite: Suite) -> None:
    duty = suite.handshake
    names = {*duty.judged_by.values(), *(name for row in duty.variants for name in row.judged_by)}
    first = {name: suite.scenarios[name].steps[0] for name in names}
    assert {name: (step.verb, step.argument) for name, step in first.items()} == {
        name: ("connect", {}) for name in names
    }
    assert not any(suite.scenarios[name].setup for name in names)
    assert duty.by_name <= duty.judged_by.keys()
