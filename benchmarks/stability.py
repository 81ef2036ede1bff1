"""Whether runs of the suite come to the same outcome every time, also on a bad day.

A target file's command, that of `coda-conformance demo` by default, is started anew for every run
and judged whole by `coda-conformance run`, a process of its own, with the hooks of the file.
`--busy` keeps every core busy with processes that do nothing else; `--at-once` makes several runs
beside each other; `--proxy` puts the slow line of proxy.py in between. The outcomes of every result
id are compared over all runs: each id that differs is printed with its reasons, and so is each that
never passes. The exit status is 1 if an outcome differs or fails.

Over a slow line the demonstration's windows are too short for what has to happen within them;
`--set` adds options to the command that replace those it has.

    python benchmarks/stability.py [--runs 10] [--at-once 1] [--jobs 16] [--busy]
    python benchmarks/stability.py --runs 4 --jobs 1 16     # in turn: does the number matter?
    python benchmarks/stability.py --target tests/second_server/target.yaml
    python benchmarks/stability.py --proxy [--delay 0.1] [--pieces 7] [--set NAME=VALUE …]
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final

import yaml
from lab.outcomes import Outcomes, show
from lab.processes import ENDS_WITHIN, ROOT, busy_cores, end_at_sigterm, server
from msgspec.structs import replace
from proxy import add_options

from conformance.target.process import running
from conformance.target.target import Command
from conformance.target.target_file import DEMO, from_file

PROXY: Final = str(Path(__file__).with_name("proxy.py"))


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


def command_of(options: argparse.Namespace) -> Command:
    """The command of the target file, with the settings that replace its own."""
    command = from_file(options.target).command
    if command is None:
        sys.exit(f"{options.target} has no command")
    folder = ROOT if options.target == DEMO else command.folder
    more = tuple(f"--{setting}" for setting in options.set)
    return replace(command, argv=(*command.argv, *more), folder=folder)


@contextmanager
def reached(url: str, options: argparse.Namespace) -> Iterator[str]:
    """The address at which a run reaches the server: its own, or that of the slow line to it."""
    if not options.proxy:
        yield url
        return
    line = (f"--delay={options.delay}", f"--pieces={options.pieces}")
    with server(PROXY, *line, url) as proxy:
        yield proxy.url


@contextmanager
def judged(options: argparse.Namespace, folder: Path) -> Iterator[Path]:
    """Starts the server, and writes a target file that says where it is."""
    with running(command_of(options)) as process:
        named = process.ready()
        with reached(named["url"], options) as url:
            target = yaml.safe_load(options.target.read_text("utf-8"))
            del target["command"]
            for hook in target.get("hooks", {}).values():
                hook["request"] = hook["request"].format(**named)
            if options.proxy:  # the buffers on this way hold more than the file says
                target.get("parameters", {}).pop("unread_bytes", None)
            path = folder / "target.yaml"
            path.write_text(json.dumps({**target, "url": url}), "utf-8")
            yield path


async def run(target: Path, report: Path, more: Sequence[str]) -> tuple[dict[str, Any], float]:
    """Judges a target by a process of its own: the report and the wall time in seconds."""
    start = perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "conformance", "run", str(target)),
        *more,
        *("--quiet", f"--report=json={report}"),
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await process.wait()
    finally:
        await end(process)
    return read(report), perf_counter() - start


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


async def observe(options: argparse.Namespace, more: Sequence[str]) -> Outcomes:
    """Makes all runs, so many at once."""
    outcomes = Outcomes()
    jobs = cycle(options.jobs)
    numbers = iter(range(1, options.runs + 1))

    async def worker() -> None:
        for i in numbers:
            # What fails is not run again here: it should show, not be explained.
            how = (f"--jobs={next(jobs)}", "--retries=0")
            with (
                TemporaryDirectory(ignore_cleanup_errors=True) as own,
                judged(options, Path(own)) as target,
            ):
                report = place(options.keep or own, i)
                outcomes.add(*await run(target, report, [*how, *more]))
            status, seconds = outcomes.exits[-1], outcomes.seconds[-1]
            print(f"run {i}: exit {status}, {seconds:.1f} s", flush=True)

    with busy_cores(options.busy):
        async with asyncio.TaskGroup() as group:
            for _ in range(min(options.at_once, options.runs)):
                group.create_task(worker())
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        allow_abbrev=False,
        epilog="Whatever else is given, a selection first, is passed on to coda-conformance run.",
    )
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--at-once", type=int, default=1, help="runs beside each other")
    parser.add_argument(
        "--target", type=Path, default=DEMO, metavar="FILE", help="a target file with a command"
    )
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
        "--set", metavar="NAME=VALUE", nargs="+", default=[], help="options of the command's"
    )
    parser.add_argument("--keep", metavar="FOLDER", help="keep the JSON reports of all runs here")
    options, more = parser.parse_known_args()
    end_at_sigterm()
    outcomes = asyncio.run(observe(options, more))
    show(outcomes)
    return 1 if outcomes.differing() or outcomes.failing() else 0


if __name__ == "__main__":
    sys.exit(main())
