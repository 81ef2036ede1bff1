"""The snippets print what their pages say, with clients to copy that are short and have types."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from docs.examples import run
from docs.examples.client import Client
from docs.site.snippets import messages, printed, snippets
from tests.docs.drivers import HAS_NODE
from tests.docs.scripted import serving
from tests.schemas.npm import MODULES, NODE, needed
from tests.schemas.schema_files import SCHEMAS
from tests.support.kit import ROOT

STORE = SchemaStore(locations.schema_root())
EXAMPLES = ROOT / "docs" / "examples"


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


LONGEST = 48
"""Lines of code, without those that are blank, comments, docstrings or imports."""


COMMENTS = {
    ".py": r'"""(?:[^"]|"(?!""))*"""|^ *#.*$|^(?:from|import) .*$|^if TYPE_CHECKING:\n.*$',
    ".mjs": r"/\*\*.*?\*/|^ *//.*$",
}


def lines_of(name: str) -> int:
    path = EXAMPLES / name
    flags = re.MULTILINE | (re.DOTALL if path.suffix == ".mjs" else 0)
    text = re.sub(COMMENTS[path.suffix], "", path.read_text("utf-8"), flags=flags)
    return sum(bool(row.strip()) for row in text.splitlines())


@pytest.mark.parametrize("name", ["client.py", "client.mjs"])
def test_the_clients_are_short(name: str) -> None:
    """The guides say that each has fewer than 50 lines."""
    assert 40 <= lines_of(name) <= LONGEST
