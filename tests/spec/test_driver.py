"""The page on the driver, its schemas and the chapter on clients are views of the same facts."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.spec.test_tables import first_column, rows

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "spec" / "driver.md").read_text("utf-8")
LINES = re.findall(r"^(in|out) +(\{.*\})$", PAGE, flags=re.MULTILINE)
FOLDER = ROOT / "schemas" / "kit"


def schema(name: str) -> dict[str, Any]:
    loaded = json.loads((FOLDER / f"driver_{name}.json").read_text("utf-8"))
    assert isinstance(loaded, dict)
    return loaded


COMMAND, NOTICE = schema("command"), schema("notice")
SCHEMAS = {"in": COMMAND, "out": NOTICE}


def enumerations(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in found["properties"].items():
        if "enum" in member:
            yield name, member


def members(cell: str) -> tuple[list[str], list[str]]:
    """Return the required and the optional members that a cell names."""
    named = re.findall(r"`([a-z_]+)(\??)`", cell)
    return [name for name, mark in named if not mark], [name for name, mark in named if mark]


def required(found: dict[str, Any], member: str, value: str) -> list[str]:
    """Return what a schema requires of an object whose member has a value, besides the member."""
    errors = Draft202012Validator(found).iter_errors({member: value})
    wanted = (error.validator_value for error in errors if error.validator == "required")
    return list(dict.fromkeys(name for names in wanted for name in names))


@pytest.mark.parametrize(("way", "line"), LINES, ids=[f"{way} {line[:60]}" for way, line in LINES])
def test_a_line_of_the_session_satisfies_its_schema(way: str, line: str) -> None:
    errors = [
        error.message for error in Draft202012Validator(SCHEMAS[way]).iter_errors(json.loads(line))
    ]
    assert errors == []


def test_the_session_shows_every_command_and_nearly_every_notice() -> None:
    shown = {way: {next(iter(json.loads(line).values())) for mark, line in LINES if mark == way}
             for way in SCHEMAS}  # fmt: skip
    assert shown["in"] == set(COMMAND["properties"]["command"]["enum"])
    assert shown["out"] == set(NOTICE["properties"]["notice"]["enum"]) - {"gave_up"}


@pytest.mark.parametrize(
    ("heading", "found", "member"),
    [("Commands", COMMAND, "command"), ("Notices", NOTICE, "notice")],
)
def test_the_tables_name_the_members_of_the_schemas(
    heading: str, found: dict[str, Any], member: str
) -> None:
    named = {row[0].strip("`"): members(row[1]) for row in rows("driver.md", heading)}
    assert list(named) == found["properties"][member]["enum"]
    for value, (needed, optional) in named.items():
        assert required(found, member, value) == needed, value
        assert found["properties"].keys() >= {*needed, *optional}
    used = {name for pair in named.values() for name in (*pair[0], *pair[1])}
    assert used == found["properties"].keys() - {member}


def test_the_outcomes_and_the_reasons_are_those_of_the_schema() -> None:
    reason = NOTICE["properties"]["reason"]
    table = rows("driver.md", "Reasons")
    assert [row[0].strip("`") for row in table] == reason["enum"]
    said = [f"{row[1].strip()[0].upper()}{row[1].strip()[1:]}." for row in table]
    assert said == reason["x-enum-descriptions"]
    outcomes = re.findall(r"^\| `(\w+)` \|", PAGE.partition("\n| outcome |")[2], re.MULTILINE)
    assert outcomes[:3] == NOTICE["properties"]["outcome"]["enum"]


@pytest.mark.parametrize("found", [COMMAND, NOTICE], ids=["command", "notice"])
def test_each_value_of_an_enumeration_has_a_text_at_its_place(found: dict[str, Any]) -> None:
    listed = dict(enumerations(found))
    assert listed
    for name, member in listed.items():
        texts = member["x-enum-descriptions"]
        assert len(texts) == len(set(texts)) == len(member["enum"]), name


def test_the_states_are_those_of_the_chapter_and_what_divides_them() -> None:
    states = [row[0].strip() for row in rows("clients.md", "Showing the state")]
    assert set(NOTICE["properties"]["state"]["enum"]) == {*states, "authenticating", "failed"}


def test_every_reason_of_the_table_of_ends_is_in_the_list_and_none_is_left_over() -> None:
    ends = rows("clients.md", "Ends")
    assert {row[2].strip().strip("`") for row in ends} == set(
        NOTICE["properties"]["reason"]["enum"]
    )
    kinds = ("again", "once", "no", "as the client likes")
    assert all(row[1].strip().startswith(kinds) for row in ends)


def test_every_close_code_and_every_failure_of_authentication_is_an_end() -> None:
    ends = " ".join(first_column("clients.md", "Ends"))
    for code in first_column("errors.md", "Close codes"):
        assert re.search(rf"\b{code}\b", ends), code
    for code in ("auth_timeout", "token_expired", "token_revoked"):
        assert f"`auth_result` `{code}`" in " ".join(row[0] for row in rows("clients.md", "Ends"))
