"""The action for GitHub: its steps, run with bash as the runner runs them."""

import json
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.composite import Composite, Done
from tests.support.kit import ROOT
from tests.support.sockets import refusing_port
from tests.support.workflow import commands

ACTION = Composite(ROOT, {"python": {"python-path": sys.executable}})
CHECK = "client-messages/spellings-of-values-are-read-alike"
Judge = Callable[..., Done]
FILES = {"html": "report.html", "json": "report.json", "junit": "junit.xml"}

HOSTILE = [
    "$(touch CANARY)",
    "`touch CANARY`",
    "; touch CANARY #",
    "'; touch CANARY; '",
    '"; touch CANARY; "',
    "\\\"; touch CANARY; \\'",
    "x\ntouch CANARY\n",
    "x\nPYTHON\ntouch CANARY\n",
    "${{ inputs.target }} && touch CANARY",
    "--json=CANARY",
    "x --json=CANARY",
    "*",
    "::set-env name=A::b\n::error::c",
]
"""What would leave a file named CANARY if a shell or the command obeyed it."""


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a runner on which the kit is installed, from what is on this machine."""
    place = tmp_path_factory.mktemp("runner")
    env = {
        "RUNNER_TEMP": str(place),
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # which switches it off
    }
    done = ACTION.run(place, env, {"install"})
    assert done.status == 0, done.log
    return env


@pytest.fixture
def judge(tmp_path: Path, runner: dict[str, str]) -> Judge:
    """Runs the judging step in an empty folder; `{python}` in `launch` is that of the kit."""
    python = f"{runner['RUNNER_TEMP']}/coda-conformance/bin/python"

    def run(**inputs: str) -> Done:
        inputs = {name: text.replace("{python}", python) for name, text in inputs.items()}
        return ACTION.run(tmp_path, runner, {"judge"}, **inputs)

    return run


RIGHT = "{python} -m reference_server --port {port}"
FAULTY = "{python} -m conformance.selftest names-become-lower-case --port {port}"


def test_a_server_that_conforms_passes(judge: Judge, tmp_path: Path) -> None:
    done = judge(launch=RIGHT, selection=CHECK, reports="out of\ttree")
    assert done.status == 0, done.log
    report = done.outputs.pop("report")
    assert report == "out of\ttree/report.html"
    assert done.outputs["status"] == "0"
    assert done.outputs["verdict"].endswith("requirements judged, none broken")
    assert "<html" in (tmp_path / report).read_text("utf-8")
    assert (tmp_path / "out of\ttree/junit.xml").is_file()
    assert json.loads((tmp_path / "out of\ttree/report.json").read_bytes())["exit_status"] == 0
    assert "Passed" in done.summary
    assert "error" not in {row.name for row in commands(done.log)}


def test_a_server_with_a_fault_fails(judge: Judge) -> None:
    done = judge(launch=FAULTY, selection=CHECK)
    assert done.status == 1, done.log
    assert done.outputs["status"] == "1"
    assert "broken" in done.outputs["verdict"]
    assert done.outputs["report"] == "coda-report/report.html"
    assert "MSG-03" in done.summary
    assert "error" in {row.name for row in commands(done.log)}


def test_a_target_file_and_options_go_together(judge: Judge, tmp_path: Path) -> None:
    target = tmp_path / "my target.yaml"
    words = ['"{python}"', "-m", "reference_server", "--port", '"{port}"']
    target.write_text(f'command: {{run: [{", ".join(words)}]}}\nurl: "ws://127.0.0.1:{{port}}/"\n')
    done = judge(target=target.name, arguments="--profile\ncore\n\n--retries=0\n", selection=CHECK)
    assert done.status == 0, done.log
    run = json.loads((tmp_path / "coda-report/report.json").read_bytes())["run"]
    assert (run["profiles"], run["retries"]["limit"]) == (["core"], 0)


def test_a_baseline_excuses_what_is_known(judge: Judge, tmp_path: Path) -> None:
    known = {CHECK: {"outcome": "failed", "requirements": ["MSG-03"], "reason": "known"}}
    row = json.dumps({"target": "x", "known": known})
    (tmp_path / "baseline.yaml").write_text(row)
    done = judge(launch=FAULTY, selection=CHECK, baseline="baseline.yaml", arguments="--forms=none")
    assert done.status == 0, done.log
    assert "all known" in done.outputs["verdict"]


@pytest.mark.parametrize(("target", "status"), [("nothing.yaml", 2), ("", 2), (None, 4)])
def test_what_cannot_be_judged_does_not_pass(judge: Judge, target: str | None, status: int) -> None:
    done = judge(target=f"ws://127.0.0.1:{refusing_port()}/" if target is None else target)
    assert done.status == status, done.log
    assert done.outputs["status"] == str(status)
    assert bool(done.outputs["report"]) == (status == 4)


INPUTS = ["target", "launch", "selection", "baseline", "arguments", "reports"]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", INPUTS)
def test_inputs_reach_the_command_as_they_are(tmp_path: Path, name: str, text: str) -> None:
    """A program that keeps its arguments stands in for the command, to see exactly those."""
    command = tmp_path / "coda-conformance/bin/coda-conformance"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\nprintf '%s\\0' \"$@\" >words\n")
    command.chmod(0o755)
    done = ACTION.run(tmp_path, {"RUNNER_TEMP": str(tmp_path)}, {"judge"}, **{name: text})
    assert not (tmp_path / "CANARY").exists()
    assert done.outputs["verdict"] == done.outputs["report"] == ""
    if name == "reports" and "\n" in text:
        assert (done.status, done.outputs["status"]) == (2, "2")
        return
    assert done.status == 0, done.log
    words = (tmp_path / "words").read_text("utf-8").split("\0")[:-1]
    folder = text if name == "reports" else "coda-report"
    files = [f"--{kind}={folder}/{file}" for kind, file in FILES.items()]
    assert words[:2] == ["run", "--github=-"]
    assert words[3:6] == files
    assert (
        words[7:]
        == {
            "target": ["--", text],
            "launch": [f"--launch={text}"],
            "selection": ["--", *text.split()],
            "baseline": [f"--baseline={text}"],
            "arguments": [line for line in text.split("\n") if line],
            "reports": [],
        }[name]
    )


def test_reports_without_a_folder_of_their_own_go_to_the_usual_one(
    judge: Judge, tmp_path: Path
) -> None:
    done = judge(launch=RIGHT, selection=CHECK, reports="")
    assert (done.status, done.outputs["report"]) == (0, "coda-report/report.html"), done.log
    assert (tmp_path / done.outputs["report"]).is_file()


@pytest.mark.parametrize("folder", [" ", "\t ", "a\nb", "\n"])
def test_reports_need_one_folder(judge: Judge, tmp_path: Path, folder: str) -> None:
    before = set(tmp_path.iterdir())
    done = judge(launch=RIGHT, selection=CHECK, reports=folder)
    assert done.status == 2
    assert done.outputs == {"status": "2", "verdict": "", "report": ""}
    assert "reports: expected one folder" in done.log
    assert not [path for path in set(tmp_path.iterdir()) - before if path.is_dir()]


@pytest.mark.parametrize("name", ["target", "launch", "selection", "baseline"])
def test_nothing_that_an_input_says_is_a_command_in_the_log(judge: Judge, name: str) -> None:
    done = judge(**{"target": "ws://127.0.0.1:9/", name: "x\n::error::\n##[error]\n"})
    assert done.status == 2
    assert done.outputs == {"status": "2", "verdict": "", "report": ""}
    assert [(row.name, row.message) for row in commands(done.log)] == [
        ("error", "a mistake in the inputs or a file: the log says where")
    ]


def test_scripts_have_no_expressions() -> None:
    steps = ACTION.document["runs"]["steps"]
    scripts = [step["run"] for step in steps if "run" in step]
    assert len(scripts) == 2
    assert not any("${{" in script for script in scripts)
