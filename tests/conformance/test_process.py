"""A target that the kit starts itself is waited for, told about, and always ended."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.kit import LIMIT, ROOT, Finished, call, started

SERVER = "[sys.executable, '-m', 'reference_server', '--port=0']"
SELECTION = "transport/ping-frame-before-authentication"


def target(folder: Path, program: str, **members: object) -> str:
    """A target file whose command is this Python program."""
    command = {"run": ["{python}", "-c", program], **members}
    path = folder / "target.yaml"
    path.write_text(json.dumps({"name": "it", "command": command}), encoding="utf-8")
    return str(path)


def judged(folder: Path, program: str, **members: object) -> Finished:
    return call("run", target(folder, program, **members), SELECTION)


def runs(pid: int) -> bool:
    """Whether a process that was told to end still runs when it has had ample time."""
    try:
        end = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        return not select.select([end], [], [], LIMIT)[0]
    finally:
        os.close(end)


def test_a_command_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "target.yaml"
    path.write_text("command: {run: [./no-such-program]}\n", encoding="utf-8")
    done = call("run", str(path))
    assert done.status == 2
    assert done.complaint == (
        f"coda-conformance: {path}:1:17: the command ./no-such-program cannot be run: "
        "there is no such program"
    )


def test_a_command_that_fails_is_quoted_with_its_status(tmp_path: Path) -> None:
    done = judged(tmp_path, "import sys; print('no licence', file=sys.stderr); sys.exit(7)")
    assert done.status == 4
    assert done.complaint == (
        f"coda-conformance: {tmp_path}/target.yaml:1:28: "
        "the target's command ended with status 7 and said: no licence"
    )


def test_a_command_that_fails_is_in_the_reports_without_its_secrets(tmp_path: Path) -> None:
    program = "import sys; print('no licence for s3cr3t-t0k3n', file=sys.stderr); sys.exit(7)"
    path = target(tmp_path, program)
    known = json.loads(Path(path).read_text()) | {"headers": {"X-Api-Key": "s3cr3t-t0k3n"}}
    Path(path).write_text(json.dumps(known))
    words = [f"--report={kind}={tmp_path / kind}" for kind in ("json", "markdown", "junit")]
    done = call("run", path, SELECTION, *words)
    report = json.loads((tmp_path / "json").read_bytes())
    assert done.status == 4
    assert "ended with status 7 and said: no licence for" in report["run"]["note"]
    assert report["target"]["process"]["ended"]["status"] == 7
    told = [done.errors, *((tmp_path / kind).read_text() for kind in ("json", "markdown", "junit"))]
    assert all("no licence for" in text and "s3cr3t" not in text for text in told)


def test_a_command_that_ends_without_a_word_is_told(tmp_path: Path) -> None:
    done = judged(tmp_path, "pass")
    assert done.status == 4
    assert done.complaint.endswith("ended with status 0 and said: nothing")


def test_a_command_that_prints_nothing_is_waited_for_only_so_long(tmp_path: Path) -> None:
    done = judged(tmp_path, "import time; time.sleep(600)", timeout=0.5)
    assert done.status == 4
    assert "printed nothing that matches" in done.complaint
    assert " within 0.5 s" in done.complaint


def test_a_command_that_closes_its_output_and_goes_on_is_waited_for_only_so_long(
    tmp_path: Path,
) -> None:
    program = "import os, time; os.close(1); os.close(2); time.sleep(600)"
    done = judged(tmp_path, program, timeout=0.5)
    assert done.status == 4
    assert " within 0.5 s" in done.complaint


def test_a_command_that_prints_without_end_is_waited_for_only_so_long(tmp_path: Path) -> None:
    program = "import sys\nwhile True: sys.stdout.write('noise' * 1000 + chr(10))"
    done = judged(tmp_path, program, timeout=0.5)
    assert done.status == 4
    assert "within 0.5 s" in done.complaint


def test_a_command_that_prints_no_url_where_it_should_is_told(tmp_path: Path) -> None:
    done = judged(tmp_path, "print('at http://x/'); input()", ready=r"at (\S+)")
    assert done.status == 2
    assert "expected a URL that begins with ws://" in done.complaint


def test_a_server_that_is_started_is_judged_and_ended(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        f"import os, sys, pathlib; pathlib.Path({str(note)!r}).write_text(str(os.getpid()));"
        f"os.execv(sys.executable, {SERVER})"
    )
    done = judged(tmp_path, program)
    assert (done.status, done.errors) == (0, "")
    assert not runs(int(note.read_text()))


def test_a_server_behind_a_wrapper_is_ended_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        "import subprocess, sys, pathlib;"
        f"child = subprocess.Popen({SERVER});"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); child.wait()"
    )
    done = judged(tmp_path, program)
    child = int(note.read_text())
    still = runs(child)
    if still:
        psutil.Process(child).kill()
    assert (done.status, still) == (0, False)


def test_a_server_that_ignores_the_request_to_end_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        "import os, pathlib, signal, subprocess, sys, time;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(note)!r}).write_text(str(os.getpid()));"
        "print('ws://127.0.0.1:1/', flush=True); time.sleep(600)"
    )
    done = judged(tmp_path, program)
    assert done.status == 4
    assert not runs(int(note.read_text()))


def test_ctrl_c_while_the_server_starts_ends_both_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(LIMIT)
        port = server.getsockname()[1]
        program = (
            "import os, socket, time;"
            f"sock = socket.create_connection(('127.0.0.1', {port}));"
            "sock.send(b'%d' % os.getpid()); time.sleep(600)"
        )
        with started("run", target(tmp_path, program, timeout=15), SELECTION) as process:
            child, _ = server.accept()
            with child:
                pid = int(child.recv(100))
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT)
            assert process.returncode == 130
            assert not runs(pid)


@pytest.mark.parametrize("word", ["{python}", sys.executable])
def test_the_interpreter_of_the_kit_has_a_name(tmp_path: Path, word: str) -> None:
    path = tmp_path / "target.yaml"
    command = {"run": [word, "-c", "import sys; print(sys.executable); sys.exit(1)"]}
    path.write_text(json.dumps({"command": command}), encoding="utf-8")
    assert call("run", str(path)).complaint.endswith(f"said: {sys.executable}")


def test_a_signal_that_comes_while_a_target_starts_ends_that_target(tmp_path: Path) -> None:
    kept = tmp_path / "pid"
    code = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from conformance.target import process\n"
        "from conformance.target.target_file import from_file\n"
        "made = process.Process.__init__\n"
        "def interrupted(self, command):\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"  # before, and once more behind
        "    made(self, command)\n"
        "    Path(sys.argv[2]).write_text(str(self._process.pid))\n"
        "process.Process.__init__ = interrupted\n"
        "with process.running(from_file(Path(sys.argv[1])).command):\n"
        "    print('not interrupted')\n"
    )
    path = tmp_path / "target.yaml"
    path.write_text("command: {run: [sleep, '60']}\nurl: ws://127.0.0.1:1/\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", code, path, kept], cwd=ROOT, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert "KeyboardInterrupt" in done.stderr
    assert done.stdout == ""
    with pytest.raises(ProcessLookupError):
        os.kill(int(kept.read_text()), 0)
