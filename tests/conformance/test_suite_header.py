"""A name in the files of a suite that nothing has is told with its place, when they are read."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from conformance.documents import locations, yaml_source
from conformance.engine.run import Options, Run
from conformance.errors import InputError, KitError
from conformance.loader.suite import Suite, load
from conformance.suites.coda import CONTROL, EVENT
from conformance.target.target_file import from_argument


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "suite.yaml",
            "[challenge, auth",
            "[challange, auth",
            'no "challange", did you mean "chal',
        ),
        (
            "suite.yaml",
            "procedure: answer-by-proof",
            "procedure: answer-by-prof",
            'no "answer-by-pr',
        ),
        (
            "suite.yaml",
            '"403": origin/no-',
            '"403": origin/not-',
            'there is no "origin/not-origin-is',
        ),
        (
            "suite.yaml",
            "judged_by: [origin/no-",
            "judged_by: [origin/not-",
            'no "origin/not-origin',
        ),
        (
            "suite.yaml",
            "client_message: [[MSG-01",
            "client_message: [[MSG-91",
            'no requirement "MSG-91"',
        ),
        ("negatives.yaml", "message_type: $", "message_tipe: $", "the valid client_message breaks"),
        (
            "negatives.yaml",
            "data/message_type,",
            "data/message_tipe,",
            'no member "data/message_tip',
        ),
    ],
)
def test_a_name_that_nothing_has_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, old: str, new: str, told: str
) -> None:
    root = tmp_path / "coda"
    shutil.copytree(locations.suite_root("coda"), root)
    text = (root / file).read_text("utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), "utf-8")
    monkeypatch.setattr(locations, "suite_root", lambda name: root)
    monkeypatch.setattr(locations, "sources", lambda name: [root])
    with pytest.raises(InputError, match=rf"{file}:\d+:\d+: ") as caught:
        load()
    assert told in str(caught.value)


def test_a_passive_check_of_no_requirement_is_a_fault_of_the_kit(suite: Suite) -> None:
    known = {k: v for k, v in suite.requirements.items() if k != "EVENT-03"}
    with pytest.raises(KitError, match=r"passive/seq-gapless: there is no requirement EVENT-03"):
        Run(replace(suite, requirements=known), from_argument("ws://127.0.0.1:1/"), (), Options())


def test_the_control_messages_are_those_that_the_schemas_say_servers_send(suite: Suite) -> None:
    documents = suite.schemas.documents
    said = {name for name, row in documents.items() if row.get("x-sender") == "server"}
    control = {name for name in said if "/" not in name} - {EVENT}
    assert {*CONTROL} == control
    header = yaml_source.load(locations.suite_root("coda") / "suite.yaml").value
    (named,) = (
        row["properties"]["type"]["not"]["enum"]
        for row in header["background"]["anyOf"]
        if "not" in row.get("properties", {}).get("type", {})
    )
    assert {*named} == control
