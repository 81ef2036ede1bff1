"""A first handshake that a server must accept: one that fails names the requirement it breaks."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from websockets.datastructures import Headers
from websockets.frames import Close, Frame, Opcode
from websockets.utils import accept_key

from conformance.loader.suite import Suite
from tests.support.kit import judging
from tests.support.peer import Behaviour, Peer, hosting
from tests.support.sockets import Talk, listening, url_of

Asked = Mapping[str, str]
Decides = Callable[[Asked], str]

NO_ORIGIN = ["origin/no-origin-is-accepted"]
NO_SUBPROTOCOL = ["transport/no-subprotocol-is-needed"]


def answering(decides: Decides) -> Talk:
    """Answers a handshake as `decides` says from its headers: a status line and header lines."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked = Headers(re.findall(r"(\S+): (.*)\r\n", request))
        writer.write(f"HTTP/1.1 {decides(asked)}\r\n\r\n".encode())
        await writer.drain()
        await reader.read()
        writer.close()

    return talk


def switching(asked: Asked, *more: str, without: str = "", accept: str = "") -> str:
    rows = [
        "101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept or accept_key(asked['Sec-WebSocket-Key'])}",
        *more,
    ]
    return "\r\n".join(row for row in rows if not (without and row.startswith(without)))


def refusing(status: str) -> str:
    return f"{status}\r\nContent-Length: 0"


def demanding(status: str, *names: str) -> Decides:
    """Refuses a handshake that has not all of these headers."""

    def decides(asked: Asked) -> str:
        if not all(name in asked for name in names):
            return refusing(status)
        chosen = ["Sec-WebSocket-Protocol: coda.v1"] if "Sec-WebSocket-Protocol" in asked else []
        return switching(asked, *chosen)

    return decides


ORIGIN, SUBPROTOCOL = "Origin", "Sec-WebSocket-Protocol"
UNOFFERED = "Sec-WebSocket-Extensions: permessage-deflate"

FAULTS: dict[str, tuple[Decides, list[str]]] = {
    "demands an origin, 403": (demanding("403 Forbidden", ORIGIN), NO_ORIGIN),
    "demands an origin, 400": (demanding("400 Bad Request", ORIGIN), NO_ORIGIN),
    "demands a subprotocol, 400": (demanding("400 Bad Request", SUBPROTOCOL), NO_SUBPROTOCOL),
    "demands a subprotocol, 426": (demanding("426 Upgrade Required", SUBPROTOCOL), NO_SUBPROTOCOL),
    "demands a subprotocol, 403": (demanding("403 Forbidden", SUBPROTOCOL), NO_SUBPROTOCOL),
    "demands both": (
        demanding("400 Bad Request", ORIGIN, SUBPROTOCOL),
        [*NO_ORIGIN, *NO_SUBPROTOCOL],
    ),
    "refuses all, 400": (lambda asked: refusing("400 Bad Request"), NO_SUBPROTOCOL),
    "refuses all, 403": (lambda asked: refusing("403 Forbidden"), NO_ORIGIN),
    "refuses all, 421": (lambda asked: refusing("421 Misdirected Request"), NO_ORIGIN),
    "refuses all, 426": (lambda asked: refusing("426 Upgrade Required"), NO_SUBPROTOCOL),
    "wrong accept": (lambda asked: switching(asked, accept="A" * 27 + "="), NO_SUBPROTOCOL),
    "no accept": (lambda asked: switching(asked, without="Sec-"), NO_SUBPROTOCOL),
    "two accepts": (
        lambda asked: switching(asked, "Sec-WebSocket-Accept: QQ=="),
        NO_SUBPROTOCOL,
    ),
    "no upgrade": (lambda asked: switching(asked, without="Upgrade"), NO_SUBPROTOCOL),
    "no connection": (lambda asked: switching(asked, without="Connection"), NO_SUBPROTOCOL),
    "unoffered extension": (lambda asked: switching(asked, UNOFFERED), NO_SUBPROTOCOL),
    "unoffered subprotocol": (
        lambda asked: switching(asked, "Sec-WebSocket-Protocol: coda.v1"),
        NO_SUBPROTOCOL,
    ),
}


