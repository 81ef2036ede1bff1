"""Runs every snippet against the reference server, in one process for each language.

`python docs/examples/run.py` writes what they print to printed.json; with `--check` it names the
snippets that print something else, and exits 1.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
sys.path[0] = str(ROOT)  # rather than this folder

from conformance.documents.locations import schema_root  # noqa: E402
from conformance.documents.schemas import SchemaStore  # noqa: E402
from docs.site.snippets import PRINTED, Printed, Snippet, printed, snippets  # noqa: E402

LIMIT: Final = 120.0
"""Seconds for all snippets of one language."""

NODE: Final = ("node", "--experimental-websocket", "--no-warnings")
"""Node.js with the WebSocket that browsers have, which version 20 has only when it is asked."""

LANGUAGES: Final[Mapping[str, Sequence[str]]] = {
    "python": (sys.executable, "-m", "docs.examples.runner"),
    "javascript": (*NODE, str(FOLDER / "runner.mjs")),
}


@contextmanager
def server() -> Iterator[tuple[str, str]]:
    """Start the reference server; yield its address and that of its hooks."""
    words = [sys.executable, "-m", "reference_server", "--port=0", "--control-port=0"]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"(ws://\S+) control (http://\S+)", process.stdout.readline())
            if found is None:
                raise RuntimeError("the reference server does not start")
            yield found[1], found[2]
        finally:
            process.terminate()


def run(language: str, rows: Mapping[str, Snippet], url: str, control: str) -> dict[str, str]:
    """Return what snippets print in a language; raise `CalledProcessError` if one fails."""
    given = {"url": url, "control": control, "snippets": msgspec.to_builtins(rows)}
    done = subprocess.run(
        LANGUAGES[language], cwd=ROOT, input=json.dumps(given), stdout=subprocess.PIPE,
        text=True, timeout=LIMIT, check=True,
    )  # fmt: skip
    found: dict[str, str] = json.loads(done.stdout)
    return found


def ran() -> dict[str, Printed]:
    """Return what every snippet prints now."""
    rows = snippets(SchemaStore(schema_root()))
    with server() as (url, control):
        python, javascript = (run(language, rows, url, control) for language in LANGUAGES)
    return {name: Printed(python[name], javascript[name]) for name in rows}


def main() -> int:
    """Write what has changed, or with --check name it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--check", action="store_true", help="exit 1 when a snippet prints another")
    check = parser.parse_args().check
    before, now = printed() if PRINTED.exists() else {}, ran()
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    for name in changed:
        sys.stdout.write(f"{'stale' if check else 'written'}: {name}\n")
    if not check:
        text = json.dumps(msgspec.to_builtins(now), ensure_ascii=False, indent=2)
        PRINTED.write_text(f"{text}\n", "utf-8")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
