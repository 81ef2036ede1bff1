"""Whether a verdict depends on the way to a server: IPv6, TLS with a private CA, a reverse proxy.

The reference server, with the options and hooks of the demonstration, is judged whole over each
way. `WAYS` says which results each way fails by itself, whatever the server does: nginx answers
some handshakes in its own way, and passes everything after them on unchanged. The exit status is 1
if anything else fails or is not judged, or if one of these passes, unless the way only `may_break`
it. nginx and openssl have to be installed.

    python benchmarks/ways.py [--ways ipv6 tls …]
"""

import argparse
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import yaml
from lab import fronts
from lab.figures import show
from lab.processes import ROOT, end_at_sigterm
from msgspec.structs import replace

from conformance.target.process import running
from conformance.target.target_file import DEMO, from_file

HEADERS: Final = ("way", "seconds", "exit", "passed", "failed or not judged", "as it should be")

LISTENING: Final = 512
"""Connections that may wait to be accepted."""


class Way(NamedTuple):
    """A way: how the server is told its address, what stands in front, and what that breaks."""

    options: Callable[[int], tuple[str, ...]]
    front: str = ""
    headers: str = ""
    breaks: frozenset[str] = frozenset()
    may_break: frozenset[str] = frozenset()


def _named(scheme: str, page: str) -> Callable[[int], tuple[str, ...]]:
    """The options by which a server learns the address of what stands in front of it."""

    def options(port: int) -> tuple[str, ...]:
        address = f"127.0.0.1:{port}"
        return (f"--audience={scheme}://{address}", f"--allowed-origins={page}://{address}")

    return options


KEPT: Final = "proxy_set_header Host $http_host;"
# nginx takes no tab before a value, which RFC 9110 allows, and completes requests for an upgrade.
ANY: Final = frozenset(
    {"origin/own-names-in-any-spelling", "transport/what-is-no-handshake-is-not-completed"}
)

WAYS: Final = {
    "ipv6": Way(lambda _: ("--host=::1",)),
    # The end of TLS is a process in Python: what it does for one client takes time from the others.
    "tls": Way(
        _named("wss", "https"), "tls", may_break=frozenset({"limits/slow-reader-delays-nobody"})
    ),
    "nginx": Way(
        _named("ws", "http"),
        "nginx",
        f"{KEPT} proxy_set_header Connection $connection_upgrade;",
        ANY,
    ),
    "nginx, with the client's Connection": Way(
        _named("ws", "http"),
        "nginx",
        f"{KEPT} proxy_set_header Connection $http_connection;",
        ANY | {"transport/handshake-in-any-spelling"},
    ),
    "nginx, with a Host of its own": Way(
        _named("ws", "http"),
        "nginx",
        'proxy_set_header Connection "upgrade";',
        ANY
        | {
            "origin/foreign-host-is-refused",
            "origin/foreign-hosts-of-all-kinds-are-refused",
            "origin/similar-host-is-refused",
        },
    ),
}
"""The ways by their names, and the ids of the results that each breaks."""


@contextmanager
def reached(way: Way, folder: Path) -> Iterator[dict[str, Any]]:
    """Starts the server and what stands in front of it; a target file's contents."""
    target = yaml.safe_load(DEMO.read_text("utf-8"))
    del target["command"]
    command = from_file(DEMO).command
    assert command is not None
    with socket.create_server(("127.0.0.1", 0), backlog=LISTENING) as listener:
        port = listener.getsockname()[1]
        argv = (*command.argv, *way.options(port))
        with running(replace(command, argv=argv, folder=ROOT)) as process:
            named = process.ready()
            for hook in target["hooks"].values():
                hook["request"] = hook["request"].format(**named)
            behind = urlsplit(named["url"])
            if not way.front:
                yield {**target, "url": named["url"]}
                return
            del target["parameters"]["unread_bytes"]  # the buffers on this way hold more
            if way.front == "tls":
                target |= {"url": f"wss://127.0.0.1:{port}/"}
                target |= {"tls": {"ca": str(fronts.certify(folder))}}
                assert behind.port is not None
                front = fronts.tls(folder, listener, behind.port)
            else:
                target |= {"url": f"ws://127.0.0.1:{port}/"}
                front = fronts.nginx(folder, listener, f"http://{behind.netloc}", way.headers)
            with front:
                yield target


def judge(way: Way, folder: Path) -> dict[str, Any]:
    """The report of a run over a way."""
    report = folder / "report.json"
    with reached(way, folder) as target:
        path = folder / "target.yaml"
        path.write_text(json.dumps(target), "utf-8")
        subprocess.run(
            [sys.executable, "-m", "conformance", "run", str(path), "-q", f"--json={report}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            check=False,
        )
    found: dict[str, Any] = json.loads(report.read_bytes())
    return found


def row(name: str, way: Way) -> list[str]:
    """Judges the server over a way; a row of the table."""
    begun = perf_counter()
    with TemporaryDirectory() as folder:
        found = judge(way, Path(folder))
    seconds = perf_counter() - begun
    open_ = [r for r in found["results"] if r["outcome"] not in ("passed", "not applicable")]
    ids = {result["id"] for result in open_}
    failed = {result["id"] for result in open_ if result["outcome"] == "failed"}
    is_right = way.breaks <= failed and ids <= way.breaks | way.may_break
    passed = sum(result["outcome"] == "passed" for result in found["results"])
    told = ", ".join(sorted(f"{r['id']} ({r['outcome']})" for r in open_)) or "none"
    right = "yes" if is_right else "NO"
    return [name, f"{seconds:.0f}", str(found["exit_status"]), str(passed), told, right]


def main() -> int:
    end_at_sigterm()
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), metavar="WAY")
    rows = [row(name, WAYS[name]) for name in parser.parse_args().ways]
    show(rows, HEADERS)
    return 0 if all(each[-1] == "yes" for each in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
