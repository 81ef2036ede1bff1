"""The kit's judgement of the client."""

import subprocess
import sys
from pathlib import Path

from tests.clients.python.server import ROOT, surroundings
from tests.support.judged_client import assert_conformant, sample


def test_the_client_breaks_nothing_that_the_kit_can_see(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    launch = f"{sys.executable} -m coda_client {{url}}"
    command = ["client", "--launch", launch, "--report", f"json={report}", "--max-wait=120"]
    command += ["passive", *sample(4)]
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
    assert_conformant(report)
