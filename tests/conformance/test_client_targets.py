"""Clients that cannot be judged, or misbehave: a clear sentence, the right status, no orphan."""

import asyncio
import json
import os
import shlex
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from conformance.engine.client_dialogue import ClientDialogue
from conformance.engine.run import Options, Run
from conformance.loader.suite import load
from conformance.selftest.faulty_client import target_of
from conformance.target import ports
from conformance.target.client import Client
from tests.support.kit import COMMAND, ROOT, Finished, call, complaints
from tests.support.obeyed import obeyed

CHECK = "joining/answers-before-anything-else"


def launched(way: str) -> str:
    """The command of a client that does something odd."""
    return f"{shlex.quote(sys.executable)} -m tests.support.odd_client {way} {{url}}"


def judged(way: str, folder: Path, *words: str, check: str = CHECK, **env: str) -> Finished:
    """A run of one scenario with such a client."""
    report = str(folder / "report.json")
    return call(
        "client", "--launch", launched(way), check, "--json", report, "--quiet", *words, env=env
    )


def test_a_client_that_does_what_is_right_is_judged(tmp_path: Path) -> None:
    done = judged("answers", tmp_path)
    assert (done.status, done.errors) == (0, "")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["suite"]["role"] == "client"
    assert "challenge_token" in report["target"]["claims"]


@pytest.mark.parametrize(
    ("way", "seconds", "said"),
    [
        (
            "exits",
            60,  # its end is awaited, however long an interpreter takes to start
            "the client ended with status 7 before it connected and said: no \\x1b[31mcol",
        ),
        ("never_connects", 1, "the client does not connect"),
        ("says_half", 1, "the client does not connect"),
    ],
)
def test_a_client_that_does_not_connect_cannot_be_judged(
    way: str, seconds: int, said: str, tmp_path: Path
) -> None:
    done = judged(way, tmp_path, f"--connect-timeout={seconds}")
    assert done.status == 4
    assert said in done.complaint
    assert not obeyed(done.errors)
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["run"]["unreachable"]


@pytest.mark.parametrize(
    "way", ["prints_junk", "floods", "ignores_the_end", "opens_another_first", "looks_first"]
)
def test_what_is_odd_beside_the_protocol_makes_no_difference(way: str, tmp_path: Path) -> None:
    done = judged(way, tmp_path)
    assert (done.status, complaints(done.errors)) == (0, "")


@pytest.mark.parametrize("way", ["speaks_no_http", "dials_for_ever"])
def test_a_client_that_breaks_the_handshake_fails(way: str, tmp_path: Path) -> None:
    done = judged(way, tmp_path, "--retries", "0", "--connect-timeout", "2")
    assert done.status in (1, 3, 4), done.output
    assert not obeyed(done.output + done.errors)


@pytest.mark.parametrize("way", ["has_a_long_header", "has_many_headers"])
def test_a_request_that_the_kit_does_not_read_proves_nothing(way: str, tmp_path: Path) -> None:
    done = judged(way, tmp_path, "--retries", "0")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    found = {row["id"]: row for row in report["results"]}[CHECK]
    assert (found["outcome"], done.status) == ("inconclusive", 3)
    assert "a request is longer than the kit reads" in found["reason"]


@pytest.mark.parametrize("way", ["asks_for_no_path", "asks_for_no_address"])
def test_whatever_a_client_asks_for_is_judged(way: str, tmp_path: Path) -> None:
    done = judged(way, tmp_path, "--retries", "0", "--forms", "none")
    assert done.status in (1, 3), done.output + done.errors
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["results"]


@pytest.mark.parametrize("way", ["announces_a_terabyte", "sends_64_mib"])
def test_a_message_that_the_kit_does_not_read_is_too_long(way: str, tmp_path: Path) -> None:
    assert judged(way, tmp_path, "--retries", "0", "--forms", "none").status == 1
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    outcomes = {row["id"]: row["outcome"] for row in report["results"]}
    assert outcomes["passive/length"] == "failed"


def test_a_driver_has_a_second_to_tell_that_its_client_connects(tmp_path: Path) -> None:
    check = "state/connection-is-told"
    done = judged("tells_late", tmp_path, "--forms", "none", check=check)
    assert (done.status, done.errors) == (0, "")
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert "driver" in report["target"]["claims"]
    assert {row["id"]: row["outcome"] for row in report["results"]}[check] == "passed"


