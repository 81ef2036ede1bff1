"""The bundle is fresh, flat, local, and holds every schema of the protocol."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.schemas.schema_files import BUNDLE, FILES, SCHEMAS, UNITS, bundler, subschemas


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the script of a folder of schemas."""
    command = [sys.executable, str(folder / "bundle.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the schemas that a test may tamper with."""
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    return tmp_path / "schemas"


def test_the_bundle_and_the_layout_of_every_file_are_fresh() -> None:
    checked = run(SCHEMAS, "--check")
    assert (checked.returncode, checked.stdout) == (0, "")


def test_the_bundle_is_a_valid_2020_12_schema() -> None:
    Draft202012Validator.check_schema(BUNDLE)


def test_the_bundle_holds_every_schema_and_nothing_else() -> None:
    assert list(BUNDLE["$defs"]) == sorted(unit.bundled for unit in UNITS)


def test_the_bundle_has_one_identifier_and_only_references_to_its_own_definitions() -> None:
    for schema in subschemas(BUNDLE):
        assert ("$id" in schema) is (schema is BUNDLE)
        if "$ref" in schema:
            assert schema["$ref"].removeprefix("#/$defs/") in BUNDLE["$defs"]


def test_the_bundle_has_only_keywords_of_json_schema() -> None:
    for schema in subschemas(BUNDLE):
        assert not [keyword for keyword in schema if keyword.startswith("x-")]


def test_a_changed_schema_makes_the_bundle_stale_until_it_is_written_again(copy: Path) -> None:
    path = copy / "ping.json"
    path.write_text(path.read_text("utf-8").replace("Asks for", "Begs for"), "utf-8")
    stale = run(copy, "--check")
    assert (stale.returncode, stale.stdout) == (1, "stale: bundle.json\n")
    assert run(copy).stdout == "written: bundle.json\n"
    assert run(copy, "--check").returncode == 0


def test_a_file_that_is_laid_out_otherwise_is_stale_and_is_put_right(copy: Path) -> None:
    path = copy / "events" / "stt_end.json"
    before = path.read_bytes()
    path.write_text(json.dumps(json.loads(before), indent=4), "utf-8")
    assert run(copy, "--check").stdout == "stale: events/stt_end.json\n"
    run(copy)
    assert path.read_bytes() == before


def test_a_missing_bundle_is_stale(copy: Path) -> None:
    (copy / "bundle.json").unlink()
    assert run(copy, "--check").stdout == "stale: bundle.json\n"


def test_two_schemas_of_one_name_are_refused() -> None:
    clash: dict[str, Any] = {**FILES, "session_copy.json": {"$defs": {"ping": {}}}}
    with pytest.raises(ValueError, match="two schemas are named ping"):
        bundler.bundle(clash)
