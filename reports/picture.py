"""Draws report.svg: what the terminal shows of the legacy server, cut to one failure and the end.

`python reports/picture.py` runs the kit, so the picture is of a real run; its random tokens and
times differ from run to run, which is why it is not among the files that `reports/publish` writes.
"""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).resolve().parent
SHOWN = "deduplication/repetitions-do-not-extend-the-window"
WIDTH = 118
COLOURS = {"✗": "bold red", "▶": "yellow"}


def main() -> None:
    """Writes report.svg beside this file."""
    command = ["run", "conformance/selftest/legacy/target.yaml"]
    argv = [sys.executable, "-m", "conformance", *command]
    done = subprocess.run(argv, capture_output=True, text=True, cwd=HERE.parent, check=False)  # noqa: S603
    text = done.stdout
    start = text.index(f"✗ {SHOWN}")
    failure = text[start : text.index("\n✗ ", start)].rstrip()
    end = text[text.index("profile      requirements") :].rstrip()
    console = Console(record=True, width=WIDTH, file=Path("/dev/null").open("w"))  # noqa: SIM115
    console.print(Text("$ coda-conformance run target.yaml", style="bold"))
    for line in [*failure.splitlines(), "", *_short(end)]:
        for part in _wrapped(line):
            console.print(Text(part, style=_style(line)), no_wrap=True, overflow="crop")
    svg = console.export_svg(title="coda-conformance", unique_id="report")
    (HERE / "report.svg").write_text(svg, encoding="utf-8")


def _wrapped(line: str) -> list[str]:
    """A line of the wire as it is, cut by the window; any other broken where it is too long."""
    if " ms  " in line:
        return [line]
    indent = " " * (12 if line.startswith("  ") else 2)
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent) or [""]


def _short(end: str) -> list[str]:
    """The end of the report without the profiles that the target does not claim."""
    rows = [row for row in end.splitlines() if "not claimed" not in row]
    claimed = ("profile", "---", "core", "compat")
    return [row for row in rows if row.startswith(claimed) or re.match(r"\d+ passed", row)]


def _style(line: str) -> str:
    if "not conformant" in line:
        return "red"
    return next((style for mark, style in COLOURS.items() if mark in line[:2]), "")


if __name__ == "__main__":
    main()
