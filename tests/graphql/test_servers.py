"""The suite for graphql-transport-ws: three real servers, a right one, and one with many faults."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.loader.suite import Suite, load
from tests.graphql.small_server import FAULTS
from tests.support.kit import ROOT, Finished, judge_unhurried

HERE = Path(__file__).parent
SUITE = "graphql-transport-ws"

NEVER_FAIL = {
    "socket/closed-by-the-client-before",
    "socket/closed-by-the-client-after",
    "socket/closed-by-the-client-streaming",
}
"""What no faulty server fails: the library that it is made with answers close frames itself."""


@pytest.fixture(scope="module")
def graphql() -> Suite:
    return load(SUITE)


def judged(folder: Path, *faults: str) -> Finished:
    folder.mkdir(exist_ok=True)
    path = folder / "target.yaml"
    command = ["{python}", "-m", "tests.graphql.small_server", "--port", "{port}", *faults]
    row = {"suite": SUITE, "command": {"run": command}, "url": "ws://127.0.0.1:{port}/"}
    path.write_text(json.dumps({**row, "claims": ["reasons"], "parameters": {"init_timeout": 1}}))
    return judge_unhurried(folder, str(path), "--retries=0", "--jobs=4")


def broken(done: Finished) -> set[str]:
    rows = done.report["requirements"]
    return {row["id"] for row in rows if row["status"] in ("failed", "warned")}


def wrong(done: Finished) -> set[str]:
    return {name for name, outcome in done.outcomes().items() if outcome in ("failed", "warned")}


def test_a_right_server_is_conformant(tmp_path: Path, graphql: Suite) -> None:
    done = judged(tmp_path)
    assert (done.status, wrong(done)) == (0, set())
    assert len(done.outcomes()) == len(graphql.scenarios) + 1
    assert {row["verdict"] for row in done.report["profiles"]} == {"conformant"}


def test_every_fault_is_found_by_its_requirement_and_every_scenario_can_fail(
    tmp_path: Path, graphql: Suite
) -> None:
    with ThreadPoolExecutor(2) as pool:
        found = dict(
            zip(FAULTS, pool.map(lambda name: judged(tmp_path / name, name), FAULTS), strict=True)
        )
    missed = {
        name: broken(found[name]) for name, row in FAULTS.items() if row not in broken(found[name])
    }
    shown = {name: found[name].reasons() for name in missed}
    assert missed == {}, shown
    failing = set().union(*map(wrong, found.values()))
    assert graphql.scenarios.keys() - failing == NEVER_FAIL


NODE = pytest.mark.skipif(
    shutil.which("node") is None or not (HERE / "node_modules").is_dir(),
    reason="npm install --prefix tests/graphql",
)


@pytest.mark.parametrize("name", [pytest.param("graphql_ws", marks=NODE), "strawberry", "ariadne"])
def test_a_real_server_breaks_what_its_published_report_says(tmp_path: Path, name: str) -> None:
    done = judge_unhurried(tmp_path, str(HERE / f"{name}.yaml"), "--retries=0")
    listed = json.loads((HERE / "broken.json").read_text("utf-8"))[name]
    assert {key: sorted(row) for key, row in by_outcome(done).items()} == listed
    report = (ROOT / "reports" / f"{name.replace('_', '-')}.md").read_text("utf-8")
    for row in broken(done):
        assert row in report


def by_outcome(done: Finished) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, outcome in done.outcomes().items():
        if outcome != "passed":
            found.setdefault(outcome, []).append(key)
    return found
