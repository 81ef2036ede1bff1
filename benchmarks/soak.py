"""Whether the reference server stays as it is under two minutes of clients that misbehave.

A crowd of a bounded number at once (lab/crowd.py) connects, authenticates, speaks, resumes, sends
invalid JSON, binary, oversized and unmasked frames, shakes half a hand, floods, stalls, resets and
vanishes. Two well-behaved witnesses (lab/witnesses.py, a process of their own) hear a marker that
one of them says every 0.1 s. The soak passes, with exit status 0, when

- the server's resident memory at the end is at most 10 % or 4 MiB above that at `--baseline`,
- every marker was heard by both, none more than 1 s (`--latest`) late,
- nobody in the crowd waited in vain for an answer or a close that the protocol owes it,
- a new client is answered at the end, and
- the server then stops at SIGTERM with exit status 0, without a traceback, after closing both
  witnesses' connections with 1001.

What the server may remember for long is set to be forgotten within a few seconds: with the default
windows, memory rightly grows for the first five minutes.

    python benchmarks/soak.py [--seconds 120] [--baseline 20] [--at-once 40]
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from time import monotonic, sleep
from typing import IO, Any, Final

from lab.figures import ask, clients, generator
from lab.processes import REFERENCE, Server, end_at_sigterm, server

SETTINGS: Final = (
    "--auth-timeout=2",
    "--http-idle-timeout=2",
    "--resume-window=5",
    "--id-window=5",
    "--dedup-window=2",
    "--rate-messages=500",
    "--rate-seconds=5",
    "--close-timeout=1",
    "--max-message-bytes=65536",
    "--max-unsent-bytes=262144",
)
"""Windows of seconds, and bounds that the crowd runs into while the witnesses do not."""

ROWS: Final = 12
MIB: Final = 1 << 20
GROWTH: Final = (0.1, 4 * MIB)
LOOKS_EVERY: Final = 0.5
HEADERS: Final = ("  s", "RSS MiB", " CPU", "clients", "markers", "latest ms", "in vain")


@dataclass(slots=True)
class Soak:
    """A server, those who watch it, and what was seen."""

    server: Server
    errors: IO[str]
    witnesses: "subprocess.Popen[str]"
    crowd: "subprocess.Popen[str]"
    latest_allowed: float
    baseline: int = 0
    latest: float = 0.0
    faults: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)

    def watch(self, seconds: float, baseline: float) -> None:
        """Looks at regular times, `baseline` among them, while the server runs."""
        print(line(HEADERS), flush=True)
        start = monotonic()
        times = {(i + 1) * seconds / ROWS for i in range(ROWS)} | {baseline, seconds}
        cpu, before = self.server.cpu_seconds(), start
        for moment in sorted(times):
            if not self._sleep_until(start + moment):
                return
            used, now = self.server.cpu_seconds(), monotonic()
            self._look(moment, (used - cpu) / (now - before))
            cpu, before = used, now
            if moment == baseline:
                self.baseline = self.server.resident_bytes()
        self._check_memory()

    def _sleep_until(self, moment: float) -> bool:
        """Whether the server still runs at that moment."""
        while self.server.is_running() and (rest := moment - monotonic()) > 0:
            sleep(min(rest, LOOKS_EVERY))
        return self.server.is_running()

    def _look(self, moment: float, busy: float) -> None:
        seen = ask(self.witnesses)
        self.told = ask(self.crowd)
        latest = max(seen["latest"])
        self.latest = max(self.latest, latest)
        cells = (
            f"{moment:.0f}",
            f"{self.server.resident_bytes() / MIB:.1f}",
            f"{busy:.0%}",
            str(sum(self.told["kinds"].values())),
            str(min(seen["heard"])),
            f"{1000 * latest:.0f}",
            str(sum(self.told["disappointed"].values())),
        )
        print(line(cells), flush=True)

    def _check_memory(self) -> None:
        grown = self.server.resident_bytes() - self.baseline
        if grown > max(GROWTH[0] * self.baseline, GROWTH[1]):
            self.faults.append(f"the memory grew by {grown / MIB:.1f} MiB after the baseline")

    def part(self) -> None:
        """Sends the crowd away, sees whether a new client is answered, and stops the server."""
        self.told = ask(self.crowd)
        self.crowd.terminate()
        self.faults += [f"{name} ({n} times)" for name, n in self.told["disappointed"].items()]
        if self.server.is_running():
            self._stop()
        else:
            self.faults.append(f"the server ended with status {self.server.child.poll()}")
        self._check_errors()

    def _stop(self) -> None:
        with generator(self.server.url, "unique", 1) as newcomer:
            if not ask(newcomer, "0.1")["messages"]:
                self.faults.append("a new client was not answered")
        status = self.server.stop()
        if status != 0:
            self.faults.append(f"the server's exit status is {status}")
        self._check_witnesses(ask(self.witnesses))

    def _check_witnesses(self, seen: dict[str, Any]) -> None:
        self.latest = max(self.latest, *seen["latest"])
        if self.latest > self.latest_allowed:
            self.faults.append(f"a marker came {self.latest:.2f} s late")
        # One may be on its way when the server stops.
        if min(seen["heard"]) < seen["sent"] - 1:
            self.faults.append(f"of {seen['sent']} markers only {seen['heard']} were heard")
        if seen["closed"] != [1001, 1001]:
            self.faults.append(f"the witnesses' connections ended with {seen['closed']}")

    def _check_errors(self) -> None:
        self.errors.seek(0)
        text = self.errors.read()
        if "Traceback" in text:
            self.faults.append(f"the server wrote a traceback:\n{text[-2000:]}")


def line(cells: Sequence[str]) -> str:
    """A row of a table, all of whose columns are as wide as their headers."""
    return " | ".join(cell.rjust(len(head)) for cell, head in zip(cells, HEADERS, strict=True))


@contextmanager
def begun(at_once: int, latest: float) -> Iterator[Soak]:
    """A fresh server with its witnesses and its crowd."""
    with ExitStack() as stack:
        errors = stack.enter_context(TemporaryFile("w+"))
        running = stack.enter_context(server(*REFERENCE, *SETTINGS, errors=errors))
        witnesses = stack.enter_context(clients("lab.witnesses", running.url))
        crowd = stack.enter_context(clients("lab.crowd", running.url, str(at_once)))
        yield Soak(running, errors, witnesses, crowd, latest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--baseline", type=float, default=20.0, help="seconds to warm up")
    parser.add_argument("--at-once", type=int, default=40, help="clients of the crowd at once")
    parser.add_argument("--latest", type=float, default=1.0, help="seconds a marker may be late")
    options = parser.parse_args()
    end_at_sigterm()
    with begun(options.at_once, options.latest) as soak:
        soak.watch(options.seconds, min(options.baseline, options.seconds))
        soak.part()
    kinds = sorted(soak.told["kinds"].items())
    print("\n" + ", ".join(f"{name} {count}" for name, count in kinds))
    print("\n".join(f"FAILED: {fault}" for fault in soak.faults) or "passed")
    return bool(soak.faults)


if __name__ == "__main__":
    sys.exit(main())
