import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0


def run(script: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, f"benchmarks/{script}.py", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    ("script", "options", "row"),
    [
        ("server", "--connections 2 --rounds 1 --seconds 0.1", "bare broadcast"),
        ("harness_step", "--rounds 1 --exchanges 5", "monitors"),
        ("memory", "--connections 10 --processes 1", "reference server"),
        ("startup", "--rounds 1 --runs 1", "core suite"),
    ],
)
def test_a_benchmark_prints_a_table_and_ends(script: str, options: str, row: str) -> None:
    done = run(script, *options.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert row in done.stdout


@pytest.mark.parametrize("line", [(), ("--proxy", "--delay", "0.01", "--pieces", "7")])
def test_runs_with_one_outcome_are_stable(line: tuple[str, ...]) -> None:
    done = run("stability", "states/server-speaks-first", "--runs", "2", *line)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 ids differ, 0 never pass" in done.stdout


def test_a_result_that_never_passes_is_shown_with_its_reason() -> None:
    name = "deduplication/window-ends"
    done = run("stability", name, "--runs", "1", "--max-wait", "0.01")
    assert done.returncode == 1
    assert f"{name} (always the same, and not passed)" in done.stdout
    assert "1 times: it must wait" in done.stdout
