"""A server in another language, written from the specification alone, keeps all of it."""

import shutil
from pathlib import Path

import pytest

from tests.support.kit import ROOT, judge

FOLDER = ROOT / "tests" / "second_server"
PROFILES = ("core", "compat", "hmac", "tokens", "resume", "replay", "heartbeat", "limits")

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / "ws").is_dir(),
        reason="npm install has not been run in tests/second_server",
    ),
]


def test_the_second_server_is_conformant_in_every_profile(tmp_path: Path) -> None:
    done = judge(tmp_path, str(FOLDER / "target.yaml"))
    wrong = [row for row in done.report["results"] if row["outcome"] != "passed"]
    # Its WebSocket library takes lengths that are not in their shortest form (TRANSPORT-26).
    assert {row["id"]: row["outcome"] for row in wrong} == {
        "transport/lengths-beyond-the-shortest-form": "warned"
    }
    verdicts = {row["name"]: row["verdict"] for row in done.report["profiles"]}
    assert verdicts == dict.fromkeys(PROFILES, "conformant")
    assert (done.status, done.errors) == (0, "")
