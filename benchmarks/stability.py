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
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from lab.outcomes import Outcomes, show
from lab.processes import ROOT, busy_cores, demo_server
from proxy import Proxy, add_options, address


def place(folder: str, number: int) -> Path:
    """Where a run is to leave its report; nothing is there yet."""
    report = Path(folder).resolve() / f"run-{number:03}.json"
    report.unlink(missing_ok=True)
    return report


def read(report: Path) -> dict[str, Any]:
    """The report that a run has left; ends everything when it left none."""
    if not report.exists():
        sys.exit("a run wrote no report")
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


async def judge(url: str, report: Path, more: Sequence[str]) -> tuple[dict[str, Any], float]:
    """Runs the core suite as a process; its report and its wall time in seconds."""
    command = ("-m", "conformance", "run", url, *more, "--profile", "core", "--quiet")
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
    return read(report), perf_counter() - start


@asynccontextmanager
async def target(options: argparse.Namespace) -> AsyncIterator[str]:
    """The URL of the reference server, or of the slow line to it."""
    if not options.proxy:
        with demo_server() as running:
            yield running.url
        return
    async with Proxy(options.delay, options.pieces) as proxy:
        # A run takes the address that it dials for the server's own origin.
        origin = f"--allowed-origins=http://127.0.0.1:{proxy.port}"
        with demo_server(origin) as running:
            proxy.target = address(running.url)
            yield f"ws://127.0.0.1:{proxy.port}/"
        print(f"proxy: {proxy.counts}")


async def observe(options: argparse.Namespace, more: Sequence[str]) -> Outcomes:
    """Makes all runs, one after another."""
    outcomes = Outcomes()
    with TemporaryDirectory() as folder:
        async with target(options) as url:
            with busy_cores(options.busy):
                for i in range(1, options.runs + 1):
                    report = place(options.keep or folder, i)
                    outcomes.add(*await judge(url, report, more))
                    status, seconds = outcomes.exits[-1], outcomes.seconds[-1]
                    print(f"run {i}: exit {status}, {seconds:.1f} s", flush=True)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="Whatever else is given, a selection first, is passed on to coda-conformance run.",
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--busy", action="store_true", help="keep every core busy")
    parser.add_argument("--proxy", action="store_true", help="put a slow line in between")
    add_options(parser)
    parser.add_argument("--keep", metavar="FOLDER", help="keep the JSON reports of all runs here")
    options, more = parser.parse_known_args()
    outcomes = asyncio.run(observe(options, more))
    show(outcomes)
    return 1 if outcomes.differing() or outcomes.failing() else 0


if __name__ == "__main__":
    sys.exit(main())
