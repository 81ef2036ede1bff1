"""The driver: a process that reads commands and writes notices."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.clients.python.server import PATIENCE, ROOT, running, surroundings

SCHEMA = json.loads((ROOT / "schemas" / "kit" / "driver_notice.json").read_text("utf-8"))
COMMAND = [sys.executable, "-m", "coda_client"]


class Driven:
    """A client in a process; every notice is checked against its schema."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process, self._input, self._output = process, process.stdin, process.stdout
        self._validator = Draft202012Validator(SCHEMA)
        self.said = b""

    def write(self, *commands: Any) -> None:
        for command in commands:
            line = command if isinstance(command, bytes) else json.dumps(command).encode()
            self._input.write(line + b"\n")

    async def notices(self, number: int) -> list[dict[str, Any]]:
        found = []
        for _ in range(number):
            line = await asyncio.wait_for(self._output.readline(), PATIENCE)
            self.said += line
            notice = json.loads(line)
            self._validator.validate(notice)
            found.append({name: value for name, value in notice.items() if name != "notice"})
        return found

    async def end(self) -> bytes:
        """End the standard input; returns what is left to read of the error stream."""
        self._input.close()
        rest, errors = await asyncio.wait_for(self.process.communicate(), 5)
        self.said += rest
        assert self.process.returncode == 0
        return errors


@asynccontextmanager
async def driven(url: str, **variables: str) -> AsyncIterator[Driven]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        url,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=surroundings(CODA_BACKOFF_SCALE="0.02", **variables),
    )
    try:
        yield Driven(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_session_as_the_page_tells_it() -> None:
    async with running() as server:
        token = await server.token()
        async with driven("ws://127.0.0.1:9/", CODA_TOKEN=token) as client:
            client.write({"command": "connect", "url": server.url})
            assert await client.notices(2) == [{"state": "connecting"}, {"state": "connected"}]
            message = {"command": "send", "message_type": "note", "message_data": {"n": 1}}
            client.write({**message, "id": "m-1"})
            assert await client.notices(3) == [
                {"id": "m-1"},
                {"type": "client_message", "seq": 1},
                {"id": "m-1", "outcome": "accepted"},
            ]
            client.write({**message, "id": "m-1"})
            assert await client.notices(2) == [
                {"id": "m-1"},
                {"id": "m-1", "outcome": "duplicate"},
            ]
            client.write({"command": "refresh"})
            (refreshed,) = await client.notices(1)
            assert refreshed["action"] == "refresh"
            assert refreshed["success"] is True
            await server.hook("restart")
            assert await client.notices(3) == [
                {"state": "reconnecting", "reason": "shutdown"},
                {"state": "connected"},
                {},  # a gap: another epoch
            ]
            empty = {"message_type": "text_input", "message_data": {"text": ""}, "once": True}
            client.write({"command": "send", **empty})
            sent, refused = await client.notices(2)
            assert refused == {**sent, "outcome": "refused", "code": "invalid_message"}
            client.write({"command": "revoke"})
            assert await client.notices(2) == [
                {"action": "revoke", "success": True},
                {"state": "disconnected", "reason": "token_revoked"},
            ]
            another = await server.token()
            client.write({"command": "token", "token": another}, {"command": "connect"})
            assert await client.notices(2) == [{"state": "connecting"}, {"state": "connected"}]
            client.write({"command": "disconnect"})
            assert await client.notices(1) == [{"state": "disconnected", "reason": "user"}]
            errors = await client.end()
            for secret in (token, another):
                assert secret.partition(".")[2][:8].encode() not in client.said + errors


async def test_what_cannot_be_carried_out_ends_nothing() -> None:
    async with running() as server, driven(server.url) as client:
        lines = [b"", b"[]", b"7", b'{"command": 5}', b"{", b"\xff\xfe", b"[" * 100_000]
        client.write(*lines, b"x" * 3_000_000, {"command": "sing"}, {"command": "send"})
        client.write({"command": "token", "token": "tok\x1ben"}, {"command": "connect", "url": "x"})
        client.write({"command": "send", "message_type": "", "message_data": {}})
        client.write({"command": "refresh"}, {"command": "revoke"}, {"command": "revoke"})
        outcomes = [(one["action"], one["success"]) for one in await client.notices(3)]
        assert outcomes == [("refresh", False), ("revoke", False), ("revoke", False)]
        client.write({"command": "send", "message_type": "note", "message_data": {}, "id": "m-1"})
        assert await client.notices(2) == [{"id": "m-1"}, {"id": "m-1"}]  # sent, gave_up
        client.write({"command": "connect"}, {"command": "connect", "later": 1})
        assert await client.notices(2) == [{"state": "connecting"}, {"state": "connected"}]
        errors = await client.end()
        assert b'"reason": "user"' in client.said
        assert errors.count(b"\n") >= 8
        assert b"\x1b" not in errors


async def test_the_end_of_the_input_is_a_disconnect_of_what_is_under_way() -> None:
    async with driven("ws://127.0.0.1:9/") as client:
        client.write({"command": "connect"})
        assert await client.notices(1) == [{"state": "connecting"}]
        client.write(b'{"command": "send", "message_type": "note", "message_data": {}, "id": "a"}')
        client.process.stdin.write(b'{"command": "connect"}')  # type: ignore[union-attr]
        await client.end()
        notices = [json.loads(line) for line in client.said.splitlines()]
        assert notices[1:] == [
            {"notice": "sent", "id": "a"},
            {"notice": "gave_up", "id": "a"},
            {"notice": "state", "state": "disconnected", "reason": "user"},
        ]


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ([], {}),
        (["ws://localhost/", "more"], {}),
        (["http://localhost/"], {}),
        (["ws://a\x1b[2Jb/"], {}),
        (["ws://localhost/"], {"CODA_BACKOFF_SCALE": "0"}),
        (["ws://localhost/"], {"CODA_BACKOFF_SCALE": "fast"}),
        (["ws://localhost/"], {"CODA_TOKEN": "kitchen-1.abcdefgh"}),
    ],
)
def test_a_mistake_of_whoever_starts_it_is_exit_status_2(
    arguments: list[str], variables: dict[str, str]
) -> None:
    done = subprocess.run(
        [*COMMAND, *arguments],
        env=surroundings(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: python -m coda_client URL\n")
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "abcdefgh" not in done.stderr
