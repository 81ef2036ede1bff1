"""Start-up of the command, and what a run of the core suite costs beyond its longest wait.

CPU time (user and system, children's resource usage) of `coda-conformance --help` and `list`, less
that of `python -c pass`, by turns, medians; the goals are 0.1 s and 0.2 s. Then the wall time of
`coda-conformance run URL --profile core`, as a process, against the reference server with the
short windows that `coda-conformance demo` uses, less the longest wait that one of its scenarios
must make; the goal is 1 s.

    python benchmarks/startup.py [--rounds 10] [--runs 3]
"""

import argparse
import json
import resource
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from lab.figures import show
from lab.processes import ROOT, demo_server

from conformance.suite import Suite, load, select
from conformance.values import resolve

COMMAND = str(Path(sysconfig.get_path("scripts")) / "coda-conformance")
COMMANDS = {
    "pass": (sys.executable, "-c", "pass"),
    "--help": (COMMAND, "--help"),
    "list": (COMMAND, "list"),
}


def cpu_seconds(command: Sequence[str]) -> float:
    """The CPU time of a process from its start to its end, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def startup_rows(rounds: int) -> list[list[str]]:
    """A row for each command: its CPU time beyond that of an empty Python."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            times[name].append(cpu_seconds(command))
    return [
        [f"coda-conformance {name}", "CPU s", f"{extra:.3f}", goal]
        for name, goal in (("--help", "0.1"), ("list", "0.2"))
        for extra in [median(a - b for a, b in zip(times[name], times["pass"], strict=True))]
    ]


def longest_wait(suite: Suite, stated: Mapping[str, Any]) -> float:
    """The longest time in seconds that a scenario of the core profile must wait."""
    return max(
        float(resolve(scenario.waits, stated.__getitem__, suite.functions))
        for scenario in select(suite, [], ["core"])
    )


def run_row(runs: int) -> list[str]:
    """The row of the core suite's wall time beyond its longest wait."""
    suite = load()
    extra = []
    with TemporaryDirectory() as folder, demo_server() as running:
        report = Path(folder) / "report.json"
        command = [COMMAND, "run", running.url, "--profile", "core", "--quiet"]
        for _ in range(runs):
            start = perf_counter()
            subprocess.run(
                [*command, f"--report=json={report}"], check=False, stdout=subprocess.DEVNULL
            )
            seconds = perf_counter() - start
            found = json.loads(report.read_text("utf-8"))
            wait = longest_wait(suite, found["target"]["parameters"])
            extra.append(seconds - wait)
    kinds = len(found["results"])
    return [f"core suite, {kinds} results, {wait:g} s wait", "wall s", f"{median(extra):.2f}", "1"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3, help="runs of the core suite")
    options = parser.parse_args()
    show([*startup_rows(options.rounds), run_row(options.runs)], ("what", "unit", "extra", "goal"))


if __name__ == "__main__":
    main()
