import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE = 900.0


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
        ("fan_out", "--connections 3 --rounds 1 --seconds 0.1", "bare send_bytes"),
        ("dedup", "--rounds 1", "whole floats"),
        ("attack", "--connections 2 --seconds 0.2 --kinds pings", "pings"),
        ("broken_targets", "--kinds crash", "crash"),
        ("explored", "proof-of-any-spelling --dialogues 2", "0 of 1 faults found"),
        ("startup", "--rounds 1 --runs 1", "core suite"),
    ],
)
def test_a_benchmark_prints_a_table_and_ends(script: str, options: str, row: str) -> None:
    done = run(script, *options.split())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert row in done.stdout
