"""What becomes of the standard streams changes no verdict, loses no report, and is no crash."""

import errno
import fcntl
import io
import json
import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from conformance.loader.suite import Suite
from conformance.rendering.progress import Progress
from conformance.text.streams import Output, Painted
from tests.conformance.test_baseline_command import report, whole
from tests.support.kit import COMMAND, LIMIT, ROOT, call, complaints
from tests.support.obeyed import HOSTILE, obeyed
from tests.support.records import REQUIREMENT, failed
from tests.support.sockets import refusing_port

LEGACY = "conformance/selftest/legacy/target.yaml"
JUDGING = ("run", LEGACY, "deduplication/key-order-does-not-matter", "--retries=0")

# How the shell starts the command, and what it then says of it.
OUTPUTS = {
    "full": 'exec "$@" >/dev/full',
    "closed": 'exec "$@" >&-',
    "read no further": '{ "$@"; echo $? >&3; } 3>"$STATUS" | true; exit $(cat "$STATUS")',
    "read to its first line": '{ "$@"; echo $? >&3; } 3>"$STATUS" | head -1; exit $(cat "$STATUS")',
    "closed with all others": 'exec "$@" >&- 2>&- <&-',
}
ERRORS = {"full": 'exec "$@" 2>/dev/full', "closed": 'exec "$@" 2>&-'}

TELLING = {
    "list": ("list",),
    "requirements": ("list", "--requirements"),
    "explain": ("explain", "AUTH-07"),
    "schema": ("schema", "--bundle"),
    "help": ("--help",),
    "help of a command": ("run", "--help"),
    "version": ("--version",),
}


def through(script: str, folder: Path, *words: str) -> tuple[int, str]:
    """The exit status and the errors of the command behind a line of shell."""
    env = {"STATUS": str(folder / "status"), "PYTHONUNBUFFERED": ""}
    done = call(*words, command=("sh", "-c", script, "sh", *COMMAND), env=env)
    return done.status, done.errors


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory, suite: Suite) -> Path:
    """A folder with a report, and a later one in which a requirement is broken."""
    folder = tmp_path_factory.mktemp("reports")
    report(folder / "old.json", whole(suite))
    report(folder / "new.json", whole(suite, failed(REQUIREMENT)))
    return folder


@pytest.mark.parametrize("stream", OUTPUTS)
def test_a_verdict_stands_and_the_report_is_written_whatever_the_output_is(
    tmp_path: Path, stream: str
) -> None:
    path = tmp_path / "report.json"
    status, errors = through(OUTPUTS[stream], tmp_path, *JUDGING, f"--report=json={path}")
    assert status == json.loads(path.read_bytes())["exit_status"] == 1
    assert harmless(errors)


@pytest.mark.parametrize("stream", ERRORS)
def test_a_verdict_stands_whatever_the_stream_of_errors_is(tmp_path: Path, stream: str) -> None:
    for words, verdict in ((JUDGING, 1), (("run", f"ws://127.0.0.1:{refusing_port()}/"), 4)):
        status, _ = through(ERRORS[stream], tmp_path, *words)
        assert status == verdict


@pytest.mark.parametrize("stream", OUTPUTS)
def test_the_verdicts_of_the_other_commands_stand_too(
    tmp_path: Path, reports: Path, stream: str
) -> None:
    old, new, baseline = (str(reports / "old.json"), str(reports / "new.json"), tmp_path / "b.yaml")
    making = ("baseline", new, f"--output={baseline}", "--reason=known")
    commands = ((("diff", old, new), 1), (("diff", new, old), 0), (making, 0))
    for words, verdict in commands:
        status, errors = through(OUTPUTS[stream], tmp_path, *words)
        assert (words, status) == (words, verdict)
        assert harmless(errors)
    assert baseline.is_file()


def test_the_verdict_of_a_self_test_stands(tmp_path: Path) -> None:
    path, link = tmp_path / "matrix.json", tmp_path / "link"
    link.symlink_to(path)
    words = ("selftest", "dedup-across-identities", f"--report=json={link}")
    status, errors = through(OUTPUTS["full"], tmp_path, *words)
    assert json.loads(path.read_bytes())["holds"]
    assert link.is_symlink()
    assert status == 0
    assert harmless(errors)


@pytest.mark.parametrize("stream", ["full", "closed"])
@pytest.mark.parametrize("command", TELLING)
def test_what_does_nothing_but_tell_says_that_it_could_not(
    tmp_path: Path, command: str, stream: str
) -> None:
    status, errors = through(OUTPUTS[stream], tmp_path, *TELLING[command])
    why = {"full": os.strerror(errno.ENOSPC), "closed": "it is closed"}[stream]
    assert errors == f"coda-conformance: the standard output cannot be written: {why}\n"
    assert status == 2


