"""What runs of the whole suite come to when the target is broken: how long, and who is blamed.

Each kind of `lab/broken.py` is started by the kit itself, with the options and hooks of the
demonstration, and judged with all scenarios. A row is as it should be when the run ends within
three times its longest wait and a minute, its report is valid, its exit status is one that the
kind may have, and no requirement is blamed that the kind does not break. Where a row is not, the
exit status is 1.

    python benchmarks/broken_targets.py [--kinds echo mute ...]
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final, NamedTuple

import yaml
from lab.figures import show
from lab.processes import BENCHMARKS, ROOT, end_at_sigterm

from conformance.loader.suite import load
from conformance.target.target_file import DEMO

SPARE: Final = 60.0
GIVEN_UP: Final = 300.0
RIGHT: Final = "yes"
WRONG: Final = "NO"
HEADERS = (
    "target",
    "seconds",
    "bound",
    "exit",
    "blamed",
    "first line of the report",
    "as it should be",
)


class Kind(NamedTuple):
    """The exit statuses that a kind of target may lead to, and what may be blamed."""

    exits: frozenset[int]
    blamed: frozenset[str]
    options: tuple[str, ...] = ()


def kind(exits: Sequence[int], *blamed: str, options: Sequence[str] = ()) -> Kind:
    return Kind(frozenset(exits), frozenset(blamed), tuple(options))


KINDS: Final = {
    "echo": kind((4,)),
    "mute": kind((1, 3), "ORDER-04"),
    "crash": kind((3,)),
    "no-own-events": kind((1,), "MSG-01", "EVENT-03", "EVENT-05"),
    "blocking-writes": kind((1,), "LIMIT-10"),
    "late": kind((1,), "ORDER-04", options=("--auth-timeout=30",)),
}


def target(name: str, folder: Path) -> Path:
    """A target file of the demonstration's server, broken."""
    value = yaml.safe_load(DEMO.read_text("utf-8"))
    run = value["command"]["run"]
    words = run[run.index("reference_server") + 1 :]
    value["name"] = name
    value["command"]["run"] = [*run[:2], "lab.broken", name, *words, *KINDS[name].options]
    path = folder / "target.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def blamed(report: Any) -> set[str]:
    """The requirements that the failed results of a report name."""
    rows = [row for row in report["results"] if row["outcome"] in ("failed", "flaky", "warned")]
    named = [
        {n for f in row["failures"] for n in f["requirements"]} or row["requirements"]
        for row in rows
    ]
    return set().union(*named)


def judged(name: str) -> Sequence[str]:
    """One row of the table."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        begun = perf_counter()
        status = run(str(target(name, Path(folder))), "--quiet", f"--report=json={path}")
        seconds = perf_counter() - begun
        if not path.exists():
            return (name, f"{seconds:.1f}", "", str(status), "", "there is no report", WRONG)
        report = json.loads(path.read_bytes())
    bound = 3 * report["run"]["schedule"]["longest_wait_seconds"] + SPARE
    found = blamed(report)
    is_right = (
        status in KINDS[name].exits
        and status == report["exit_status"]
        and found <= KINDS[name].blamed
        and seconds <= bound
        and not load().schemas.explain("kit/report", report)
    )
    named = ", ".join(sorted(found)) or "nobody"
    note = report["run"]["note"].split(";")[0]
    verdict = RIGHT if is_right else WRONG
    return (name, f"{seconds:.1f}", f"{bound:.0f}", str(status), named, note, verdict)


def run(*words: str) -> int:
    """The exit status of a run, which is asked to end when it takes far too long."""
    process = subprocess.Popen(
        (sys.executable, "-m", "conformance", "run", *words),
        cwd=BENCHMARKS,
        env={**os.environ, "PYTHONPATH": f"{BENCHMARKS}{os.pathsep}{ROOT}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        return process.wait(GIVEN_UP)
    except subprocess.TimeoutExpired:
        process.terminate()
        return process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), metavar="KIND")
    arguments = parser.parse_args()
    end_at_sigterm()
    rows = [judged(name) for name in arguments.kinds]
    show(rows, HEADERS)
    return int(any(row[-1] != RIGHT for row in rows))


if __name__ == "__main__":
    sys.exit(main())
