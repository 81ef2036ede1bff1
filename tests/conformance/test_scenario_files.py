"""The scenario files as data: each is well-formed, and together they cover the requirements."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance import yaml_source

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
    "client-messages",
    "deduplication",
    "events",
    "errors",
}

# Judged on every message and every connection of a run, whatever scenario it belongs to.
PASSIVE = {
    "TRANSPORT-01",
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

# Only a hook of the target could bring these about, and no step of a scenario calls one.
NEEDS_A_HOOK = {"ERROR-09"}


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


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_scenario_satisfies_its_schema(path: Path) -> None:
    errors = [
        f"{error.json_path}: {error.message}" for error in validator().iter_errors(scenario(path))
    ]
    assert errors == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_first_line_names_the_schema_for_editors(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    label, _, reference = first.partition("$schema=")
    assert label == "# yaml-language-server: "
    assert (path.parent / reference).resolve() == SCHEMA


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_scenario_names_judgeable_server_requirements(path: Path) -> None:
    for name in named(path):
        assert registry()[name]["role"] == "server"
        assert "excluded" not in registry()[name]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_requirements_of_a_scenario_have_one_profile_of_the_suite(path: Path) -> None:
    found = {registry()[name]["profile"] for name in scenario(path)["requirements"]}
    assert len(found) == 1
    assert found <= profiles()


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_time_span_begins_at_a_label(path: Path) -> None:
    labels = {step["label"] for step in steps(path) if "label" in step}
    assert {step["since"] for step in steps(path) if "since" in step} <= labels


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_scenario_that_waits_says_for_how_long(path: Path) -> None:
    waiting = [step for step in steps(path) if "wait" in step]
    assert not waiting or "waits" in scenario(path)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_only_refused_forms_of_commands_that_act_are_sent(path: Path) -> None:
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
    assert judged - covered - PASSIVE <= NEEDS_A_HOOK


def test_what_is_watched_exists_in_the_registry() -> None:
    assert registry().keys() >= PASSIVE


def test_there_are_enough_scenarios() -> None:
    assert len(FILES) >= 75
