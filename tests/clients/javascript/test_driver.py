"""The driver of the client in JavaScript, as whoever judges a client meets it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from tests.support.judged_client import assert_conformant, sample
from tests.support.kit import LIMIT, ROOT, call, server

CLIENT = ROOT / "clients" / "javascript"
DRIVER = ("node", str(CLIENT / "driver.mjs"))
SCHEMAS = SchemaStore(locations.schema_root())

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (CLIENT / "node_modules" / "ws").is_dir(),
        reason="npm install --prefix clients/javascript",
    ),
]


class Driver:
    """The driver's process, and every notice that it has written."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.notices: list[dict[str, Any]] = []

    def write(self, *lines: str) -> None:
        """Write lines to it."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines))
        self.process.stdin.flush()

    def tell(self, command: str, **members: Any) -> None:
        """Give it a command."""
        self.write(json.dumps({"command": command, **members}))

    def until(self, **members: Any) -> dict[str, Any]:
        """Read notices up to one that has these members."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            notice: dict[str, Any] = json.loads(line)
            assert SCHEMAS.explain("kit/driver_notice", notice) == []
            self.notices.append(notice)
            if members.items() <= notice.items():
                return notice
        raise AssertionError(f"no {members} in {self.notices}")

    def end(self) -> str:
        """End its input; return what it wrote to its standard error."""
        begun = perf_counter()
        output, errors = self.process.communicate(timeout=LIMIT)
        self.notices += [json.loads(line) for line in output.splitlines()]
        assert self.process.returncode == 0
        assert perf_counter() - begun < 5
        return errors

    def states(self) -> list[tuple[str, str | None]]:
        """The states that it told, with their reasons."""
        return [(row["state"], row.get("reason")) for row in self.notices if "state" in row]


@contextmanager
def driver(url: str, **variables: str) -> Iterator[Driver]:
    """A driver for a server, which is gone afterwards."""
    process = subprocess.Popen(
        [*DRIVER, url], env={**os.environ, "CODA_BACKOFF_SCALE": "0.05", **variables}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Driver(process)
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server("reference_server") as found:
        yield found


def test_a_session_from_connect_to_the_end_of_the_input(url: str) -> None:
    with driver(url) as client:
        client.tell("connect", url=url)
        client.until(notice="state", state="connected")
        client.tell("send", message_type="text_input", message_data={"text": "hello"}, id="m-1")
        client.until(notice="acknowledged", id="m-1", outcome="accepted")
        client.tell("send", message_type="text_input", message_data={"text": ""}, once=True)
        refused = client.until(notice="acknowledged", outcome="refused")
        assert refused["code"] == "invalid_message"
        client.tell("refresh")
        client.until(notice="token", action="refresh", success=False)
        client.tell("revoke", token_id="kitchen-1")
        client.until(notice="token", action="revoke", success=False)
        assert client.end() == ""
    kinds = [row["notice"] for row in client.notices if row["notice"] not in ("state", "token")]
    assert kinds == ["sent", "event", "acknowledged", "sent", "acknowledged"]
    sent = [row["id"] for row in client.notices if row["notice"] == "sent"]
    assert sent == ["m-1", refused["id"]]
    assert client.states() == [
        ("connecting", None),
        ("connected", None),
        ("disconnected", "user"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "", "{", "[]", "null", '"connect"', '{"command": "reconnect"}', '{"command": "toString"}',
        '{"command": 1}', '{"command": "token", "token": "no-token"}', '{"command": "send"}',
        '{"command": "send", "id": "", "message_type": "note", "message_data": {}}',
        '{"command": "connect", "url": "http://127.0.0.1/"}', '{"command": "' + "x" * 2_100_000,
    ],
)  # fmt: skip
def test_a_line_that_is_no_command_ends_nothing(url: str, line: str) -> None:
    with driver(url) as client:
        client.write(line)
        client.tell("connect", a_member="that nobody knows")
        client.until(notice="state", state="connected")
        client.write(line)
        client.tell("send", message_type="note", message_data={}, id="after")
        client.until(notice="acknowledged", id="after", outcome="accepted")
        assert "no-token" not in client.end()


def test_disconnect_ends_a_connection_and_connect_begins_another(url: str) -> None:
    with driver(url) as client:
        client.tell("connect")
        client.until(notice="state", state="connected")
        client.tell("disconnect")
        client.tell("send", message_type="note", message_data={}, id="late")
        client.until(notice="gave_up", id="late")
        client.tell("connect")
        client.until(notice="state", state="connected")
        client.end()
    assert [state for state, _ in client.states()] == [
        "connecting", "connected", "disconnected", "connecting", "connected", "disconnected",
    ]  # fmt: skip


def test_its_input_may_end_before_it_was_asked_anything(url: str) -> None:
    with driver(url) as client:
        assert client.end() == ""
    assert client.notices == []


def test_a_wrong_token_is_told_and_never_shown(url: str) -> None:
    secret = "s" * 43
    with driver(url, CODA_TOKEN=f"kitchen.{secret}") as client:
        client.tell("connect")
        client.until(notice="state", state="disconnected", reason="no_method")
        client.tell("token", token=f"hall.{secret}")
        errors = client.end()
    assert secret not in errors + json.dumps(client.notices)


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        ((), {}, "usage: node driver.mjs URL"),
        (("http://127.0.0.1/",), {}, "ws://"),
        (("ws://127.0.0.1/",), {"CODA_TOKEN": "no-token"}, "<token_id>.<secret>"),
        (("ws://127.0.0.1/",), {"CODA_BACKOFF_SCALE": "0"}, "a number above 0"),
    ],
)
def test_a_mistake_of_its_user_is_one_line_and_status_2(
    words: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    done = subprocess.run(
        [*DRIVER, *words], env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr
    assert "no-token" not in done.stderr


def test_it_is_conformant(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    launch = f"{DRIVER[0]} {DRIVER[1]} {{url}}"
    words = ("--quiet", f"--report=json={report}", "passive", *sample(4))
    done = call("client", "--launch", launch, *words)
    assert report.exists(), done.errors
    assert_conformant(report)
