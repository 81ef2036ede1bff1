"""Badges say no more than a run proves, and are safe to show anywhere."""

import json
from typing import Any, cast
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.record import RunRecord
from conformance.rendering.badge import COLOURS, badge
from conformance.rendering.formats import WRITERS
from tests.support import runs
from tests.support.obeyed import obeyed
from tests.support.records import REQUIREMENT, flaky, record, result

SVG = "{http://www.w3.org/2000/svg}"
GOOD = ("brightgreen", "green", "blue")


def endpoint(made: RunRecord) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(WRITERS["badge"](made))
    return value


def image(made: RunRecord) -> ET.Element:
    return ET.fromstring(WRITERS["svg"](made))


@pytest.mark.parametrize("make", runs.ALL.values(), ids=runs.ALL)
def test_an_endpoint_has_what_shields_io_reads(suite: Suite, make: runs.Make) -> None:
    found = endpoint(make(suite))
    assert found["schemaVersion"] == 1
    assert found["label"] == f"{suite.title} {suite.version}"
    assert found["message"]
    assert found["color"] in COLOURS
    assert set(found) <= {"schemaVersion", "label", "message", "color", "isError"}


@pytest.mark.parametrize("make", runs.RED.values(), ids=runs.RED)
def test_a_run_that_proves_nothing_good_is_not_green(suite: Suite, make: runs.Make) -> None:
    made = make(suite)
    found = endpoint(made)
    assert found["color"] not in GOOD
    assert found["isError"] is True
    assert "conformant" not in found["message"]
    fills = {row.get("fill") for row in image(made).iter(f"{SVG}rect")}
    assert fills.isdisjoint(COLOURS[name] for name in GOOD)


def test_each_run_has_its_message(suite: Suite) -> None:
    of = {name: badge(make(suite)) for name, make in runs.ALL.items()}
    judged = len([r for r in suite.requirements.values() if r.role == "server" and not r.excluded])
    assert of["conformant"] == ("all 8 profiles: conformant", "brightgreen")
    assert of["partly_broken"] == (f"1 of {judged} requirements broken", "red")
    assert of["with_known"] == (
        "1 of 102 requirements broken, all known, 101 not judged",
        "red",
    )
    assert of["unreachable"] == ("unreachable", "lightgrey")
    assert of["lost"][0].startswith("not complete: 1 of ")
    assert of["interrupted"] == ("interrupted", "lightgrey")
    assert of["empty"][0].startswith("incomplete: 0 of ")
    assert of["selected"][0].startswith("1 of ")
    assert of["selected"][0].endswith(" requirements judged, none broken")


def test_only_the_profiles_that_were_judged_are_conformant(suite: Suite) -> None:
    made = replace(runs.conformant(suite), profiles=("core", "resume"))
    assert badge(made) == ("core, resume: conformant", "brightgreen")


def test_a_profile_that_is_not_claimed_is_never_conformant(suite: Suite) -> None:
    kept = result(Outcome.PASSED, requirements=("HMAC-01",), profile="hmac")
    assert badge(record(suite, kept, profiles=("hmac",))).colour == "yellow"


def test_a_part_with_something_open_is_incomplete(suite: Suite) -> None:
    undecided = result(Outcome.INCONCLUSIVE, id="x/y", reason="why", requirements=("AUTH-01",))
    rows = [result(Outcome.PASSED), undecided]
    found = badge(record(suite, *rows, selection=("transport/",)))
    assert found.message.startswith("incomplete: ")
    assert found.colour == "yellow"


def test_a_warning_is_told(suite: Suite) -> None:
    made = runs.conformant(suite)
    warned = replace(made, results=(*made.results, runs.placed(Outcome.WARNED)))
    assert badge(warned) == ("all 8 profiles: conformant, 1 warning", "green")


def test_what_is_flaky_is_neither_broken_nor_kept(suite: Suite) -> None:
    assert badge(record(suite, flaky(REQUIREMENT))) == (
        "1 of 102 requirements flaky, 101 not judged",
        "orange",
    )


def test_what_failed_before_an_interruption_is_told(suite: Suite) -> None:
    made = replace(runs.partly_broken(suite), interrupted=True)
    assert badge(made).message.endswith(" requirements broken, interrupted")


def test_a_fault_of_the_kit_is_not_the_targets(suite: Suite) -> None:
    made = record(suite, result(Outcome.KIT_ERROR, reason="why"))
    assert badge(made) == ("fault of the test kit", "lightgrey")


@pytest.mark.parametrize("make", runs.ALL.values(), ids=runs.ALL)
def test_an_image_needs_nothing_else_and_says_what_it_shows(suite: Suite, make: runs.Make) -> None:
    made = make(suite)
    root = image(made)
    assert {row.tag for row in root.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "rect", "g", "text")
    }
    names = {name for row in root.iter() for name in row.attrib}
    assert not names & {"href", "style", "onload", "class"}
    assert root.get("role") == "img"
    said = f"{suite.title} {suite.version}: {badge(made).message}"
    assert root.get("aria-label") == root.findtext(f"{SVG}title") == said
    assert [row.text for row in root.iter(f"{SVG}text")] == [
        f"{suite.title} {suite.version}",
        badge(made).message,
    ]


def test_an_image_is_as_wide_as_its_text(suite: Suite) -> None:
    root = image(runs.partly_broken(suite))
    end = 0
    for text, rect in zip(root.iter(f"{SVG}text"), root.iter(f"{SVG}rect"), strict=True):
        shown = text.text or ""
        length = int(text.get("textLength", 0))
        assert 4 * len(shown) < length < 11 * len(shown)
        assert float(rect.get("x", 0)) == end
        assert int(text.get("x", 0)) + length < end + int(rect.get("width", 0))
        end += int(rect.get("width", 0))
    assert int(root.get("width", 0)) == end


@pytest.mark.parametrize("text", [runs.STRANGE, "<script>alert(1)</script>", "]]>", '"&'])
@pytest.mark.parametrize("kind", ["badge", "svg"])
def test_nothing_in_it_is_obeyed(suite: Suite, kind: str, text: str) -> None:
    made = replace(runs.conformant(suite), profiles=("core",))
    odd = {text if name == "core" else name: row for name, row in made.suite.profiles.items()}
    requirements = {
        name: replace(row, profile=text) if row.profile == "core" else row
        for name, row in made.suite.requirements.items()
    }
    named = replace(cast(Suite, made.suite), profiles=odd, requirements=requirements)
    data = WRITERS[kind](replace(made, suite=named, profiles=(text,))).decode()
    assert "conformant" in data
    assert obeyed(data) == []
    said = json.loads(data)["message"] if kind == "badge" else ET.fromstring(data)[0].text
    assert obeyed(said or "") == []
    assert "<script" not in data or kind == "badge"
