"""The client in JavaScript: its own tests, its types, its package, and its driver."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.schemas import npm
from tests.support.kit import LIMIT, ROOT, server

HERE = Path(__file__).parent
CLIENT = ROOT / "clients" / "javascript"
MODULES = sorted(CLIENT.glob("*.mjs")) + sorted((CLIENT / "core").glob("*.mjs"))
FILES = sorted(path.name for path in HERE.glob("*.test.mjs"))
OWN_SOCKET = ("--experimental-websocket", "--no-warnings")

node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
packages = pytest.mark.skipif(
    not (CLIENT / "node_modules" / "ws").is_dir(), reason="npm install --prefix clients/javascript"
)


def ran(
    *words: str | Path, folder: Path = ROOT, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command with these words, which ends with status 0."""
    env = {**os.environ, "CODA_PYTHON": sys.executable, **(variables or {})}
    done = subprocess.run(
        words, cwd=folder, env=env, capture_output=True, text=True, timeout=LIMIT, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def node_tests(file: str, *options: str, **variables: str) -> None:
    """Run a file of tests with node, none of which may be left out."""
    done = ran("node", *options, "--test", "--test-reporter=tap", HERE / file, variables=variables)
    counts = dict(re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE))
    assert int(counts["pass"]) == int(counts["tests"]) > 3, done.stdout


@node
@packages
@pytest.mark.parametrize("file", FILES)
def test_its_own_tests_pass(file: str) -> None:
    node_tests(file)


@node
def test_it_meets_the_server_over_the_own_websocket_of_node_too() -> None:
    node_tests("server.test.mjs", *OWN_SOCKET, CODA_WEBSOCKET="native")


@node
def test_the_example_of_its_page_runs() -> None:
    page = (CLIENT / "README.md").read_text("utf-8")
    (example,) = re.findall(r"^```js\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    with server("reference_server") as url:
        code = example.replace("ws://127.0.0.1:8765/", url) + "await service.disconnect();"
        words = ("node", *OWN_SOCKET, "--input-type=module", "--eval", code)
        done = ran(*words, folder=CLIENT)
    states = ["connecting", "authenticating", "connected", "disconnected user"]
    assert [line.strip() for line in done.stdout.splitlines()] == states


def test_every_requirement_is_named_where_it_is_kept() -> None:
    text = "\n".join(path.read_text("utf-8") for path in MODULES)
    sentences = (ROOT / "spec" / "clients.md").read_text("utf-8")
    ids = set(re.findall(r"^> \*\*(CLIENT-\d+)\*\*", sentences, re.MULTILINE))
    assert len(ids) > 80
    assert ids - set(re.findall(r"CLIENT-\d+", text)) == set()


def test_its_core_has_no_clock_no_randomness_and_no_input_or_output() -> None:
    names = r"Date|performance|Math\.random|setTimeout|setInterval|fetch|WebSocket|process|console"
    for path in (CLIENT / "core").glob("*.mjs"):
        code = re.sub(r"/\*.*?\*/|//.*", "", path.read_text("utf-8"), flags=re.DOTALL)
        assert re.search(rf"\b({names})\b", code) is None, path.name
        imported = re.findall(r'from "(.*)"', code)
        assert all(re.fullmatch(r"\./\w+\.mjs", name) for name in imported), path.name


def test_its_types_are_those_of_the_schemas() -> None:
    generated = ROOT / "schemas" / "types" / "coda_messages.d.ts"
    assert (CLIENT / "coda_messages.d.ts").read_bytes() == generated.read_bytes()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder in which the packed client is installed."""
    (packed,) = json.loads(ran("npm", "pack", "--json", "--pack-destination", tmp_path,
                               folder=CLIENT).stdout)  # fmt: skip
    assert {"client.mjs", "client.d.mts", "core/core.mjs"} <= {
        row["path"] for row in packed["files"]
    }
    assert not [row["path"] for row in packed["files"] if "driver" in row["path"]]
    home = tmp_path / "node_modules" / "coda-websocket-service"
    home.mkdir(parents=True)
    ran("tar", "-xzf", tmp_path / packed["filename"], "-C", home, "--strip-components=1")
    (tmp_path / "package.json").write_text('{"type": "module"}', "utf-8")
    return tmp_path


@node
def test_its_package_is_complete_and_has_no_dependencies(installed: Path) -> None:
    code = """
        import { websocketService } from "coda-websocket-service";
        console.log(websocketService("ws://[::1]:1", { WebSocket: class {} }).state);
    """
    done = ran("node", "--input-type=module", "--eval", code, folder=installed)
    assert done.stdout == "disconnected\n"
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))
    assert "dependencies" not in package


@node
@npm.needed("typescript")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, ""),
        (("show(data.text)", "show(data.txt)"), "'txt' does not exist"),
        (("told.code ?? told.fault", "told.reason"), "'reason' does not exist"),
        (('{ text: "hello" }', "{ text: 7 }"), "not assignable to type 'string'"),
        (('{ text: "hello" }', "{}"), "'text' is missing"),
        (("{ once: true }", "{ twice: true }"), "'twice' does not exist"),
        (("{ token, onToken", "{ tokn: token, onToken"), "'tokn' does not exist"),
        (("event.data.token", "event.data.tokens"), "'tokens' does not exist"),
        (('"lamp_dimmed", ({ seq, data })', '"stt_end", ({ seq, text })'), "'text' does not exist"),
    ],
)
def test_tsc_takes_a_use_that_is_right_and_refuses_what_is_wrong(
    installed: Path, change: tuple[str, str] | None, said: str
) -> None:
    use = (HERE / "use.mts").read_text("utf-8")
    if change is not None:
        assert use.count(change[0]) == 1
        use = use.replace(*change)
    (installed / "use.mts").write_text(use, "utf-8")
    tsc = npm.MODULES / ".bin" / "tsc"
    options = ("--strict", "--module", "nodenext", "--noUncheckedIndexedAccess", "--noEmit")
    done = subprocess.run(
        [tsc, *options, "--target", "es2022", "--exactOptionalPropertyTypes", "use.mts"],
        cwd=installed, capture_output=True, text=True, check=False, timeout=LIMIT,
    )  # fmt: skip
    assert bool(done.returncode) is bool(change), done.stdout
    assert said in done.stdout
