"""What the guides tell to do works: programs run, lines are printed, ids exist."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conformance.loader.suite import Suite
from tests.support.kit import LIMIT, ROOT, call, listening

DOCS = ROOT / "docs"
GUIDES = {path.stem: path.read_text("utf-8") for path in sorted((DOCS / "guides").glob("*.md"))}
FENCE = re.compile(r"^```(?P<language>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ID = re.compile(r"`([a-z-]+/[a-z0-9-]*)`")


def blocks(guide: str, language: str) -> list[str]:
    """The blocks of code of a guide, in a language."""
    return [row["text"] for row in FENCE.finditer(GUIDES[guide]) if row["language"] == language]


def test_the_first_server_passes_the_first_scenario(tmp_path: Path) -> None:
    (program,) = blocks("servers", "python")
    (tmp_path / "server.py").write_text(program)
    command = f"{sys.executable} server.py {{port}}"
    done = call(
        "run", "--launch", command, "states/server-speaks-first", "--forms=all", folder=tmp_path
    )
    assert done.status == 0, done.output
    assert re.search(r"^\d+ passed(, \d+ not applicable)? in", done.output, re.MULTILINE), (
        done.output
    )


def test_the_proof_of_the_guide_is_that_of_the_vectors() -> None:
    (program,) = blocks("clients", "python")
    names: dict[str, Any] = {}
    exec(program, names)
    proof: Callable[[str, str, str], dict[str, str]] = names["proof"]
    vectors = json.loads((ROOT / "spec" / "vectors" / "hmac-proof.json").read_text("utf-8"))
    for row in vectors["vectors"]:
        token = f"{row['token_id']}.{row['secret']}"
        assert proof(token, row["nonce"], row["audience"])["proof"] == row["proof"]


def test_the_reference_server_says_why_it_refuses_a_page() -> None:
    (line,) = [row.strip() for row in blocks("clients", "text") if row.startswith("refused")]
    server = subprocess.Popen(
        [sys.executable, "-m", "reference_server", "--port=0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    found = re.search(r"ws://\S+", server.stdout.readline())
    assert found is not None

    async def knock() -> None:
        async with connect(found[0], origin="http://localhost:5173"):  # type: ignore[arg-type]
            pass

    with pytest.raises(InvalidStatus):
        asyncio.run(knock())
    server.terminate()
    _, said = server.communicate(timeout=LIMIT)
    assert said.splitlines() == [line]


def test_a_page_of_that_origin_is_let_in_where_the_guide_says_so() -> None:
    (words,) = [row for row in blocks("clients", "sh") if "--allowed-origins" in row]
    options = words.strip().partition("--allowed-origins ")[2].split()
    module = ("-m", "reference_server", "--port=0", "--allowed-origins", *options)

    async def greeted(url: str) -> Any:
        async with connect(url, origin=options[0]) as socket:  # type: ignore[arg-type]
            return json.loads(await socket.recv())

    with listening(*module, folder=ROOT) as url:
        assert asyncio.run(greeted(url))["type"] == "auth_challenge"


def test_the_target_file_of_the_guide_has_no_mistake(tmp_path: Path) -> None:
    (text,) = blocks("servers", "yaml")
    (tmp_path / "target.yaml").write_text(text)
    done = call("check", "target.yaml", folder=tmp_path)
    assert done.status == 0, done.errors


@pytest.mark.parametrize("guide", GUIDES)
def test_the_ids_that_it_names_exist(guide: str, suite: Suite) -> None:
    known = {*suite.scenarios, *(f"{row.partition('/')[0]}/" for row in suite.scenarios)}
    text = FENCE.sub("", GUIDES[guide])
    folders = {"schemas/types/", "clients/python", "clients/javascript"}
    assert {row for row in ID.findall(text) if row not in known | folders} == set()
    assert set(re.findall(r"\b[A-Z]+-\d\d\b", text)) <= set(suite.requirements)
