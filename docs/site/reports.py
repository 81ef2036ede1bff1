"""The page on published reports: HTML reports on servers and a client, made or taken."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from docs.site.words import code, fenced, inline, table


class Judged(NamedTuple):
    """A target that is judged: what it is, the command that judges it, and what must be there."""

    title: str
    words: tuple[str, ...]
    needs: str = ""


TARGETS: Final[Mapping[str, Judged]] = {
    "reference-server": Judged("the reference server", ("demo",)),
    "second-server": Judged(
        "the second server, written in JavaScript from the specification alone",
        ("run", "tests/second_server/target.yaml"),
        "tests/second_server/node_modules",
    ),
    "legacy-server": Judged(
        "the legacy server, which does what the original does on the wire",
        ("run", "conformance/selftest/legacy/target.yaml", "--retries", "0"),
    ),
    "legacy-dashboard": Judged(
        "the legacy dashboard, a client which does what the original's does on the wire",
        ("client", "conformance/selftest/legacy_dashboard/target.yaml", "--retries", "0"),
    ),
}
"""The targets by the names of their reports."""

FOLDER: Final = "reports"


def made(root: Path, folder: Path) -> dict[str, str]:
    """Judge the targets, write their HTML reports to a folder, and return the verdicts by name.

    One that cannot be started here is left out; raises `CalledProcessError` if a run itself
    goes wrong.
    """
    found = {}
    for name, target in TARGETS.items():
        if target.needs and not (root / target.needs).exists():
            continue
        html, record = folder / f"{name}.html", folder / f"{name}.json"
        words = [*target.words, "--quiet", "--html", str(html), "--json", str(record)]
        argv = [sys.executable, "-m", "conformance", *words]
        done = subprocess.run(argv, cwd=root, capture_output=True, check=False)  # noqa: S603
        if done.returncode not in (0, 1):
            raise subprocess.CalledProcessError(done.returncode, argv, done.stdout, done.stderr)
        found[name] = verdict(record)
        record.unlink()
    return found


def taken(folder: Path) -> dict[str, str]:
    """Return the reports that lie in a folder, whose verdicts they say themselves."""
    return {name: "" for name in TARGETS if (folder / f"{name}.html").is_file()}


def verdict(record: Path) -> str:
    """Return how the profiles of a JSON report are judged, in a line."""
    found: dict[str, list[str]] = {}
    for row in json.loads(record.read_bytes())["profiles"]:
        found.setdefault(row["verdict"], []).append(row["name"])
    found.pop("not claimed", None)
    return "; ".join(f"{said}: {', '.join(names)}" for said, names in found.items())


def page(found: Mapping[str, str]) -> str:
    """Return the page on the reports that were found, each with its verdict; empty if unknown."""
    rows = [
        (
            inline(target.title),
            f'<a href="{name}.html">open the report</a>'
            if name in found
            else "left out of this build",
            inline(found.get(name, "")),
        )
        for name, target in TARGETS.items()
    ]
    commands = fenced([f"coda-conformance {' '.join(row.words)}" for row in TARGETS.values()], "sh")
    missing = "" if found else "\n**This build left the reports out** (`--no-reports`).\n"
    return (
        "# Reports\n\nWhat the kit finds on three servers and a client, as one file of HTML each, "
        "the kind that you send to whoever writes one. "
        "[Judge a server](../guides/judging.md#reports) says "
        f"what is in one.\n{missing}\n{table(('target', 'report', 'verdict'), rows)}\n"
        f"To make them yourself, in a checkout:\n\n{commands}\n"
        f"The pictures and tables in the repository's {code('reports/')} are of the same runs.\n"
    )
