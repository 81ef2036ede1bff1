"""What the server answers to browsers that do not ask for a WebSocket."""

import asyncio
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest

from reference_server import ReferenceServer, Settings
from reference_server.pages import FILES
from tests.reference_server.support import HANDSHAKE, PATIENCE, request
from tests.support.kit import LIMIT, ROOT

DASHBOARD = ROOT / "reference_server" / "dashboard"
CLIENT = ROOT / "clients" / "javascript"
TYPES = {
    ".html": "text/html", ".css": "text/css", ".mjs": "text/javascript", ".svg": "image/svg+xml",
}  # fmt: skip
IMPORTED = re.compile(r'(?:from|import) "(\./|\.\./)([^"]+)"')


async def answer(
    path: str, headers: Mapping[str, str | None] | None = None, *, settings: Settings | None = None
) -> tuple[int, Mapping[str, str], bytes]:
    """The status, the headers and the body of the answer to a request as a browser makes it."""
    async with ReferenceServer(settings or Settings(port=0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        own = {"Host": f"127.0.0.1:{server.port}", **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in own.items() if value is not None)
        writer.write(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in rest), body


@pytest.mark.parametrize("path", FILES)
async def test_each_file_is_served_as_what_it_is(path: str) -> None:
    status, headers, body = await answer(path)
    assert (status, body) == (200, FILES[path].read_bytes())
    assert headers["Content-Type"] == f"{TYPES[FILES[path].suffix]}; charset=utf-8"
    assert headers["Vary"] == "Upgrade"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "unsafe" not in policy
    assert "*" not in policy


def test_the_list_has_every_file_and_no_other() -> None:
    own = {path for path in DASHBOARD.iterdir() if path.is_file()}
    clients = {CLIENT / "client.mjs", CLIENT / "socket.mjs", *(CLIENT / "core").glob("*.mjs")}
    assert set(FILES.values()) == own | clients
    assert {path.suffix for path in own} <= set(TYPES)


def test_every_module_that_is_imported_is_on_the_list() -> None:
    imported = 0
    for path, file in FILES.items():
        if file.suffix != ".mjs":
            continue
        for up, name in IMPORTED.findall(file.read_text("utf-8")):
            folder = path.rsplit("/", 1)[0]
            where = folder.rsplit("/", 1)[0] if up == "../" else folder
            assert f"{where}/{name}" in FILES
            imported += 1
    assert imported > 20


@pytest.mark.parametrize(
    "path",
    [
        "/dashboard", "/dashboard/", "/dashboard/client", "/dashboard/client/core/",
        "/dashboard/page.html", "/dashboard/client/driver.mjs", "/dashboard/client/package.json",
        "/dashboard/../server.py", "/dashboard/%2e%2e/server.py", "/dashboard/..%2fserver.py",
        "/dashboard//page.css", "/dashboard/PAGE.CSS", "/dashboard/client/../page.css",
        "/dashboard/%70age.css", "/index.html", "/page.html",
    ],
)  # fmt: skip
async def test_nothing_else_is_served(path: str) -> None:
    status, _, body = await answer(path)
    assert (status, body) == (404, b"Not found")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, 200),
        ({"Connection": "keep-alive"}, 200),
        ({"Connection": "upgrade"}, 200),
        ({"Origin": "http://elsewhere.example"}, 200),
        ({"Host": "LocalHost:1"}, 200),
        ({"Host": "rebound.example"}, 421),
        ({"Host": None}, 400),
        ({"Upgrade": "h2c"}, 426),
        ({"Upgrade": "websocket"}, 426),
        ({"Sec-WebSocket-Key": HANDSHAKE["Sec-WebSocket-Key"]}, 426),
        ({"Sec-WebSocket-Version": "13"}, 426),
    ],
)
async def test_only_a_request_that_is_no_handshake_gets_the_page(
    changes: dict[str, str | None], status: int
) -> None:
    assert (await answer("/", changes))[0] == status


async def test_the_query_means_nothing_and_other_methods_get_no_page() -> None:
    assert (await answer("/?a=/dashboard/page.css"))[2] == FILES["/"].read_bytes()
    async with ReferenceServer(Settings(port=0)) as server, aiohttp.ClientSession() as session:
        for method in ("HEAD", "POST", "OPTIONS"):
            for path, expected in (("/", 405), ("/dashboard/page.css", 404)):
                url = f"http://127.0.0.1:{server.port}{path}"
                async with session.request(method, url) as found:
                    assert found.status == expected


async def test_it_can_be_turned_off() -> None:
    for path, expected in (("/", 426), ("/dashboard/page.css", 404), ("/healthz", 200)):
        status, _, _ = await answer(path, settings=Settings(port=0, no_dashboard=True))
        assert status == expected


async def test_a_handshake_gets_what_it_got_before() -> None:
    async with ReferenceServer(Settings(port=0)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request({**HANDSHAKE, "Host": f"127.0.0.1:{server.port}"}, "/"))
        assert (await reader.readline()).split()[1] == b"101"
        writer.transport.abort()


def test_the_wheel_has_all_of_it(tmp_path: Path) -> None:
    command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=LIMIT)
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(place)
    script = (
        "import json; from reference_server import pages;"
        "print(json.dumps({path: [str(file), len(file.read_bytes())]"
        " for path, file in pages.FILES.items()}))"
    )
    done = subprocess.run(
        (sys.executable, "-c", script), cwd=place, env={"PYTHONPATH": str(place)},
        check=True, capture_output=True, text=True, timeout=LIMIT,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert found.keys() == FILES.keys()
    for path, (file, length) in found.items():
        assert Path(file).is_relative_to(place)
        assert length == FILES[path].stat().st_size
