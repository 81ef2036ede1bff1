import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 300.0
FEW = ("--modules", "canonical", "--scenarios", "deduplication/key-order", "deduplication/spelling")


def mutants(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "benchmarks/mutants.py", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_every_drawn_mutant_is_judged_and_told_of(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    done = mutants(*FEW, "--sample", "2", "--report", str(report))
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 drawn" in done.stdout
    assert "left out on the way" in done.stdout
    assert "2 of 2: canonical-" in done.stdout
    found = json.loads(report.read_text("utf-8"))
    assert len(found["killed"]) + len(found["others"]) == 2


def test_a_name_that_no_mutant_has_is_refused() -> None:
    done = mutants("clock-0")
    assert done.returncode == 2
    assert 'no mutant is called "clock-0"' in done.stderr


def test_a_word_that_selects_no_scenario_is_refused() -> None:
    done = mutants("--scenarios", "deduplicaton/")
    assert done.returncode == 2
    assert 'nothing matches "deduplicaton/"' in done.stderr


def test_too_few_killed_mutants_end_badly() -> None:
    done = mutants(*FEW, "--sample", "1", "--least", "101")
    assert (done.returncode, done.stderr) == (1, "")
    assert "1 of 1: canonical-" in done.stdout
