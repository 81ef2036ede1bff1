"""The kit's judgement of the client."""

import json
import subprocess
import sys
from pathlib import Path

from tests.clients.python.server import ROOT, surroundings


def test_the_client_breaks_nothing_that_the_kit_can_see(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    launch = f"{sys.executable} -m coda_client {{url}}"
    command = ["client", "--launch", launch, "--report", f"json={report}", "--max-wait=120"]
    done = subprocess.run(
        [sys.executable, "-m", "conformance", *command],
        cwd=ROOT,
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert report.exists(), done.stderr
    results = json.loads(report.read_text("utf-8"))["results"]
    assert results
    assert [result["id"] for result in results if result["outcome"] != "passed"] == [], done.stdout