@pytest.mark.parametrize("stream", ["read no further", "read to its first line"])
@pytest.mark.parametrize("command", TELLING)
def test_a_reader_who_stops_reading_is_nobodys_fault(
    tmp_path: Path, command: str, stream: str
) -> None:
    assert through(OUTPUTS[stream], tmp_path, *TELLING[command]) == (0, "")


@pytest.mark.parametrize("stream", ERRORS)
def test_a_mistake_is_a_mistake_though_it_cannot_be_told(tmp_path: Path, stream: str) -> None:
    for words in (("rnu",), ("run", "nowhere"), ("list", "zzzz"), ("explain", "ZZZ-1")):
        assert through(ERRORS[stream], tmp_path, *words)[0] == 2


@pytest.mark.parametrize("encoding", ["ascii:strict", "latin-1:strict", "cp1252:strict"])
def test_an_encoding_without_the_characters_is_no_crash(tmp_path: Path, encoding: str) -> None:
    script = f'exec env PYTHONIOENCODING={encoding} "$@" >"$STATUS" 2>&1'
    for words, verdict in ((JUDGING, 1), (("explain", "DEDUP-04"), 0), (("rnu→",), 2)):
        assert through(script, tmp_path, *words) == (verdict, "")
        assert b"Traceback" not in (tmp_path / "status").read_bytes()


def test_a_terminal_that_vanished_changes_no_verdict(tmp_path: Path) -> None:
    path, (master, slave) = tmp_path / "report.json", os.openpty()
    process = subprocess.Popen(
        [*COMMAND, *JUDGING, f"--report=json={path}"],
        cwd=ROOT, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    os.close(master)
    assert process.wait(LIMIT) == 1
    assert json.loads(path.read_bytes())["exit_status"] == 1


def test_who_waits_for_a_reader_who_does_not_read_can_be_ended(tmp_path: Path) -> None:
    path, (reader, writer) = tmp_path / "report.json", os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, select.PIPE_BUF)  # less than what it has to say
    process = subprocess.Popen(
        [*COMMAND, *JUDGING, "AUTH-10", "AUTH-11", "DEDUP-08", f"--report=json={path}"],
        cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    os.close(writer)
    assert os.read(reader, 1)
    assert json.loads(path.read_bytes())["exit_status"] == 1, "the report is there already"
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=LIMIT)
    os.close(reader)
    assert (process.returncode, complaints(errors)) == (130, "")


def test_no_file_takes_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    # The report would be the first file that is opened, and so get what is told on the output.
    path = tmp_path / "report.json"
    through('exec "$@" >&- 2>&-', tmp_path, *JUDGING, f"--report=json={path}")
    assert json.loads(path.read_bytes())["exit_status"] == 1


def test_a_report_to_a_stream_that_is_closed_is_told_before_the_run(tmp_path: Path) -> None:
    for number, stream in ((1, 'exec "$@" >&-'), (9, 'exec "$@"')):
        status, errors = through(stream, tmp_path, *JUDGING, f"--report=json=/dev/fd/{number}")
        assert status == 2
        assert f"the report /dev/fd/{number} cannot be written: " in errors


def harmless(errors: str) -> bool:
    """Whether the errors are at most the note that the output is lost, besides progress."""
    errors = complaints(errors)
    note = "coda-conformance: the standard output cannot be written: "
    return errors == "" or (errors.startswith(note) and len(errors.splitlines()) == 1)


# ── the sink ──


class Screen(io.StringIO):
    """What a terminal gets."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("screen", [Screen, io.StringIO])
def test_nothing_that_is_written_is_obeyed(text: str, screen: type[io.StringIO]) -> None:
    seen = screen()
    output = Output(seen)
    print(text, text, sep="", file=output)
    for char in text:
        output.write(char)
    output.finish()
    assert obeyed(seen.getvalue()) == []
    seen.seek(0)
    seen.truncate()
    output.line("a", text, "b")
    output.line(text)
    assert obeyed(seen.getvalue()) == []
    assert len(seen.getvalue().splitlines()) == 2


def test_colours_and_the_moving_line_are_for_terminals_alone() -> None:
    for screen, shown in ((Screen(), "\x1b[31mx\x1b[0m!\n\r\x1b[2Ky"), (io.StringIO(), "x!\n")):
        output = Output(screen)
        output.line(Painted("x", "31"), "!")
        output.passing("y")
        assert screen.getvalue() == shown


@pytest.mark.parametrize("text", HOSTILE)
def test_progress_tells_nothing_that_a_terminal_obeys(text: str) -> None:
    screen = Screen()
    with Progress(screen, 1, quiet=False) as progress:
        progress.step(text, failed=True)
    own = screen.getvalue().replace("\r\x1b[2K", "")
    assert own
    assert obeyed(own) == []


def test_python_itself_sees_no_terminal_to_colour(tmp_path: Path) -> None:
    env = {"FORCE_COLOR": "1", "PYTHON_COLORS": "1"}
    assert obeyed(call("run", "--help", env=env).output) == []
    assert obeyed(call("rnu", env=env).errors) == []
