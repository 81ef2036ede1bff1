import asyncio
import errno
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from aiohttp import ClientSession

from reference_server import ReferenceServer, Settings, SettingsError
from reference_server.control import Control
from tests.reference_server.support import PATIENCE, member, note, stranger


class Reply(NamedTuple):
    status: int
    text: str


class Bench:
    """A server with its control address, and a client of the latter."""

    def __init__(self, server: ReferenceServer, control: Control, http: ClientSession) -> None:
        self.server = server
        self.control = control
        self.http = http
        self.stopping = control._stopping

    async def post(
        self, hook: str, body: bytes = b"{}", headers: dict[str, str] | None = None
    ) -> Reply:
        sent = {"Content-Type": "application/json", **(headers or {})}
        url = f"{self.control.url}/{hook}"
        async with self.http.post(url, data=body, headers=sent) as answer:
            return Reply(answer.status, await answer.text())

    async def ask(self, hook: str, **members: object) -> dict[str, Any]:
        reply = await self.post(hook, json.dumps(members).encode())
        assert reply.status == 200, reply.text
        answer: dict[str, Any] = json.loads(reply.text)
        return answer


@asynccontextmanager
async def bench(**settings: Any) -> AsyncIterator[Bench]:
    options = Settings(port=0, control_port=0, **settings)
    async with (
        asyncio.timeout(PATIENCE),
        ReferenceServer(options) as server,
        Control(server, 0, asyncio.Event()) as control,
        ClientSession() as http,
    ):
        yield Bench(server, control, http)


async def test_a_token_is_issued_that_opens_a_session() -> None:
    async with bench() as it:
        token = (await it.ask("issue_token", identity="kitchen", ttl=60, unknown=1))["token"]
        async with member(it.server, token) as client:
            assert client.client_id == "kitchen"
            assert client.session["token_expires_in"] <= 60


async def test_events_are_raised_one_behind_the_other() -> None:
    async with bench() as it, member(it.server) as client:
        answer = await it.ask("emit_event", type="note", data={"a": 1}, priority="high", count=250)
        assert answer == {"seq": 250, "epoch": client.session["epoch"]}
        events = [await client.receive() for _ in range(250)]
        assert [event["seq"] for event in events] == list(range(1, 251))
        assert events[-1]["data"] == {"a": 1}
        async with member(it.server) as late:
            assert len((await late.receive())["events"]) == 50


async def test_time_passes_for_windows_timers_and_timestamps_alike() -> None:
    async with bench() as it, stranger(it.server) as silent, member(it.server) as client:
        first = await client.ask(note())
        assert (await client.ask(note()))["data"]["count"] == 2
        assert await it.ask("advance_clock", seconds=31) == {}
        assert await silent.close_code() == 4408
        later = await client.ask(note())
        assert 31 <= later["timestamp"] - first["timestamp"] < 31 + PATIENCE


async def test_a_restart_keeps_the_address_the_clock_and_the_tokens_and_forgets_the_rest() -> None:
    async with bench() as it:
        good, revoked, old = (it.server.issue_token(name) for name in ("a", "b", "c"))
        async with member(it.server, revoked) as client:
            await client.ask({"type": "token_revoke"})
        async with member(it.server) as client, member(it.server, old) as holder:
            new = await holder.refresh(old)
            await it.ask("emit_event", type="note", data={})
            await it.ask("advance_clock", seconds=1000)
            url = it.server.url
            assert await it.ask("restart") == {}
            assert await client.close_code() == await holder.close_code() == 1001
            assert it.server.url == url
        resumed = {"resume": client.session["resume"]}
        async with member(it.server, **resumed) as again, member(it.server, good) as holder:
            assert again.client_id != client.client_id
            assert again.session["seq"] == 0
            assert again.session["epoch"] != client.session["epoch"]
            assert holder.session["token_expires_in"] < 2601
            assert (await it.ask("emit_event", type="note", data={}))["seq"] == 1
        async with member(it.server, new), stranger(it.server) as thief:
            assert (await thief.try_to_log_in(revoked))["data"]["code"] == "token_revoked"


async def test_a_shutdown_is_answered_and_asked_of_the_process() -> None:
    async with bench() as it:
        assert not it.stopping.is_set()
        assert await it.ask("shutdown") == {}
        await it.stopping.wait()


@pytest.mark.parametrize(
    ("hook", "body"),
    [
        ("issue_token", b""),
        ("issue_token", b"no json"),
        ("issue_token", b"[]"),
        ("issue_token", b"{}"),
        ("issue_token", b'{"identity": ""}'),
        ("issue_token", b'{"identity": 7}'),
        ("issue_token", b'{"identity": "x", "ttl": 0}'),
        ("issue_token", b'{"identity": "x", "ttl": 1e300}'),
        ("emit_event", b'{"type": "note"}'),
        ("emit_event", b'{"type": "note", "data": []}'),
        ("emit_event", b'{"type": "note", "data": {}, "count": 0}'),
        ("emit_event", b'{"type": "note", "data": {}, "count": 10001}'),
        ("emit_event", b'{"type": "note", "data": {"x": NaN}}'),
        ("emit_event", b'{"type": "note", "data": ' + b'{"x":' * 70 + b"1" + b"}" * 71),
        ("advance_clock", b"{}"),
        ("advance_clock", b'{"seconds": -1}'),
        ("advance_clock", b'{"seconds": "1"}'),
        ("restart", b"[]"),
        ("shutdown", b"7"),
    ],
)
async def test_the_wrong_shape_is_refused_with_one_line_and_without_effect(
    hook: str, body: bytes
) -> None:
    async with bench() as it, member(it.server) as client:
        reply = await it.post(hook, body)
        assert reply.status == 400
        assert reply.text.endswith("\n")
        assert reply.text.count("\n") == 1
        assert len(reply.text) > 10
        assert (await client.ask(note()))["seq"] == 1
        assert not it.stopping.is_set()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
async def test_what_a_web_page_could_send_is_refused(headers: dict[str, str], status: int) -> None:
    async with bench() as it:
        reply = await it.post("shutdown", headers=headers)
        assert reply.status == status
        assert not it.stopping.is_set()


async def test_only_the_hooks_are_there_and_only_for_post() -> None:
    async with bench() as it:
        assert (await it.post("eval")).status == 404
        async with it.http.get(f"{it.control.url}/restart") as answer:
            assert answer.status == 405


async def test_a_request_much_longer_than_a_message_is_refused() -> None:
    async with bench(max_message_bytes=1024) as it:
        body = json.dumps({"type": "note", "data": {"x": "x" * 5000}}).encode()
        assert (await it.post("emit_event", body)).status == 413


async def test_a_port_in_use_is_an_error_and_leaves_nothing_open() -> None:
    async with bench() as it:
        port = int(it.control.url.rpartition(":")[2])
        told = f"^cannot listen on 127.0.0.1:{port}: (?i:.*{os.strerror(errno.EADDRINUSE)})"
        with pytest.raises(SettingsError, match=told):
            async with Control(it.server, port, asyncio.Event()):
                pass
