"""Start-up of the command, and what a run of the core suite costs beyond its longest wait.

CPU time (user and system, children's resource usage) of `coda-conformance --help` and `list`, less
that of `python -c pass`, by turns, medians; the goals are 0.1 s and 0.2 s. Then the wall time of
`coda-conformance run URL --profile core`, as a process, against the reference server with the
short windows that `coda-conformance demo` uses, less the longest wait that one of its scenarios
made; the goal is 1 s. Last, `coda-conformance demo` itself, which judges every profile and
starts the server, less the longest wait likewise; the goal is 2 s, on two idle cores.

    python benchmarks/startup.py [--rounds 10] [--runs 3]
"""

import argparse
import json
import resource
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from lab.figures import show
from lab.processes import ROOT, demo_server

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


def measured(command: Sequence[str], runs: int) -> tuple[int, float, float]:
    """How many results a run has, its longest wait, and the seconds that it takes beyond that."""
    extra = []
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        for _ in range(runs):
            start = perf_counter()
            subprocess.run(
                [*command, "--quiet", f"--report=json={report}"],
                check=False,
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
            )
            seconds = perf_counter() - start
            found = json.loads(report.read_text("utf-8"))
            wait = found["run"]["schedule"]["longest_wait_seconds"]
            extra.append(seconds - wait)
    return len(found["results"]), wait, median(extra)


def run_row(runs: int) -> list[str]:
    """The row of the core suite's wall time beyond its longest wait."""
    with demo_server() as running:
        results, wait, extra = measured([COMMAND, "run", running.url, "--profile", "core"], runs)
    return [f"core suite, {results} results, {wait:.2f} s wait", "wall s", f"{extra:.2f}", "1"]


def demo_row(runs: int) -> list[str]:
    """The row of the wall time of all profiles, the server's start included, beyond the wait."""
    results, wait, extra = measured([COMMAND, "demo"], runs)
    return [f"all profiles, {results} results, {wait:.2f} s wait", "wall s", f"{extra:.2f}", "2"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3, help="runs of the core suite, and of all")
    options = parser.parse_args()
    rows = [*startup_rows(options.rounds), run_row(options.runs), demo_row(options.runs)]
    show(rows, ("what", "unit", "extra", "goal"))


if __name__ == "__main__":
    main()
