"""How a process that the kit started came to its end, and its last words, are in every report."""

import json
import os
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from conformance.engine.attempt import result_of
from conformance.loader.suite import load
from conformance.model import Outcome, Timing
from conformance.target.lifetime import Ended, lifetime
from conformance.target.output import Printed
from tests.support.kit import Finished, call

CRASHING = "errors/truncated-json-is-answered"
SELECTION = (CRASHING, "states/", "events/", "--jobs=1", "--retries=0")

# The reference server; a text that is not JSON ends it as HOW says.
SERVER = """
import os, signal, sys
import reference_server.connection as connection
from reference_server.__main__ import main
whole = connection.open_envelope
def checked(text):
    if bytes(text).endswith(b'client_mes'):
        print("cannot read it: \\x1b[31m{", file=sys.stderr, flush=True)
        HOW
    return whole(text)
connection.open_envelope = checked
sys.exit(main(["--port=0"]))
"""

SILENT = "import time; print('ws://127.0.0.1:PORT/', flush=True)\n"


def judged(folder: Path, program: str, *words: str, **members: Any) -> Finished:
    """Judge a Python program, with reports of all kinds in the folder."""
    target = folder / "target.yaml"
    value = {"name": "it", "command": {"run": ["{python}", "-c", program]}, **members}
    target.write_text(json.dumps(value), encoding="utf-8")
    paths = [f"--report={kind}={folder / kind}" for kind in ("json", "junit", "markdown")]
    return call("run", str(target), *words, *paths)


def process_of(folder: Path) -> Any:
    return json.loads((folder / "json").read_bytes())["target"].get("process")


def test_a_crash_is_told_with_its_signal_its_last_words_and_what_ran(tmp_path: Path) -> None:
    how = "os.kill(os.getpid(), signal.SIGKILL)"
    done = judged(tmp_path, SERVER.replace("HOW", how), *SELECTION)
    found = process_of(tmp_path)
    ended = found["ended"]
    assert (ended["signal"], ended["asked"]) == ("SIGKILL", False)
    assert "status" not in ended
    assert ended["in_flight"] == [CRASHING]
    assert {"stream": "stderr", "text": "cannot read it: \x1b[31m{"} in found["output"]
    assert any(row["stream"] == "stdout" and "ws://" in row["text"] for row in found["output"])
    told = "The target's process ended during the run by SIGKILL"
    assert told in done.output
    assert CRASHING in done.output.partition(told)[2]
    assert r"cannot read it: \x1b[31m{" in done.output
    assert f"{told}." in (tmp_path / "markdown").read_text()
    last = ET.parse(tmp_path / "junit").getroot().findtext("testsuite/system-err")
    assert last is not None
    assert told in last


def test_an_end_with_a_status_is_told_as_one(tmp_path: Path) -> None:
    done = judged(tmp_path, SERVER.replace("HOW", "os._exit(7)"), *SELECTION)
    assert process_of(tmp_path)["ended"]["status"] == 7
    assert "The target's process ended during the run with status 7" in done.output


def test_a_process_that_lives_to_the_end_has_none(tmp_path: Path) -> None:
    done = judged(tmp_path, SERVER, "states/")
    assert process_of(tmp_path)["ended"] is None
    assert "The target's process" not in done.output + (tmp_path / "markdown").read_text()
    assert b"system-err" not in (tmp_path / "junit").read_bytes()


class Ending:
    """A process that ended so many seconds after the moment 100."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def ended(self, patience: float) -> tuple[int, float] | None:
        return 0, 100.0 + self.seconds

    def printed(self) -> tuple[Printed, ...]:
        return ()


@pytest.mark.parametrize(
    ("scenario", "seconds", "asked", "in_flight"),
    [("transport/shutdown-closes-every-connection", 1.5, True, True),
     ("transport/shutdown-closes-every-connection", 9.0, True, False),
     ("transport/shutdown-closes-every-connection", 0.5, False, False),
     ("replay/new-start-is-a-new-epoch", 1.5, True, True),
     ("replay/new-start-is-a-new-epoch", 9.0, False, False),
     (CRASHING, 1.5, False, True), (CRASHING, 9.0, False, False)],
)  # fmt: skip
def test_an_end_that_a_hook_asked_for_is_no_news(
    scenario: str, seconds: float, asked: bool, in_flight: bool
) -> None:
    suite = load()
    timing = Timing(started=1.0, duration=1.0)
    result = replace(result_of(suite.scenarios[scenario], Outcome.PASSED, ""), timing=timing)
    found = lifetime(Ending(seconds), 100.0, [result], suite.scenarios, str, lost=False)
    assert found.ended is not None
    assert (found.ended.asked, scenario in found.ended.in_flight) == (asked, in_flight)
    assert (found.unasked is None) == asked


def test_the_end_that_the_demonstration_asks_for_is_not_told(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    done = call("demo", "transport/shutdown", "states/", f"--report=json={path}")
    process = json.loads(path.read_bytes())["target"]["process"]
    assert done.status == 0
    assert process["ended"] is None or process["ended"]["asked"]
    assert "The target's process" not in done.output


def test_what_it_prints_is_kept_only_in_part_and_costs_little(tmp_path: Path) -> None:
    noise = "import sys\nfor _ in range(400): sys.stderr.write('x' * 250_000)\nprint()\n"
    program = SERVER.replace("HOW", "os._exit(7)").replace("import os", noise + "import os", 1)
    many = "\nfor i in range(300): print('line', i, 'y' * 600, file=sys.stderr)\nsys.exit(main"
    judged(tmp_path, program.replace("\nsys.exit(main", many), "states/")
    output = process_of(tmp_path)["output"]
    assert 0 < len(output) <= 200
    assert sum(len(row["text"]) for row in output) <= 64 * 1024
    assert any(row["text"].startswith("line 299 ") for row in output)


def test_a_ready_line_is_found_in_a_flood_before_and_after_it(tmp_path: Path) -> None:
    flood = "for i in range(20_000): print('noise', i)\n"
    program = SERVER.replace("import os", flood + "import os", 1)
    done = judged(tmp_path, program, "states/")
    assert (done.status, done.errors) == (0, "")


def test_secrets_of_the_target_and_of_the_run_are_not_in_its_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODA_TEST_HEADER", "Bearer hunter2")
    reveal = (
        "\nimport reference_server.session as session\n"
        "def shown(text):\n"
        "    print('got', text.decode(), os.environ['CODA_TEST_HEADER'][7:], flush=True)\n"
        "    return whole(text)\n"
        "connection.open_envelope = shown\n"
        "sys.exit(main"
    )
    program = SERVER.replace("\nsys.exit(main", reveal)
    judged(tmp_path, program, "states/", headers={"Authorization": "env:CODA_TEST_HEADER"})
    output = [row["text"] for row in process_of(tmp_path)["output"]]
    got = [text for text in output if text.startswith("got ")]
    assert any("auth_response" in text and '"token":"<token ' in text for text in got)
    assert not any("hunter2" in text for text in output)


@pytest.mark.parametrize(
    ("status", "how"),
    [(0, "with status 0"), (-signal.SIGTERM, "by SIGTERM"), (-64, "by SIGRTMAX"),
     (-99, "by signal 99")],
)  # fmt: skip
@pytest.mark.skipif(os.name != "posix", reason="signals have these numbers on POSIX")
def test_a_status_is_told_in_words(status: int, how: str) -> None:
    assert Ended(status, 0.0).how == how
