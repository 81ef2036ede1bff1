"""The component for GitLab: its script, run with the shells that GitLab's runner uses."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.kit import LIMIT, ROOT

TEXT = (ROOT / "templates/conformance.yml").read_text("utf-8")
HEADER, JOBS = yaml.safe_load_all(TEXT)
INPUTS = HEADER["spec"]["inputs"]
HOSTILE = "x$(touch CANARY)`touch CANARY`; touch CANARY #' \" * \\ --html=CANARY"
VARIABLES = ["kit", "target", "launch", "selection", "baseline"]


def filled(value: Any, inputs: dict[str, str]) -> Any:
    """A job with its inputs, as GitLab puts them into each text by itself."""
    if isinstance(value, dict):
        return {name: filled(each, inputs) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, inputs) for each in value]
    if not isinstance(value, str):
        return value
    return re.sub(
        r"\$\[\[ inputs\.(\w+) \]\]",
        lambda found: inputs.get(found[1], INPUTS[found[1]].get("default")),
        value,
    )


def filled_as_text(inputs: dict[str, str]) -> Any:
    """The job with its inputs put into the file before it is read, as other runners do."""
    _, jobs = yaml.safe_load_all(filled(TEXT, inputs))
    return jobs


def test_an_input_of_one_line_is_the_same_where_it_is_put_into_the_text() -> None:
    values = [
        'node s.js --name "a b"',
        "C:\\new\\server.exe --x='{y: 1}' #z",
        "- a: b",
        HOSTILE,
        "",
    ]
    for value in values:
        given = dict.fromkeys(VARIABLES, value)
        assert filled_as_text(given) == filled(JOBS, given)


def words_of(folder: Path, shell: str, **inputs: str) -> tuple[list[str], list[str]]:
    """Run the script of the job; return what pip and the command were called with.

    Programs that keep their arguments stand in for both, to see exactly those.
    """
    job = filled(JOBS, inputs)["conformance"]
    bin_ = folder / "venv/bin"
    bin_.mkdir(parents=True)
    for name in ("pip", "coda-conformance"):
        program = bin_ / name
        program.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >{name}.words\n")
        program.chmod(0o755)
    lines = "\n".join(job["script"]).replace("/tmp/coda-conformance", "venv")
    lines = lines.replace("python3 -m venv venv", ":")
    variables = {name: row["value"] for name, row in job["variables"].items()}
    assert all(row["expand"] is False for row in job["variables"].values())
    done = subprocess.run(
        [shell, "-e", "-c", lines],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **variables},
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    pip, command = (
        (folder / f"{name}.words").read_text("utf-8").split("\0")[:-1]
        for name in ("pip", "coda-conformance")
    )
    return pip, command


SHELLS = [name for name in ("sh", "bash", "dash") if shutil.which(name)]
"""The runner's shells that this machine has; Debian has all of them."""


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """A shell, by the name under which it runs."""
    name: str = request.param
    return name


FILES = [
    "--html=coda-report/report.html",
    "--json=coda-report/report.json",
    "--junit=coda-report/junit.xml",
]


def test_inputs_become_words(tmp_path: Path, shell: str) -> None:
    given = {
        "target": "my target.yaml",
        "launch": 'node "my server.js" --port {port}',
        "selection": "AUTH-0 'forms/*'",
        "baseline": "base line.yaml",
    }
    pip, command = words_of(tmp_path, shell, **given)
    assert pip == ["install", "--quiet", "./coda-conformance"]
    assert command == [
        "run",
        *FILES,
        f"--launch={given['launch']}",
        f"--baseline={given['baseline']}",
        "--",
        "my target.yaml",
        "AUTH-0",
        "'forms/*'",
    ]


def test_what_is_not_given_is_no_word(tmp_path: Path, shell: str) -> None:
    assert words_of(tmp_path, shell)[1] == ["run", *FILES]


@pytest.mark.parametrize("name", VARIABLES)
def test_no_input_is_obeyed(tmp_path: Path, shell: str, name: str) -> None:
    pip, command = words_of(tmp_path, shell, **{name: HOSTILE})
    assert not (tmp_path / "CANARY").exists()
    assert pip[2:] == [HOSTILE if name == "kit" else "./coda-conformance"]
    assert (
        command[4:]
        == {
            "kit": [],
            "target": ["--", HOSTILE],
            "launch": [f"--launch={HOSTILE}"],
            "selection": ["--", *HOSTILE.split()],
            "baseline": [f"--baseline={HOSTILE}"],
        }[name]
    )


def test_every_input_is_described_and_used() -> None:
    assert set(INPUTS) == set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", TEXT))
    assert {name for name in INPUTS if name not in ("image", "stage")} == set(VARIABLES)
