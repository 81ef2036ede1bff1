"""A hook that answers and does nothing is named, and the target is not blamed for it."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.target.target_file import DEMO
from tests.support.kit import Finished, call, judge, judging, server
from tests.support.liar import LIES
from tests.support.sockets import Talk, listening, refusing_port, url_of

# Scenarios that a lie made fail, of which each would blame the target.
BLAMED = {
    "emit_event": ("replay/newcomers-get-few", "replay/truncated-is-true", "replay/events-happen"),
    "advance_clock": ("tokens/expired-token-is-refused", "tokens/expiry-is-remembered"),
    "restart": ("errors/restart", "replay/new-start", "replay/last-seq-of"),
    "shutdown": ("transport/shutdown",),
}


SOON = ("--retries=0", "--timeout-scale=0.3")


def lying(folder: Path, *words: str) -> str:
    """A target file of the reference server with short windows, whose control lies."""
    value: dict[str, Any] = yaml.safe_load(DEMO.read_text("utf-8"))
    run = value["command"]["run"]
    at = run.index("reference_server")
    value["command"]["run"] = [*run[:at], "tests.support.liar", *words, *run[at + 1 :]]
    path = folder / "target.yaml"
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def _root_is_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


@pytest.mark.parametrize("hook", BLAMED)
def test_a_hook_that_does_nothing_is_named_and_nobody_is_blamed(tmp_path: Path, hook: str) -> None:
    done = judge(tmp_path, lying(tmp_path, hook), *BLAMED[hook], "--timeout-scale=0.3")
    told = done.report["target"]["hook_faults"]
    assert list(told) == [hook]
    assert told[hook].startswith(f"the hook {hook} answers, but ")
    assert done.status == 3
    assert set(done.outcomes().values()) == {"inconclusive"}
    assert told[hook] in done.reasons()
    assert told[hook][1:] in " ".join(done.output.split())


def test_a_hook_that_does_half_of_its_work_is_named_and_nobody_is_blamed(tmp_path: Path) -> None:
    done = judge(tmp_path, lying(tmp_path, "alone"), "replay/newest-events", *SOON)
    told = done.report["target"]["hook_faults"]["emit_event"]
    assert told.endswith("it does not raise as many events as it was asked for")
    assert done.status == 3
    assert set(done.outcomes().values()) == {"inconclusive"}
    assert told in done.reasons()


def test_a_hook_that_cannot_be_told_from_a_faulty_target_is_named_and_the_target_judged(
    tmp_path: Path,
) -> None:
    path = lying(tmp_path, "issue_token")
    done = judge(tmp_path, path, "access-tokens/right-proof-is-accepted")
    assert done.status == 1
    (told,) = done.report["target"]["hook_faults"].values()
    assert "either it issues none, or the target refuses right proofs" in told
    assert f"T{told[1:]}." in " ".join(done.output.split())


def test_every_lie_is_tried() -> None:
    assert {*BLAMED, "issue_token"} == {*LIES}


@pytest.mark.parametrize("hook", BLAMED)
def test_a_hook_that_does_what_it_answers_is_named_nowhere(tmp_path: Path, hook: str) -> None:
    done = judge(tmp_path, lying(tmp_path, "none"), *BLAMED[hook])
    assert (done.status, done.report["target"]["hook_faults"]) == (0, {})


def test_a_clock_that_shows_in_one_way_alone_is_no_lie(tmp_path: Path) -> None:
    done = judge(tmp_path, lying(tmp_path, "hourly"), *BLAMED["advance_clock"])
    assert (done.status, done.report["target"]["hook_faults"]) == (0, {})


def test_events_that_the_target_loses_are_its_own_fault(tmp_path: Path) -> None:
    done = judge(tmp_path, lying(tmp_path, "lost"), "replay/newest-events", *SOON)
    assert (done.status, done.report["target"]["hook_faults"]) == (1, {})


def target_of(folder: Path, url: str, hooks: dict[str, Any]) -> str:
    path = folder / "target.yaml"
    path.write_text(json.dumps({"url": url, "hooks": hooks}), encoding="utf-8")
    return str(path)


async def garbage(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{\x1b[")
    await writer.drain()
    writer.close()


async def failing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(65536)
    writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 4\r\n\r\n\x1b[2J")
    await writer.drain()
    writer.close()


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    await asyncio.sleep(600)


@pytest.mark.parametrize(
    ("talk", "told"),
    [(garbage, "gave a result that is not JSON"), (failing, r"answered HTTP 500: \x1b[2J"),
     (silent, "takes longer than 1 s")],
)  # fmt: skip
async def test_a_hook_that_fails_is_asked_once_and_not_by_every_scenario(
    tmp_path: Path, talk: Talk, told: str
) -> None:
    asked = 0

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await talk(reader, writer)

    with server("reference_server", "--control-port=0") as url:
        async with listening(counted) as other:
            hooks = {"issue_token": {"request": url_of(other, "http"), "timeout": 1}}
            path = target_of(tmp_path, url, hooks)
            done = await judging(tmp_path, path, "access-tokens/")
    assert asked == 1
    assert done.report["target"]["hook_faults"] == {"issue_token": f"the hook issue_token {told}"}
    results = [row for row in done.report["results"] if row["id"].startswith("access-tokens/")]
    reasons = {row["reason"] for row in results if row["outcome"] == "inconclusive"}
    assert reasons == {f"the hook issue_token {told}"}


def test_a_hook_that_failed_once_is_looked_at_again(tmp_path: Path) -> None:
    done = judge(tmp_path, lying(tmp_path, "once"), *BLAMED["restart"], *SOON)
    assert "the hook restart answered HTTP 503: busy" in done.reasons()
    (told,) = done.report["target"]["hook_faults"].values()
    assert told.startswith("the hook restart answers, but ")


def test_a_hook_that_cannot_be_reached_is_named_once(tmp_path: Path) -> None:
    with server("reference_server", "--control-port=0") as url:
        hooks = {"issue_token": {"request": f"http://127.0.0.1:{refusing_port()}/"}}
        done = judge(tmp_path, target_of(tmp_path, url, hooks), "access-tokens/")
    told = done.report["target"]["hook_faults"]["issue_token"]
    assert re.match(r"the hook issue_token cannot be reached: .*refused", told)


async def test_a_hook_that_nothing_needs_is_not_asked(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def noted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await failing(reader, writer)

    with server("reference_server", "--control-port=0") as url:
        async with listening(noted) as other:
            hooks = {name: {"request": url_of(other, "http")} for name in LIES}
            done = await judging(tmp_path, target_of(tmp_path, url, hooks), "errors/empty-text")
    assert (done.status, asked.is_set()) == (0, False)


def test_a_command_is_a_hook_as_well_and_gets_the_groups_of_the_ready_line(tmp_path: Path) -> None:
    program = (
        "import sys, urllib.request as u;"
        "r = u.Request(sys.argv[1], sys.stdin.buffer.read(), {'Content-Type': 'application/json'});"
        "sys.stdout.buffer.write(u.urlopen(r).read())"
    )
    value: dict[str, Any] = yaml.safe_load(DEMO.read_text("utf-8"))
    words = ["{python}", "-c", program, "{control}/issue_token"]
    value["hooks"] = {"issue_token": {"command": words}}
    path = tmp_path / "target.yaml"
    path.write_text(json.dumps(value), encoding="utf-8")
    done = call("run", str(path), "access-tokens/right-proof-is-accepted")
    assert (done.status, done.errors) == (0, "")


def test_a_hook_command_that_prints_without_end_is_given_up(tmp_path: Path) -> None:
    program = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    with server("reference_server", "--control-port=0") as url:
        hooks = {"issue_token": {"command": ["{python}", "-c", program], "timeout": 3}}
        done: Finished = judge(tmp_path, target_of(tmp_path, url, hooks), "access-tokens/right")
    assert "takes longer than 3 s" in done.reasons()
    assert done.peak_bytes < 300 * 1024 * 1024