AGAINST_RFC_6455 = {
    "wrong accept",
    "no accept",
    "two accepts",
    "no upgrade",
    "no connection",
    "unoffered extension",
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_server_that_fails_the_handshake_is_judged_by_what_it_breaks(
    suite: Suite, tmp_path: Path, name: str
) -> None:
    decides, judges = FAULTS[name]
    async with listening(answering(decides)) as server:
        done = await judging(tmp_path, url_of(server), "deduplication")
    assert (done.status, done.errors) == (1, "")
    assert [row for row, outcome in done.outcomes().items() if outcome == "failed"] == judges
    blamed = {name for row in judges for name in suite.scenarios[row].requirements}
    if name in AGAINST_RFC_6455:
        blamed = {suite.handshake.broken}
    broken = {r["id"] for r in done.report["requirements"] if r["status"] == "failed"}
    assert broken == blamed
    assert suite.schemas.explain("kit/report", done.report) == []
    assert all(row in done.report["run"]["note"] for row in judges)
    assert not done.report["run"]["complete"]


async def test_what_a_target_file_says_of_the_origin_is_its_own_affair(tmp_path: Path) -> None:
    async with listening(answering(lambda asked: refusing("403 Forbidden"))) as server:
        target = tmp_path / "target.yaml"
        row = {"url": url_of(server), "headers": {"origin": "http://elsewhere.example"}}
        target.write_text(json.dumps(row), encoding="utf-8")
        done = await judging(tmp_path, str(target))
    assert done.status == 4
    assert "with HTTP 403" in done.complaint


async def test_a_target_that_cannot_be_reached_leaves_a_report_that_says_so(
    suite: Suite, tmp_path: Path
) -> None:
    async with listening(answering(lambda asked: refusing("404 Not Found"))) as server:
        done = await judging(tmp_path, url_of(server), "states/")
    assert done.status == done.report["exit_status"] == 4
    assert suite.schemas.explain("kit/report", done.report) == []
    assert done.report["run"]["note"] in done.complaint
    assert set(done.outcomes().values()) <= {"inconclusive", "not applicable"}


async def waits(peer: Peer) -> None:
    """Waits to be spoken to."""
    await peer.silence()


def saying(text: str) -> Behaviour:
    """Speaks first."""

    async def behave(peer: Peer) -> None:
        await peer.text(text)
        await peer.silence()

    return behave


async def never_stops(peer: Peer) -> None:
    """Never stops talking."""
    while True:
        await peer.text('{"event": "tick"}')


async def closes(peer: Peer) -> None:
    """Sends its visitors away."""
    await peer.write(
        Frame(Opcode.CLOSE, Close(1008, "\x1b[31mgo").serialize()).serialize(mask=False)
    )
    await peer.silence()


STRANGERS: dict[str, Behaviour] = {
    "waits to be spoken to": waits,
    "says hello": saying('{"type": "hello"}'),
    "says something that is no JSON": saying("welcome"),
    "never stops talking": never_stops,
    "closes": closes,
}


@pytest.mark.parametrize("name", STRANGERS)
async def test_a_server_of_another_protocol_is_told_from_a_faulty_one(
    suite: Suite, tmp_path: Path, name: str
) -> None:
    async with hosting(STRANGERS[name]) as url:
        done = await judging(tmp_path, url, "--timeout-scale=0.2")
    assert done.status == 4
    assert "opens a WebSocket but sends no auth_challenge" in done.complaint
    assert "does not look like a server of the Coda Lite WebSocket protocol" in done.complaint
    assert done.complaint.isprintable()
    assert "--force" in done.complaint
    assert suite.schemas.explain("kit/report", done.report) == []
    assert done.report["counts"]["failed"] == 0


async def test_with_force_a_server_that_never_greets_is_judged(tmp_path: Path) -> None:
    async with hosting(waits) as url:
        words = ("states/server-speaks-first", "--timeout-scale=0.2", "--force", "--retries=0")
        done = await judging(tmp_path, url, *words)
    assert done.status == 1
    assert done.outcomes()["states/server-speaks-first"] == "failed"
