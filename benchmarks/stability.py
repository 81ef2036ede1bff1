"""Whether runs of the suite come to the same outcome every time, also on a bad day.

One reference server, started with the short windows of `coda-conformance demo`, is judged by one
`coda-conformance run URL` after another, without hooks, for the profiles core and compat, each a
process with a JSON report. `--busy` keeps every core busy with processes that do nothing else;
`--proxy` puts the slow line of proxy.py in between. The outcomes of every result id are compared
over all runs: each id that differs is printed with its reasons, and so is each that never passes.
The exit status is 1 if an outcome differs or fails, or if the server ends before the last run.

Over a slow line the demonstration's windows are too short for what has to happen within them;
`--settings` replaces the server's, for 0.1 s each way by
`--settings="auth-timeout=4 dedup-window=2 id-window=4"`.

    python benchmarks/stability.py [--runs 10] [--jobs 16] [--busy]
    python benchmarks/stability.py --runs 4 --jobs 1 16     # in turn: does the number matter?
    python benchmarks/stability.py --proxy [--delay 0.1] [--pieces 7] [--settings="NAME=VALUE …"]
"""

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

from lab.outcomes import Outcomes, show
from lab.processes import ENDS_WITHIN, ROOT, Server, busy_cores, demo_server, end_at_sigterm
from proxy import Proxy, add_options, address

PROFILES: Final = ("core", "compat")
WITHOUT_HOOKS: Final = "--methods=challenge_token"
"""Nobody can issue access tokens here; a server that takes none is asked for none."""

LOOKS_EVERY: Final = 0.2
"""Seconds between two looks at whether the server still runs."""


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


@dataclass(frozen=True, slots=True)
class Judged:
    """A server that is judged, at its own address or at that of the slow line to it."""

    url: str
    server: Server

    async def run(self, report: Path, more: Sequence[str]) -> tuple[dict[str, Any], float]:
        """Judges it by a process of its own: the report and the wall time in seconds."""
        start = perf_counter()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "conformance", "run", self.url),
            *more,
            *(f"--profile={name}" for name in PROFILES),
            *("--quiet", f"--report=json={report}"),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            await self._finish(process)
        finally:
            await end(process)
        return read(report), perf_counter() - start

    async def _finish(self, process: asyncio.subprocess.Process) -> None:
        """Waits for a run; ends everything when the server has ended before it."""
        while process.returncode is None:
            if not self.server.is_running():
                sys.exit("the server has ended")
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), LOOKS_EVERY)


async def end(process: asyncio.subprocess.Process) -> None:
    """Ends a process that has not ended by itself."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        await asyncio.wait_for(process.wait(), ENDS_WITHIN)
    except TimeoutError:
        process.kill()
        await process.wait()


@asynccontextmanager
async def judged(options: argparse.Namespace) -> AsyncIterator[Judged]:
    """The reference server, behind the slow line if need be."""
    settings = [WITHOUT_HOOKS, *(f"--{word}" for word in options.settings.split())]
    if not options.proxy:
        with demo_server(*settings) as running:
            yield Judged(running.url, running)
        return
    async with Proxy(options.delay, options.pieces) as proxy:
        # A run takes the address that it dials for the server's own origin.
        origin = f"--allowed-origins=http://127.0.0.1:{proxy.port}"
        with demo_server(origin, *settings) as running:
            proxy.target = address(running.url)
            yield Judged(f"ws://127.0.0.1:{proxy.port}/", running)
        print(f"proxy: {proxy.counts}")


async def observe(options: argparse.Namespace, more: Sequence[str]) -> Outcomes:
    """Makes all runs, one after another."""
    outcomes = Outcomes()
    jobs = cycle(options.jobs)
    with TemporaryDirectory() as folder:
        async with judged(options) as target:
            print(f"judging {target.url}", flush=True)
            with busy_cores(options.busy):
                for i in range(1, options.runs + 1):
                    report = place(options.keep or folder, i)
                    # What fails is not run again here: it should show, not be explained.
                    how = (f"--jobs={next(jobs)}", "--retries=0")
                    outcomes.add(*await target.run(report, [*how, *more]))
                    status, seconds = outcomes.exits[-1], outcomes.seconds[-1]
                    print(f"run {i}: exit {status}, {seconds:.1f} s", flush=True)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        allow_abbrev=False,
        epilog="Whatever else is given, a selection first, is passed on to coda-conformance run.",
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument(
        "--jobs",
        type=int,
        nargs="+",
        default=[16],
        help="scenarios at once; of several numbers, each run takes the next",
    )
    parser.add_argument("--busy", action="store_true", help="keep every core busy")
    parser.add_argument("--proxy", action="store_true", help="put a slow line in between")
    add_options(parser)
    parser.add_argument(
        "--settings", metavar='"NAME=VALUE …"', default="", help="options of the server's"
    )
    parser.add_argument("--keep", metavar="FOLDER", help="keep the JSON reports of all runs here")
    options, more = parser.parse_known_args()
    end_at_sigterm()
    outcomes = asyncio.run(observe(options, more))
    show(outcomes)
    return 1 if outcomes.differing() or outcomes.failing() else 0


if __name__ == "__main__":
    sys.exit(main())