def test_a_meeting_that_is_cut_short_while_it_waits_for_a_driver_leaves_no_client(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met: list[Client] = []

    async def cut_short(dialogue: ClientDialogue, _: float) -> bool:
        met.append(dialogue.process)
        raise asyncio.CancelledError

    monkeypatch.setattr(ClientDialogue, "drives", cut_short)
    suite = load("coda_clients")
    run = Run(suite, target_of(()), [suite.scenarios[CHECK]], Options())
    asyncio.run(run.perform())  # which tells what was found until then
    assert [client.ended != "" for client in met] == [True]


def test_a_client_that_escapes_its_end_leaves_no_traceback(tmp_path: Path) -> None:
    done = judged("leaves_a_session_of_its_own", tmp_path)
    assert (done.status, complaints(done.errors)) == (0, "")


@pytest.mark.parametrize("padding", [330, 350, 370])
def test_no_part_of_a_token_is_told(padding: int, tmp_path: Path) -> None:
    done = judged("says_its_token", tmp_path, PADDING=str(padding))
    assert done.status == 4
    assert "xxx" in done.errors
    assert "kq7Zb0" not in done.errors


def test_a_client_that_was_started_by_hand_and_goes_on_proves_nothing(tmp_path: Path) -> None:
    port, report = ports.free(), tmp_path / "report.json"
    words = ("client", "--listen", str(port), CHECK, "--json", str(report), "--quiet")
    kit = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert kit.stderr is not None
    kit.stderr.readline()
    client = (sys.executable, "-m", "tests.support.odd_client", "remembers")
    while kit.poll() is None:
        subprocess.run([*client, f"ws://127.0.0.1:{port}/"], cwd=ROOT, capture_output=True)
    kit.stderr.close()
    assert kit.returncode == 3
    found = {row["id"]: row for row in json.loads(report.read_text("utf-8"))["results"]}[CHECK]
    assert found["outcome"] == "inconclusive"
    assert "end the client" in found["reason"]


def test_a_command_may_name_a_program_of_the_folder(tmp_path: Path) -> None:
    script = tmp_path / "client.sh"
    script.write_text("#!/bin/sh\nexit 7\n", encoding="utf-8")
    script.chmod(0o755)
    env = {"PYTHONPATH": str(ROOT)}
    words = ("client", "--launch", "./client.sh {url}", CHECK, "--no-report", "--quiet")
    done = call(*words, folder=tmp_path, env=env)
    assert done.status == 4
    assert "ended with status 7" in done.complaint


def test_a_command_that_the_system_refuses_is_told(tmp_path: Path) -> None:
    path = tmp_path / "client.yaml"
    path.write_text(
        f"command: {{run: [{sys.executable}, '{{url}}', '{'x' * 200_000}']}}\n", encoding="utf-8"
    )
    done = call("client", str(path), CHECK, "--no-report", "--quiet")
    assert done.status == 4
    assert "cannot be run" in done.complaint


def test_what_a_client_started_ends_with_it(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    assert judged("has_a_child", tmp_path, PID_FILE=str(said)).status == 0
    with suppress(ProcessLookupError):
        os.kill(int(said.read_text()), 0)
        state = Path(f"/proc/{said.read_text()}/stat").read_text().split(")")[1].split()[0]
        assert state == "Z"  # ended, and not yet reaped by whoever adopted it


def test_a_client_that_is_started_by_hand_is_waited_for() -> None:
    port = ports.free()
    words = ("client", "--listen", str(port), CHECK, "--no-report", "--quiet")
    kit = subprocess.Popen([*COMMAND, *words], stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert kit.stderr is not None
    assert f"listening at ws://127.0.0.1:{port}/" in kit.stderr.readline()
    client = (sys.executable, "-m", "tests.support.odd_client", "answers")
    while kit.poll() is None:  # started again whenever it ends, as a person would
        subprocess.run([*client, f"ws://127.0.0.1:{port}/"], cwd=ROOT, capture_output=True)
    assert kit.returncode == 0
    kit.stderr.close()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = call("client", "--listen", str(taken.getsockname()[1]), CHECK, "--no-report")
    assert done.status == 4
    assert "cannot listen at port" in done.errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--launch", "nosuchprogram {url}"], "--launch: the command nosuchprogram cannot be run"),
        (["--launch", "{url}"], "--launch: expected a program as the first word"),
        (
            ["--launch", "./tests {url}"],
            "the command ./tests cannot be run: it is a folder",
        ),
        (["--launch", "python x.py"], "--launch: expected {url} in the command"),
        (["nosuch.yaml"], 'there is no target file "nosuch.yaml"; write one, or give the command'),
        ([], "expected a target file, or the command that starts the client: --launch"),
    ],
)
def test_a_mistake_in_the_command_is_told(words: list[str], said: str) -> None:
    done = call("client", *words)
    assert done.status == 2
    assert said in done.complaint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("command: {run: [python, x.py]}", "2:11: expected {url} in the command"),
        ("command: {run: 7}", "2:"),
        ("name: x", "2:1: 'command' is a required property"),
        ("command: {run: [nosuchprogram, '{url}']}", "2:17: the command nosuchprogram cannot be"),
        ("command: {run: [python, '{url}']}\nclaims: [limits]", "3:10: claims: "),
    ],
)
def test_a_mistake_in_a_target_file_is_told_with_its_place(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "client.yaml"
    path.write_text(f"# a client\n{text}\n", encoding="utf-8")
    done = call("client", str(path))
    assert done.status == 2
    assert f"client.yaml:{said}" in done.complaint
