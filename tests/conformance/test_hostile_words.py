"""Nothing that a target, its command, a file or somebody's report says is obeyed by any reader.

The command runs as a process, with all reports, and everything that it leaves is searched.
"""

import json
import sys
from pathlib import Path

import pytest

from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.rendering.document import document
from tests.support.hostile import handshakes, orders
from tests.support.kit import Finished, call, judging
from tests.support.markdown import bare, strange
from tests.support.obeyed import HOSTILE, obeyed
from tests.support.peer import Peer, hosting
from tests.support.records import REQUIREMENT, failed, record, result
from tests.support.sockets import Talk, listening, refusing_port, url_of

EVERYTHING = ("\n".join(HOSTILE), "::error file=x::owned")
"""All the hostile texts, each in its own line, and one that is all that a line says."""

FEW = ("states/", "errors/", "authentication/wrong", "--timeout-scale=0.1", "--max-wait=1",
       "--retries=0")  # fmt: skip


WRITTEN = ("junit.xml", "report.md", "report.json")


def left(done: Finished, folder: Path) -> dict[str, list[str]]:
    """What would be obeyed in the streams and the files of a command, by where it is."""
    texts = {"output": done.output, "errors": done.errors}
    for path in folder.rglob("*"):
        if path.suffix in (".json", ".xml", ".md", ".yaml"):
            texts[path.name] = path.read_bytes().decode()
    found = {name: obeyed(text) for name, text in texts.items()}
    return {name: rows for name, rows in found.items() if rows}


def argument(text: str) -> str:
    """The text without what no argument or file's name can hold."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def reports(folder: Path) -> list[str]:
    return [f"--report=junit={folder / 'junit.xml'}", f"--report=markdown={folder / 'report.md'}"]


async def test_nothing_that_a_target_says_is_obeyed(tmp_path: Path) -> None:
    async with hosting(orders.ordering()) as url:
        done = await judging(tmp_path, url, *FEW, *reports(tmp_path))
    assert done.status in (1, 3)
    said = json.dumps(done.report) + done.output
    for word in ("owned", "section_start", "evil.example", "teamcity", "4999"):
        assert word in said, "what was said is still to be read"
    assert left(done, tmp_path) == {}
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert strange(text) == set()
    assert "://" not in bare(text)


@pytest.mark.parametrize(
    "talk",
    [orders.refuse, handshakes.accepting("Sec-WebSocket-Protocol: ::x ##[group]\x9b31m\x85"),
     handshakes.accepting("Sec-WebSocket-Accept: ##vso[task.complete]\x1b[2J")],
    ids=["refusal", "subprotocol", "accept"],
)  # fmt: skip
async def test_nothing_that_a_handshake_says_is_obeyed(tmp_path: Path, talk: Talk) -> None:
    async with listening(talk) as server:
        done = await judging(tmp_path, url_of(server), *FEW, *reports(tmp_path))
    assert done.errors + done.output
    assert left(done, tmp_path) == {}


@pytest.mark.parametrize("end", ["exit(3)", "import time; time.sleep(30)"])
def test_nothing_that_a_command_prints_is_obeyed(tmp_path: Path, end: str) -> None:
    path = tmp_path / "target.json"
    script = f"print({HOSTILE!r}, *{HOSTILE[:12]!r}, sep=chr(10), flush=True); {end}"
    command = {"run": [sys.executable, "-c", script], "timeout": 1.0}
    path.write_text(json.dumps({"command": command}), encoding="utf-8")
    done = call("run", str(path))
    assert done.status == 4
    path.unlink()
    assert left(done, tmp_path) == {}
    assert len(done.errors.splitlines()) == 1


async def test_what_a_target_repeats_of_its_own_credentials_is_in_no_report(tmp_path: Path) -> None:
    secret = "s3cr3t-t0k3n"  # of the operator, in a header and in the URL

    async def repeat(peer: Peer) -> None:
        await peer.say("auth_challenge", heard=secret)
        await peer.text(f'{{"type": "{secret}"}}')
        await peer.silence()

    path = tmp_path / "target.json"
    async with hosting(repeat) as url:
        known = {"url": f"{url}?key={secret}", "headers": {"X-Api-Key": secret}}
        path.write_text(json.dumps(known), encoding="utf-8")
        done = await judging(tmp_path, str(path), *FEW, *reports(tmp_path))
    assert done.status == 1
    told = {"output": done.output, "errors": done.errors}
    told |= {name: (tmp_path / name).read_bytes().decode() for name in WRITTEN}
    assert "<X-Api-Key>" in told["output"] + told["junit.xml"] + told["report.json"]
    assert [name for name, text in told.items() if secret in text] == []


@pytest.mark.parametrize("text", EVERYTHING, ids=["all", "one"])
async def test_nothing_that_a_target_file_says_is_obeyed(tmp_path: Path, text: str) -> None:
    folder = tmp_path / "read"
    folder.mkdir()
    path = folder / f"{argument(text).replace('/', '-')[:60]}.yaml"
    values = (
        {"name": text, "url": f"ws://127.0.0.1:{refusing_port()}/", "parameters": {text: text}},
        {"name": text, "url": f"ws://{text}/"},
        {"name": text, "url": "ws://127.0.0.1/", "headers": {"a": f"env:{text}"}},
        {"name": text, "hooks": {text: {"command": [text]}}, "command": {"run": [text]}},
        {text: text},
    )
    for value in values:
        path.write_text(json.dumps(value), encoding="utf-8")
        done = call("run", str(path), *FEW, *reports(tmp_path))
        assert done.status in (2, 4)
        assert obeyed(done.output + done.errors) == []


@pytest.mark.parametrize("text", EVERYTHING, ids=["all", "one"])
def test_nothing_that_somebodys_report_says_is_obeyed(
    tmp_path: Path, suite: Suite, text: str
) -> None:
    made = record(suite, failed(REQUIREMENT), target_name=text, note=text)
    old, new = document(made), document(record(suite, result(Outcome.PASSED), target_name="x"))
    old["suite"]["version"] = old["results"][0]["id"] = text
    for name, value in (("old", old), ("new", new), ("other", old | {"counts": {text: text}})):
        (tmp_path / name).write_text(json.dumps(value), encoding="utf-8")
    a, b, c = (str(tmp_path / name) for name in ("old", "new", "other"))
    making = ("baseline", a, f"--output={tmp_path / 'b.yaml'}", f"--reason={argument(text)}")
    commands = (("diff", a, b), ("diff", b, a), ("diff", c, a), making)
    for words in commands:
        done = call(*words)
        assert done.output + done.errors
        assert left(done, tmp_path) == {}


@pytest.mark.parametrize("text", EVERYTHING, ids=["all", "one"])
def test_nothing_on_a_command_line_is_obeyed(text: str) -> None:
    word = argument(text)
    urls = (
        ("run", word),
        ("run", "ws://127.0.0.1:1/", f"--{word}"),
        ("demo", f"--report={word}=x"),
    )
    for words in ((word,), ("explain", word), ("list", word), ("schema", word), *urls):
        done = call(*words)
        assert done.status == 2
        assert obeyed(done.output + done.errors) == []
