"""Ctrl-C ends a run at any moment, with a whole report or none, and never with half of one."""

import asyncio
import json
import os
import select
import signal
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil
import pytest

from conformance.target.hooks import ANSWERS_WITHIN
from tests.support.hostile.frames import garbage_text
from tests.support.hostile.hangs import answers_no_close
from tests.support.kit import COMMAND, LIMIT, call, complaints, started
from tests.support.kit import server as judged_server
from tests.support.peer import Peer, hosting
from tests.support.sockets import listening, port_of, url_of

SELECTION = ("states/", "transport/ping-frame-before-authentication")


def marked(path: Path) -> dict[str, Any]:
    """The report, which must be whole and say that the run was interrupted."""
    report: dict[str, Any] = json.loads(path.read_bytes())
    assert report["run"]["interrupted"]
    assert not report["run"]["complete"]
    assert report["exit_status"] == 130
    assert report["results"]
    return report


# The command, with Ctrl-C pressed when it first asks for a module.
PRESSED_AT_IMPORT = """
import signal, sys
from importlib.abc import MetaPathFinder
from conformance.cli.main import main

class Finder(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == MODULE:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGINT)

MODULE = sys.argv.pop(1)
sys.meta_path.insert(0, Finder())
sys.exit(main())
"""


@pytest.mark.parametrize(
    "module",
    [
        "conformance.cli.run",
        "msgspec",
        # A library imports this one from C, and goes on without it whatever the reason.
        "datetime",
        "conformance.cli.judge",
        "websockets",
        "conformance.suites.coda",
    ],
)
def test_while_it_starts(tmp_path: Path, module: str) -> None:
    path = tmp_path / "report.json"
    words = ("run", "ws://127.0.0.1:1", *SELECTION, "--report", f"json={path}")
    done = call(*words, command=(sys.executable, "-c", PRESSED_AT_IMPORT, module))
    assert (done.status, done.errors) == (130, "")
    marked(path)
    assert list(tmp_path.iterdir()) == [path], "no part of it stays under another name"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_while_the_target_is_being_discovered(tmp_path: Path, number: signal.Signals) -> None:
    connected = asyncio.Event()

    async def behaviour(peer: Peer) -> None:
        connected.set()
        await peer.silence()

    path, xml = tmp_path / "report.json", tmp_path / "junit.xml"
    async with hosting(behaviour) as url:
        words = ("run", url, *SELECTION, f"--report=json={path}", f"--report=junit={xml}")
        with started(*words) as process:
            await connected.wait()
            process.send_signal(number)
            output, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert (process.returncode, complaints(errors)) == (130, "")
    assert {row["reason"] for row in marked(path)["results"]} == {"the run was interrupted"}
    assert "Interrupted: " in output
    assert b"the run was interrupted" in xml.read_bytes()


async def test_while_scenarios_wait_for_answers(tmp_path: Path) -> None:
    connections = asyncio.Semaphore(0)

    async def behaviour(peer: Peer) -> None:
        connections.release()
        await answers_no_close(peer)

    path = tmp_path / "report.json"
    async with hosting(behaviour) as url:
        words = ("run", url, *SELECTION, "--timeout-scale=0.3", f"--report=json={path}")
        with started(*words) as process:
            for _ in range(4):
                await connections.acquire()
            process.send_signal(signal.SIGINT)
            _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert (process.returncode, complaints(errors)) == (130, "")
    assert marked(path)["counts"]["inconclusive"] > 0


async def test_an_impatient_second_time_changes_nothing(tmp_path: Path) -> None:
    connected = asyncio.Event()

    async def behaviour(peer: Peer) -> None:
        connected.set()
        await peer.silence()

    path = tmp_path / "report.json"
    async with hosting(behaviour) as url:
        with started("run", url, *SELECTION, "--report", f"json={path}") as process:
            await connected.wait()
            for _ in range(3):
                process.send_signal(signal.SIGINT)
            _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert (process.returncode, complaints(errors)) == (130, "")
    marked(path)


async def test_while_the_report_is_written_it_is_written_to_its_end(tmp_path: Path) -> None:
    # A pipe in the place of the report makes the kit wait for its reader.
    path = tmp_path / "report.json"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    data = b""
    async with hosting(garbage_text) as url:
        how = ("--force", "--max-wait=1", "--timeout-scale=0.2", "--retries=0")
        words = ("run", url, *SELECTION, *how, f"--report=json={path}")
        with started(*words) as process:
            await asyncio.to_thread(select.select, [reader], [], [], LIMIT)
            process.send_signal(signal.SIGINT)
            os.set_blocking(reader, True)
            while block := await asyncio.to_thread(os.read, reader, 65536):
                data += block
            _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    os.close(reader)
    assert complaints(errors) == ""
    assert process.returncode in (1, 130)
    assert json.loads(data)["run"]["complete"]


async def test_a_hang_up_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    connected = asyncio.Event()

    async def behaviour(peer: Peer) -> None:
        connected.set()
        await garbage_text(peer)

    path = tmp_path / "report.json"
    async with hosting(behaviour) as url:
        words = ("run", url, *SELECTION, "--force", "--retries=0", f"--report=json={path}")
        ignoring = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")
        with started(*words, command=(*ignoring, *COMMAND)) as process:
            await connected.wait()
            process.send_signal(signal.SIGHUP)
            _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert complaints(errors) == ""
    assert json.loads(path.read_bytes())["run"]["interrupted"] is False


HANGING = "import socket, time; s = socket.create_connection(('127.0.0.1', PORT)); time.sleep(600)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("kind", ["request", "command"])
async def test_while_a_hook_hangs(tmp_path: Path, number: signal.Signals, kind: str) -> None:
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        await asyncio.sleep(LIMIT)

    path, report = tmp_path / "target.yaml", tmp_path / "report.json"
    with judged_server("reference_server", "--control-port=0") as url:
        async with listening(hang) as server:
            place, program = url_of(server, "http"), HANGING.replace("PORT", str(port_of(server)))
            rows = {"request": place, "command": ["{python}", "-c", program]}
            path.write_text(json.dumps({"url": url, "hooks": {"issue_token": {kind: rows[kind]}}}))
            with started("run", str(path), "access-tokens/", f"--report=json={report}") as process:
                await asyncio.wait_for(asked.wait(), LIMIT)
                begun = perf_counter()
                process.send_signal(number)
                process.send_signal(number)
                _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert (process.returncode, complaints(errors)) == (130, "")
    assert perf_counter() - begun < ANSWERS_WITHIN, "the hook was waited for"
    marked(report)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_the_server_that_the_kit_started_ends_too(
    tmp_path: Path, number: signal.Signals
) -> None:
    connected: asyncio.Queue[int] = asyncio.Queue()

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connected.put_nowait(int(await reader.readline()))
        await reader.read()

    path, report = tmp_path / "target.yaml", tmp_path / "report.json"
    async with listening(note) as server:
        port = port_of(server)
        program = (
            "import os, socket, sys; import reference_server.server as server;"
            f"socket.create_connection(('127.0.0.1', {port})).sendall(b'%d\\n' % os.getpid());"
            "from reference_server.__main__ import main; sys.exit(main(['--port=0']))"
        )
        path.write_text(json.dumps({"command": {"run": ["{python}", "-c", program]}}))
        with started("run", str(path), f"--report=json={report}") as process:
            pid = await asyncio.wait_for(connected.get(), LIMIT)
            process.send_signal(number)
            _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert (process.returncode, complaints(errors)) == (130, "")
    assert not psutil.pid_exists(pid)
    marked(report)
