"""Start-up of the command, and what a run of the core suite costs beyond its longest wait.

CPU time (user and system, children's resource usage) of `coda-conformance --help` and `list`, less
that of `python -c pass`, by turns, medians; the goals are 0.1 s and 0.2 s. Then the wall time of
`coda-conformance run URL --profile core`, as a process, against the reference server with the
short windows that `coda-conformance demo` uses, less the longest wait that one of its scenarios
made; the goal is 1 s. Last, `coda-conformance demo` itself, which judges every profile and
starts the server, less the longest wait likewise; the goal is 2 s, on two idle cores.

On a virtual machine the host may take processor time away: for each of these runs it is told how
much ("steal" of proc(5), the sum over all cores), so that a slow host is not taken for a slow kit.

    python benchmarks/startup.py [--rounds 10] [--runs 3]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, TemporaryFile
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


def stolen() -> float:
    """The seconds of processor time that the host has taken away; 0 where nobody counts them."""
    try:
        first = Path("/proc/stat").read_text("utf-8").splitlines()[0].split()
    except OSError:
        return 0.0
    return int(first[8]) / os.sysconf("SC_CLK_TCK")


def measured(command: Sequence[str], runs: int) -> tuple[str, list[tuple[float, float]]]:
    """What was run, and of each run the seconds beyond its longest wait, and those stolen."""
    found = []
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        for _ in range(runs):
            taken, start = stolen(), perf_counter()
            subprocess.run(
                [*command, "--quiet", f"--report=json={report}"],
                check=False,
                stdout=subprocess.DEVNULL,
                cwd=ROOT,
            )
            seconds, taken = perf_counter() - start, stolen() - taken
            told = json.loads(report.read_text("utf-8"))
            wait = told["run"]["schedule"]["longest_wait_seconds"]
            found.append((seconds - wait, taken))
    return f"{len(told['results'])} results, {wait:.2f} s wait", sorted(found)


def row(name: str, command: Sequence[str], runs: int, goal: float) -> list[str]:
    """The row of a command's wall time beyond its longest wait; tells of each run."""
    what, found = measured(command, runs)
    each = ", ".join(f"{extra:.2f} ({taken:.2f})" for extra, taken in found)
    sys.stdout.write(f"{name}, s beyond the wait (s stolen): {each}\n")
    within = sum(extra <= goal for extra, _ in found)
    extra = median(extra for extra, _ in found)
    shown = f"{extra:.2f}, {within} of {runs} within the goal"
    return [f"{name}, {what}", "wall s", shown, f"{goal:g}"]


def run_rows(runs: int) -> list[list[str]]:
    """The rows of the core suite, and of all profiles with the start of the server."""
    with TemporaryFile("w") as refusals, demo_server(errors=refusals) as running:
        core = row("core suite", [COMMAND, "run", running.url, "--profile", "core"], runs, 1)
    return [core, row("all profiles", [COMMAND, "demo"], runs, 2)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3, help="runs of the core suite, and of all")
    options = parser.parse_args()
    rows = [*startup_rows(options.rounds), *run_rows(options.runs)]
    show(rows, ("what", "unit", "extra", "goal"))


if __name__ == "__main__":
    main()
