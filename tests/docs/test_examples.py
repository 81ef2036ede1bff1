"""The clients to copy and the snippets do what the documentation says, on two servers."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.server import ServerConnection

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from docs.examples import run
from docs.examples.client import Client
from docs.site.snippets import messages, printed, snippets
from tests.docs.drivers import HAS_LIBRARY, HAS_NODE, Broken, Driver, driving
from tests.docs.scripted import event_of, hosting, line_to, saying, silent, strange
from tests.schemas.npm import MODULES, NODE, needed
from tests.schemas.schema_files import SCHEMAS
from tests.support.judged_client import sample
from tests.support.kit import ROOT, call
from tests.support.sockets import listening, url_of

STORE = SchemaStore(locations.schema_root())
LANGUAGES = [
    "python",
    pytest.param("javascript", marks=HAS_NODE),
    pytest.param("ws", marks=HAS_LIBRARY),
]
EXAMPLES = ROOT / "docs" / "examples"
SERVERS = {
    "reference": [sys.executable, "-m", "reference_server"],
    "second": ["node", "tests/second_server/server.mjs"],
}
DATA = {"message_type": "lamp/dim", "message_data": {"percent": 40}}


class Served(NamedTuple):
    """A server in a process of its own: its address, and that of its hooks."""

    url: str
    control: str

    async def ask(self, hook: str, **arguments: Any) -> Any:
        """Call a hook."""
        body = json.dumps(arguments).encode()
        request = urllib.request.Request(
            f"{self.control}/{hook}", body, {"Content-Type": "application/json"}
        )
        with await asyncio.to_thread(urllib.request.urlopen, request) as answer:
            return json.load(answer)


@contextmanager
def serving(name: str, *options: str) -> Iterator[Served]:
    words = [*SERVERS[name], "--port=0", "--control-port=0", *options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            found = re.search(r"(ws://\S+) control (http://\S+)", process.stdout.readline())
            assert found
            yield Served(found[1], found[2])
        finally:
            process.terminate()


@pytest.fixture(params=["reference", pytest.param("second", marks=HAS_LIBRARY)])
def server(request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(request.param) as served:
        yield served


@pytest.fixture(params=LANGUAGES)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Driver]:
    async with driving(request.param) as driver:
        yield driver


@pytest.mark.parametrize("language", ["python", pytest.param("javascript", marks=HAS_NODE)])
def test_every_snippet_prints_what_its_page_says(language: str) -> None:
    rows = snippets(STORE)
    assert list(rows) == messages(STORE)
    with run.server() as (url, control):
        found = run.run(language, rows, url, control)
    assert found == {name: getattr(row, language) for name, row in printed().items()}


def test_a_snippet_that_fails_is_told() -> None:
    rows = {"ping": snippets(STORE)["ping"]}
    broken = {"ping": rows["ping"].__class__("print(1 / 0)", "throw new Error()")}
    with run.server() as (url, control), pytest.raises(subprocess.CalledProcessError):
        run.run("python", broken, url, control)


TYPED = """
import { Client } from "./client.mjs";

