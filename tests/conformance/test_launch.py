"""A server that one command starts is judged at the port that the kit gave it, and then ended."""

import json
import shlex
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.kit import call

SERVER = f"{shlex.quote(sys.executable)} -m reference_server --port {{port}}"
CHECK = "transport/ping-frame-before-authentication"
AT = "ws://localhost:{port}/"


def judged(folder: Path, *words: str) -> dict[str, Any]:
    """The report of a run that is conformant as far as it goes."""
    path = folder / "report.json"
    done = call("run", *words, "--json", str(path))
    assert done.status == 0, done.complaint
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_the_server_listens_at_a_free_port_and_the_report_says_how_to_start_it(
    tmp_path: Path,
) -> None:
    report = judged(tmp_path, "--launch", SERVER, CHECK)
    assert report["target"]["url"].startswith("ws://127.0.0.1:")
    assert report["target"]["name"] == f"{Path(sys.executable).name} -m reference_server"
    assert report["run"]["command"] == shlex.join(["run", "--launch", SERVER])


def test_a_url_says_where_else_it_listens(tmp_path: Path) -> None:
    report = judged(tmp_path, AT, CHECK, "--launch", SERVER)
    assert report["target"]["url"].startswith("ws://localhost:")
    assert report["run"]["command"] == shlex.join(["run", AT, "--launch", SERVER])


def test_a_command_without_a_port_prints_its_url(tmp_path: Path) -> None:
    judged(tmp_path, "--launch", SERVER.replace("{port}", "0"), CHECK)


def test_a_target_file_may_leave_the_port_to_the_kit_and_its_hooks_know_it(tmp_path: Path) -> None:
    said = tmp_path / "port"
    tell = ["{python}", "-c", "import sys; open(sys.argv[1], 'w').write(sys.argv[2]); print('{}')"]
    target = {
        "url": AT,
        "command": {"run": ["{python}", "-m", "reference_server", "--port={port}"]},
        "hooks": {"emit_event": {"command": [*tell, str(said), "{port}"]}},
    }
    path = tmp_path / "target.yaml"
    path.write_text(json.dumps(target), encoding="utf-8")
    done = call("run", str(path), "events/hundreds-of-events-come", "--json", f"{tmp_path}/r.json")
    assert done.status == 3, done.complaint
    url = json.loads((tmp_path / "r.json").read_text("utf-8"))["target"]["url"]
    assert url == AT.format(port=said.read_text())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--launch", "no-such-program {port}"),
         "--launch: the command no-such-program cannot be run: there is no such program"),
        (("--launch", "node 'server"), "--launch: is no command: no closing quotation"),
        (("--launch", " "), "--launch: expected the command that starts the target"),
        ((AT, "--launch", "node server.js"),
         "the URL has {port}, but the command that starts the server has not"),
        (("http://127.0.0.1:{port}/", "--launch", "node {port}"),
         'expected a URL that begins with ws:// or wss://, not "http://127.0.0.1:1/"; '
         "did you mean ws://127.0.0.1:1/?"),
        ((AT,), '"ws://localhost:{port}/" is not a URL: '
         "its host can only be followed by a port number"),
    ],
)  # fmt: skip
def test_mistakes_are_told(words: tuple[str, ...], complaint: str) -> None:
    done = call("run", *words)
    assert (done.status, done.complaint) == (2, f"coda-conformance: {complaint}")


def test_a_target_file_has_a_command_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    path.write_text("url: ws://127.0.0.1:1/\n", encoding="utf-8")
    done = call("run", str(path), "--launch", SERVER)
    assert done.status == 2
    assert done.complaint.endswith(f"goes with a URL; put the command into {path} instead")


def test_what_listens_there_already_is_not_judged() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        url = f"ws://127.0.0.1:{other.getsockname()[1]}/"
        done = call("run", url, "--launch", SERVER.replace("{port}", "0"))
    assert done.status == 2
    assert done.complaint == (
        f"coda-conformance: --launch: something else listens at {url} already"
    )


def test_a_server_that_never_listens_is_named(tmp_path: Path) -> None:
    program = "import signal; signal.pause()"
    row = {"run": ["{python}", "-c", program, "{port}"], "timeout": 0.3}
    path = tmp_path / "target.yaml"
    path.write_text(json.dumps({"url": AT, "command": row}), encoding="utf-8")
    done = call("run", str(path), CHECK)
    assert done.status == 4
    assert "the target's command did not listen at ws://localhost:" in done.complaint
