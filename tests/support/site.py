"""The site of the documentation: built once for all workers of a test run, and served."""

import fcntl
import functools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.support.kit import LIMIT, ROOT, call

BUILD = ROOT / "docs" / "build.py"
DIALOGUE = "errors/words-are-no-json"
"""A scenario that is run in no time: its report stands for the published ones."""


def built(folder: Path) -> Path:
    """Return a site in a folder that processes share: the first of them builds it."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "log").exists():
            (folder / "log").write_text(_build(folder), "utf-8")
    assert (folder / "log").read_text("utf-8") == "0\n"
    return folder / "site"


def _build(folder: Path) -> str:
    """Build the site with one report; return the exit status, and all that was said."""
    (folder / "reports").mkdir()
    html = folder / "reports" / "reference-server.html"
    assert call("demo", DIALOGUE, "--quiet", "--html", str(html)).status == 0
    words = ["--reports", str(folder / "reports"), "--output", str(folder / "site")]
    done = subprocess.run(
        [sys.executable, str(BUILD), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port, and yield its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