const client = new Client("ws://127.0.0.1:8765/");
client.on("stt_result", ({ data }) => {
  const words: string = data.text;
  console.log(words, client.client_id);
});
client.on("lamp_dimmed", () => {});
const answer = await client.send("ping", {});
if (answer.type === "error") console.log(answer.data.code);
export {};
"""


def compiled(folder: Path, text: str) -> str:
    """What the compiler says of a program beside the client and the types, copied as readers do."""
    shutil.copy(EXAMPLES / "client.mjs", folder)
    shutil.copy(SCHEMAS / "types" / "coda_messages.d.ts", folder)
    (folder / "main.mts").write_text(text, "utf-8")
    options = ["--allowJs", "--strict", "--noEmit", "--module", "nodenext", "--target", "esnext"]
    return subprocess.run(
        [NODE, str(MODULES / "typescript" / "bin" / "tsc"), *options, "main.mts"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    ).stdout  # fmt: skip


@needed("typescript")
def test_the_client_in_javascript_has_types(tmp_path: Path) -> None:
    assert compiled(tmp_path, TYPED) == ""
    assert "'txt'" in compiled(tmp_path, TYPED.replace("data.text", "data.txt"))
    assert "'reason'" in compiled(tmp_path, TYPED.replace("data.code", "data.reason"))


async def heard(client: Client) -> str:
    """What was said, by its type: mypy would refuse another member."""
    async for event in client:
        if event["type"] == "stt_result":
            return event["data"]["text"]
    return ""


async def test_the_client_in_python_has_types() -> None:
    with serving("reference") as server:
        async with Client(server.url, "stt_result") as client:
            data = {"text": "Yes", "confidence": 1, "duration_seconds": 0.5}
            await server.ask("emit_event", type="stt_result", data=data)
            assert await heard(client) == "Yes"


def test_the_clients_are_short() -> None:
    """The guides say that each has about 250 lines."""
    for name in ("client.py", "client.mjs"):
        lines = (EXAMPLES / name).read_text("utf-8").splitlines()
        assert 225 <= sum(bool(row.strip()) for row in lines) <= 275


async def test_each_message_gets_its_own_answer(server: Served, client: Driver) -> None:
    await client.join(server.url, "client_message")
    answer = await client.send("client_message", DATA, id="m-1")
    assert (answer["type"], answer["data"]["id"]) == ("client_message", "m-1")
    assert answer["data"]["client_id"] == await client.identity()
    assert await client.event() == answer
    again, wrong, pong = await asyncio.gather(
        client.send("client_message", DATA, id="m-1"),
        client.send("client_message", {**DATA, "message_type": ""}),
        client.send("ping", {"sent": 1}),
    )
    assert (again["type"], again["request_id"]) == ("duplicate_message", "m-1")
    assert (wrong["type"], wrong["data"]["code"]) == ("error", "invalid_message")
    assert (pong["type"], pong["data"]) == ("pong", {"sent": 1})


async def test_others_may_use_the_same_ids(server: Served, client: Driver) -> None:
    await client.join(server.url, "client_message")
    async with driving("python") as other:
        await other.join(server.url)
        theirs = await other.send("client_message", {**DATA, "message_data": {}}, id="m-1")
        assert await client.event() == theirs
        mine = await client.send("client_message", DATA, id="m-1")
        assert mine["data"]["message_data"] == DATA["message_data"]


async def test_types_that_it_does_not_know_are_ignored(server: Served, client: Driver) -> None:
    await client.join(server.url, "lamp_dimmed")
    await server.ask("emit_event", type="never_heard_of", data={})
    await server.ask("emit_event", type="lamp_dimmed", data={"percent": 40})
    event = await client.event()
    assert (event["type"], event["data"]) == ("lamp_dimmed", {"percent": 40})


async def test_after_a_break_it_is_itself_again_and_has_missed_nothing(
    server: Served, client: Driver
) -> None:
    async with line_to(server.url) as line:
        await client.join(line.url, "lamp_dimmed")
        identity = await client.identity()
        await server.ask("emit_event", type="lamp_dimmed", data={"percent": 1})
        assert (await client.event())["data"] == {"percent": 1}
        for percent in (2, 4):
            line.cut()
            await server.ask("emit_event", type="lamp_dimmed", data={"percent": percent})
            await server.ask("emit_event", type="lamp_dimmed", data={"percent": percent + 1})
            assert (await client.event())["data"] == {"percent": percent}
            assert (await client.event())["data"] == {"percent": percent + 1}
            assert await client.identity() == identity
        assert (await client.send("client_message", DATA))["data"]["client_id"] == identity


async def test_it_survives_a_server_that_is_restarted_on_the_same_port(
    server: Served, client: Driver
) -> None:
    await client.join(server.url, "lamp_dimmed", "client_message")
    identity = await client.identity()
    await server.ask("restart")
    await server.ask("emit_event", type="lamp_dimmed", data={"percent": 40})
    assert (await client.event())["data"] == {"percent": 40}
    assert await client.identity() != identity
    assert (await client.send("client_message", DATA))["type"] == "client_message"


async def test_what_is_not_answered_before_a_break_is_an_error(client: Driver) -> None:
    async with hosting(silent) as host:
        await client.join(host.url)
        asked = asyncio.create_task(client.send("client_message", DATA))
        await host.got.get()
        await host.end(1012)
        with pytest.raises(Broken):
            await asked


async def test_messages_and_members_that_nobody_defined_are_ignored(client: Driver) -> None:
    async with hosting(strange) as host:
        await client.join(host.url, "lamp_dimmed")
        assert (await client.event())["seq"] == 1


async def test_it_closes_in_order(client: Driver) -> None:
    async with hosting(silent) as host:
        await client.join(host.url)
        await client.close()
        assert await host.ended.get() == 1000


@pytest.mark.parametrize("language", LANGUAGES)
async def test_it_does_not_come_back_where_that_is_vain(language: str) -> None:
    async def ended_with(code: int) -> int:
        async with hosting(silent) as host, driving(language) as client:
            await client.join(host.url)
            await host.end(code)
            await asyncio.sleep(2.5)  # it would wait for 1.5 seconds at most
            return len(host.sockets)

    codes = (1001, 1009, 4400, 1008, 4401, 4403, 4410)
    assert await asyncio.gather(*map(ended_with, codes)) == [2, 2, 2, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("starter", "name"),
    [
        (f"{sys.executable} docs/examples/start.py {{url}}", "client.py"),
        pytest.param(
            f"{' '.join(run.NODE)} docs/examples/start.mjs {{url}}", "client.mjs", marks=HAS_NODE
        ),
    ],
    ids=["python", "javascript"],
)
def test_the_kit_finds_nothing_but_what_its_head_leaves_out(
    starter: str, name: str, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    words = ("--json", str(report), "--no-report", "passive", *sample(5))
    done = call("client", "--launch", starter, *words, folder=ROOT)
    assert done.status in (0, 3), done.output  # without a driver, a part cannot be judged
    rows = json.loads(report.read_text("utf-8"))["requirements"]
    found = {row["id"]: row["status"] for row in rows}
    wrong = {key for key, status in found.items() if status in ("failed", "warned")}
    assert wrong <= left_out(name), done.output
    assert list(found.values()).count("passed") >= 10


def left_out(name: str) -> set[str]:
    """The requirements that the head of a client names."""
    head = (EXAMPLES / name).read_text("utf-8").partition("Left out:")[2].partition("import")[0]
    ids = set(re.findall(r"CLIENT-\d\d", head))
    for first, last in re.findall(r"CLIENT-(\d\d) to\W+CLIENT-(\d\d)", head):
        ids |= {f"CLIENT-{number:02}" for number in range(int(first), int(last) + 1)}
    return ids


SESSION = {"seq": 5, "epoch": "e"}


@pytest.mark.parametrize(
    "text",
    ["no json", "[]", '{"type": 5}', '{"type": "replay"}', '{"type": "x", "seq": "6"}', "[" * 9**6],
    ids=["text", "array", "type", "replay", "event", "deep"],
)
async def test_it_carries_on_after_what_it_cannot_use(client: Driver, text: str) -> None:
    """CLIENT-29."""
    async with hosting(saying(text, event_of(6)), SESSION) as host:
        await client.join(host.url, "lamp_dimmed")
        assert (await client.event())["seq"] == 6
        assert len(host.sockets) == 1


async def test_events_come_in_order_and_once_and_a_gap_is_told(client: Driver) -> None:
    """CLIENT-31, CLIENT-33."""
    async with hosting(saying(*map(event_of, (6, 9, 9, 7, 8, 9, 10))), SESSION) as host:
        await client.join(host.url, "lamp_dimmed")
        assert [(await client.event())["seq"] for _ in range(3)] == [6, 9, 10]
        assert client.gaps() == 2  # forward to 9, and back to 7


@pytest.mark.parametrize(
    ("session", "texts", "told"),
    [
        ({"seq": 5, "epoch": "e"}, [], 0),
        ({"seq": 5, "epoch": "f"}, [], 1),
        ({}, [], 1),
        ({"seq": 6, "epoch": "e"}, [], 1),
        ({"seq": 3, "epoch": "e"}, [], 0),
        *(
            (
                {"seq": 5, "epoch": "e", "features": ["replay"]},
                [json.dumps({"type": "replay", "events": [], "data": {"truncated": truncated}})],
                int(truncated),
            )
            for truncated in (True, False)
        ),
    ],
)
async def test_what_may_be_missing_after_a_break_is_told(
    client: Driver, session: dict[str, Any], texts: list[str], told: int
) -> None:
    """CLIENT-36, CLIENT-37."""
    seq = session.get("seq", 0) + 1

    async def play(socket: ServerConnection) -> None:
        if len(host.sockets) == 2:
            await saying(*texts, event_of(seq))(socket)

    async with hosting(play, SESSION, session) as host:
        await client.join(host.url, "lamp_dimmed")
        await host.end(1012)
        assert (await client.event())["seq"] == seq
        assert client.gaps() == told


async def test_it_waits_longer_after_each_failure(client: Driver) -> None:
    async with hosting(silent) as host:
        await client.join(host.url)
        host.is_refusing.set()
        begun, gaps = await host.opened.get(), []
        await host.end(1001)
        for _ in range(2):
            again = await host.opened.get()
            gaps.append(again - begun)
            begun = again
        assert gaps[0] >= 1
        assert gaps[1] >= 2


async def test_a_first_connection_that_fails_is_an_error_at_once(client: Driver) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with listening(refuse) as server:
        with pytest.raises(Exception, match=r"403|ended"):
            await client.join(url_of(server))
