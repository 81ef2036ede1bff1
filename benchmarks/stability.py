"""Whether runs of the core suite come to the same outcome every time, also on a bad day.

One reference server, started with the short windows of `coda-conformance demo`, is judged by one
`coda-conformance run` after another, each a process with a JSON report. `--busy` keeps every core
busy with processes that do nothing else; `--proxy` puts the slow line of proxy.py in between. The
outcomes of every result id are compared over all runs: each id that differs is printed with its
reasons, and so is each that never passes. The exit status is 1 if an outcome differs or fails.

    python benchmarks/stability.py [--runs 10] [--busy] [--proxy [--delay 0.1] [--pieces 7]]
"""

import argparse
import asyncio
import json
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from lab.processes import ROOT, busy_cores, server
from proxy import Proxy, add_options, address

from conformance.commands.run import DEMO_SERVER

GOOD = {"passed", "not applicable"}


@dataclass(slots=True)
class Outcomes:
    """What every result id came to in every run."""

    of_id: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    exits: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    retried: Counter[str] = field(default_factory=Counter)

    def add(self, report: Mapping[str, Any], seconds: float) -> None:
        """Takes the report of one more run; an id that it lacks was absent."""
        rows = {row["id"]: row for row in report["results"]}
        for name in rows.keys() | self.of_id.keys():
            row = rows.get(name, {"outcome": "absent"})
            known = self.of_id[name]
            known += ["absent"] * (len(self.exits) - len(known))
            known.append(row["outcome"])
            self.reasons[name, row["outcome"]][_reason(row)] += 1
            self.retried[name] += row.get("timing", {}).get("attempts", 1) > 1
        self.exits.append(report["exit_status"])
        self.seconds.append(seconds)

    def differing(self) -> list[str]:
        """The ids whose outcomes are not the same in all runs."""
        return sorted(name for name, found in self.of_id.items() if len(set(found)) > 1)

    def failing(self) -> list[str]:
        """The ids that come to the same bad outcome in all runs."""
        return sorted(
            name
            for name, found in self.of_id.items()
            if len(set(found)) == 1 and found[0] not in GOOD
        )


def _reason(row: Mapping[str, Any]) -> str:
    """Why a result is what it is, with the evidence of its first failure."""
    words = [row.get("reason", "")]
    for failure in row.get("failures", ())[:1]:
        words += [
            f"{key}: {failure[key]}"
            for key in ("step", "location", "expected", "received")
            if key in failure
        ]
    return "; ".join(filter(None, words))


def show(outcomes: Outcomes) -> None:
    """Prints every id that is not as it should be, with its reasons."""
    for title, names in (
        ("differs", outcomes.differing()),
        ("always the same, and not passed", outcomes.failing()),
    ):
        for name in names:
            counts = Counter(outcomes.of_id[name])
            print(f"\n{name} ({title})")
            for outcome, count in counts.most_common():
                print(f"  {outcome}, {count} of {len(outcomes.exits)}")
                for reason, times in outcomes.reasons[name, outcome].most_common(3):
                    print(f"    {times} times: {reason or '(no reason needed)'}")
    print(
        f"\n{len(outcomes.exits)} runs of {len(outcomes.of_id)} results, exit statuses "
        f"{dict(Counter(outcomes.exits))}, {median(outcomes.seconds):.1f} s a run "
        f"(longest {max(outcomes.seconds):.1f} s); {len(outcomes.differing())} ids differ, "
        f"{len(outcomes.failing())} never pass"
    )
    again = {name: count for name, count in outcomes.retried.items() if count}
    if again:
        print(f"tried more than once within a run: {again}")


def _read(report: Path) -> dict[str, Any]:
    """The report of a run, which is removed so that no other can be taken for the next run's."""
    if not report.exists():
        sys.exit("a run wrote no report")
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    report.unlink()
    return found


async def judge(url: str, report: Path, more: Sequence[str]) -> tuple[dict[str, Any], float]:
    """Runs the core suite as a process; its report and its wall time in seconds."""
    command = ("-m", "conformance", "run", url, "--profile", "core", "--quiet", *more)
    start = perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        f"--report=json={report}",
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    return _read(report), perf_counter() - start


@asynccontextmanager
async def target(options: argparse.Namespace) -> AsyncIterator[str]:
    """The URL of the reference server, or of the slow line to it."""
    if not options.proxy:
        with server(*DEMO_SERVER.argv[1:]) as running:
            yield running.url
        return
    async with Proxy(options.delay, options.pieces) as proxy:
        # A run takes the address that it dials for the server's own origin.
        origin = f"--allowed-origins=http://127.0.0.1:{proxy.port}"
        with server(*DEMO_SERVER.argv[1:], origin) as running:
            proxy.target = address(running.url)
            yield f"ws://127.0.0.1:{proxy.port}/"
        print(f"proxy: {proxy.counts}")


async def observe(options: argparse.Namespace, more: Sequence[str]) -> Outcomes:
    """Makes all runs, one after another."""
    outcomes = Outcomes()
    with TemporaryDirectory() as folder:
        async with target(options) as url:
            with busy_cores(options.busy):
                for i in range(options.runs):
                    outcomes.add(*await judge(url, Path(folder) / "report.json", more))
                    status, seconds = outcomes.exits[-1], outcomes.seconds[-1]
                    print(f"run {i + 1}: exit {status}, {seconds:.1f} s", flush=True)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="Other options are passed on to coda-conformance run.",
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", action="store_true", help="keep every core busy")
    parser.add_argument("--proxy", action="store_true", help="put a slow line in between")
    add_options(parser)
    options, more = parser.parse_known_args()
    outcomes = asyncio.run(observe(options, more))
    show(outcomes)
    return 1 if outcomes.differing() or outcomes.failing() else 0


if __name__ == "__main__":
    sys.exit(main())
