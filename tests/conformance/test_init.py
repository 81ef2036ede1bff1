"""`init` writes a target file that can be run as it is, and a workflow that runs it."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.cli.arguments import parse
from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.rendering.scaffold import Learnt, target_file
from conformance.target.target_file import from_file
from tests.support.kit import Finished, call, server
from tests.support.sockets import refusing_port

SERVER = f"{shlex.quote(sys.executable)} -m reference_server --port {{port}}"
CHECK = "transport/ping-frame-before-authentication"


def begun(folder: Path, *words: str) -> Finished:
    return call("init", *words, "--output", str(folder))


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def test_what_is_written_for_a_command_can_be_run_at_once(tmp_path: Path) -> None:
    done = begun(tmp_path, "--launch", SERVER)
    assert (done.status, done.errors) == (0, "")
    target = tmp_path / "target.yaml"
    assert SchemaStore(locations.schema_root()).explain("kit/target", loaded(target)) == []
    assert call("run", str(target), CHECK, "--no-report").status == 0


def test_what_to_run_next_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "my $(id) dir"
    done = begun(folder, "--launch", SERVER)
    command = done.output.splitlines()[-1].partition("then run: ")[2]
    words = ["sh", "-c", f"set -- {command}; printf '%s\\n' \"$@\""]
    pasted = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert pasted.splitlines() == ["coda-conformance", "run", str(folder / "target.yaml")]


def test_hooks_are_offered_for_what_applies_to_the_server(tmp_path: Path) -> None:
    begun(tmp_path / "all", "--launch", SERVER)
    assert "Issues an access token. Needed by" in (tmp_path / "all/target.yaml").read_text("utf-8")
    begun(tmp_path / "plain", "--launch", f"{SERVER} --methods challenge_token")
    text = (tmp_path / "plain/target.yaml").read_text("utf-8")
    assert "Issues an access token. Needed by 0 scenarios." in text


def test_a_running_server_is_asked_what_it_states(tmp_path: Path) -> None:
    with server("reference_server", "--dedup-window=7.5", "--id-window=8") as url:
        assert begun(tmp_path, url).status == 0
    text = (tmp_path / "target.yaml").read_text("utf-8")
    assert loaded(tmp_path / "target.yaml") == {"name": url.split("/")[2], "url": url}
    assert "#   dedup_window: 7.5\n#   dedup_capacity: 1000\n#   id_window: 8\n" in text
    assert "# It claims: challenge_token, heartbeat, " in text
    for hook in ("issue_token", "emit_event", "advance_clock", "restart", "shutdown"):
        assert f"#   {hook}: {{request: " in text


def test_the_comments_hold_a_target_file_as_well(tmp_path: Path) -> None:
    with server("reference_server") as url:
        begun(tmp_path, url)
    path = tmp_path / "target.yaml"
    lines = path.read_text("utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line == "# hooks:")
    path.write_text("\n".join(["url: ws://127.0.0.1:1/", *(row[2:] for row in lines[start:])]))
    assert len(from_file(path).hooks) == 5


def test_the_workflow_runs_a_command_that_there_is(tmp_path: Path) -> None:
    begun(tmp_path, "--launch", SERVER)
    steps = loaded(tmp_path / ".github/workflows/conformance.yml")["jobs"]["conformance"]["steps"]
    (line,) = [step["run"] for step in steps if "coda-conformance run" in step.get("run", "")]
    arguments = parse(shlex.split(line)[1:])
    assert arguments.target == "target.yaml"
    names = [word.partition("=")[0] for word in arguments.report]
    assert names == ["html", "json", "junit", "github"]


def test_nothing_is_written_where_no_server_answers(tmp_path: Path) -> None:
    done = begun(tmp_path, f"ws://127.0.0.1:{refusing_port()}/")
    assert done.status == 4
    assert "refuses connections" in done.complaint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["target.yaml", ".github/workflows/conformance.yml"])
def test_what_is_there_already_stays(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    done = begun(tmp_path, "--launch", SERVER)
    assert done.status == 2
    assert f"{path} is there already" in done.complaint
    assert [row for row in tmp_path.rglob("*") if row.is_file()] == [path]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("text", ["a: b", "no", "- x", "\x1b[31m\u202e", "#", "{port}", "1.5", '"'])
def test_every_name_and_word_is_a_text_again(text: str) -> None:
    written = target_file(Learnt(text, "ws://h/", ("node", text)), (), "s")
    value = yaml.safe_load(written)
    shown = text.encode("unicode_escape").decode() if "\x1b" in text else text
    assert (value["name"], value["command"]["run"]) == (shown, ["node", shown])
    assert written.isascii()
    assert json.dumps(written).count("\\u001b") == 0
