"""No secret that a hook issued is in any report, whatever the server does with it."""

import json
import re
from pathlib import Path

import pytest
import yaml

from conformance.loader.suite import Suite
from conformance.target.target_file import DEMO
from tests.support.kit import call

ISSUE = """\
import socket, sys
place = sys.argv[1].partition('//')[2]
host, _, port = place.partition(':')
asked = sys.stdin.buffer.read()
with socket.create_connection((host, int(port))) as server:
    lines = ('POST /issue_token HTTP/1.0', 'Host: ' + place, 'Content-Type: application/json',
             'Content-Length: %d' % len(asked), '', '')
    server.sendall('\\r\\n'.join(lines).encode() + asked)
    answer = server.makefile('rb').read().partition(b'\\r\\n\\r\\n')[2]
with open(sys.argv[2], 'ab') as issued:
    issued.write(answer.split(b'"')[3] + b'\\n')
sys.stdout.buffer.write(answer)
"""
"""A hook that notes what it hands on; it runs hundreds of times, and so imports next to nothing."""

LEAKS = ("secret-in-a-failure", "secret-in-an-error", "new-secret-in-the-clear")
PART = 12
FORMATS = ("json", "junit", "markdown")


@pytest.mark.parametrize("fault", LEAKS)
def test_what_a_hook_issued_is_in_no_report_of_a_run_that_fails(
    tmp_path: Path, suite: Suite, fault: str
) -> None:
    issued = tmp_path / "issued"
    value = yaml.safe_load(DEMO.read_text("utf-8"))
    run = value["command"]["run"]
    place = run.index("reference_server")
    run[place : place + 1] = ["conformance.selftest", fault]
    words = ["{python}", "-IS", "-c", ISSUE, "{control}", str(issued)]
    value["hooks"]["issue_token"] = {"command": words}
    target = tmp_path / "target.yaml"
    target.write_text(json.dumps(value), encoding="utf-8")
    reports = [f"--report={name}={tmp_path / name}" for name in FORMATS]
    done = call("run", str(target), "access-tokens/", "--retries=0", *reports)
    assert done.status == 1
    secrets = {line.rpartition(".")[2] for line in issued.read_text().splitlines()}
    assert len(secrets) > 50
    texts = [done.output, done.errors, *((tmp_path / name).read_text() for name in FORMATS)]
    # Not even a part of one that is long enough to make a search of the rest easier.
    parts = {secret[i : i + PART] for secret in secrets for i in range(len(secret) - PART + 1)}
    for text in texts:
        runs = re.findall(rf"[A-Za-z0-9_-]{{{PART},}}", text)
        found = {run[i : i + PART] for run in runs for i in range(len(run) - PART + 1)}
        assert found & parts == set()
    assert "<token " in (tmp_path / "json").read_text()
