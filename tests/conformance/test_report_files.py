"""Whatever a report's path leads to gets the report, and nothing is lost that was there before.

No test names a device of the machine itself: a fault here could replace it, where root runs them.
"""

import contextlib
import json
import os
import resource
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.documents import whole_file
from conformance.errors import InputError
from conformance.loader.suite import load
from conformance.rendering.files import Reports, write
from conformance.rendering.formats import WRITERS
from tests.support.kit import COMMAND, LIMIT, Finished, call
from tests.support.records import REQUIREMENT, SCENARIO, failed, record

JUDGING = (
    "run",
    "conformance/selftest/legacy/target.yaml",
    "deduplication/key-order",
    "--retries=0",
)
OLD, NEW = b"old", b"new and longer\n" * 9
ORDINARY_USER = 65534


@contextlib.contextmanager
def reading(path: Path) -> Iterator[list[bytes]]:
    """Read in the meantime what is written to a path, until its writer closes it."""
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(path.read_bytes()), daemon=True)
    thread.start()
    yield found
    thread.join(LIMIT)


def alone(path: Path, *others: str) -> bool:
    """Whether nothing stays beside the file."""
    return sorted(file.name for file in path.parent.iterdir()) == sorted([path.name, *others])


# ── what is a file ──


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    path, other = tmp_path / "report.json", tmp_path / "other"
    write(path, NEW)
    other.touch()
    assert path.read_bytes() == NEW
    assert path.stat().st_mode == other.stat().st_mode
    assert alone(path, "other")


def test_a_file_is_replaced_at_once_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(OLD)
    path.chmod(0o640)
    with path.open("rb") as before:
        write(path, NEW)
        assert before.read() == OLD, "who reads the old report reads it to its end"
    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o777 == 0o640
    assert alone(path)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("length", [1, 3])
def test_a_link_stays_and_what_it_leads_to_is_written(
    tmp_path: Path, there: bool, length: int
) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = tmp_path / "elsewhere" / "real.json"
    if there:
        real.write_bytes(OLD)
    names = [tmp_path / f"link{n}" for n in range(length)]
    for name, target in zip(names, [*names[1:], Path("elsewhere/real.json")], strict=True):
        name.symlink_to(target)
    write(names[0], NEW)
    assert real.read_bytes() == NEW
    assert all(name.is_symlink() for name in names)
    assert alone(real)


def test_the_other_names_of_a_file_stay_its_names(tmp_path: Path) -> None:
    path, other = tmp_path / "report.json", tmp_path / "other"
    for old in (NEW * 2, OLD):
        path.write_bytes(old)
        other.unlink(missing_ok=True)
        other.hardlink_to(path)
        write(path, NEW)
        assert path.read_bytes() == other.read_bytes() == NEW
        assert path.samefile(other)


def test_a_name_as_long_as_can_be_is_written_and_a_longer_one_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)
    Reports([f"a={path}"], {"a": lambda _: NEW}).write(0)
    assert path.read_bytes() == NEW
    complaint = r"(cannot be written|is not a path): File name too long"
    for name in ("x" * 256, "x/" * 3000 + "y"):
        with pytest.raises(InputError, match=complaint):
            Reports([f"a={tmp_path / name}"], {"a": lambda _: NEW})


def test_what_stands_in_the_place_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    for name, why in (("file/x", "Not a directory"), ("loop", "Too many levels of symbolic links"),
                      ("", "is a folder; name a file")):  # fmt: skip
        with pytest.raises(InputError, match=why):
            Reports([f"a={tmp_path / name}"], {"a": lambda _: NEW})


# ── what belongs to others ──


@pytest.fixture
def foreign() -> Iterator[Path]:
    """A folder of an ordinary user's, as whom the test goes on."""
    with tempfile.TemporaryDirectory() as name:
        folder, me = Path(name), os.geteuid()
        if me == 0:
            os.chown(folder, ORDINARY_USER, ORDINARY_USER)
            os.setegid(ORDINARY_USER)
            os.seteuid(ORDINARY_USER)
        try:
            yield folder
        finally:
            folder.chmod(0o700)
            os.seteuid(me)
            os.setegid(os.getgid())


def test_a_file_in_a_folder_that_takes_no_other_is_written(foreign: Path) -> None:
    path = foreign / "report.json"
    for old in (NEW * 2, OLD):
        path.write_bytes(old)
        foreign.chmod(0o500)
        Reports([f"a={path}"], {"a": lambda _: NEW}).write(0)
        assert path.read_bytes() == NEW
        foreign.chmod(0o700)
    assert alone(path)


def test_what_must_not_be_written_is_told_before_the_run_and_stays(foreign: Path) -> None:
    path = foreign / "report.json"
    path.write_bytes(OLD)
    path.chmod(0o400)
    with pytest.raises(InputError, match=f"{path} cannot be written: Permission denied"):
        Reports([f"a={path}"], {"a": lambda _: NEW})
    foreign.chmod(0o500)
    with pytest.raises(InputError, match="cannot be written: Permission denied"):
        Reports([f"a={foreign / 'new.json'}"], {"a": lambda _: NEW})
    assert path.read_bytes() == OLD


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can write the files of others")
def test_root_leaves_a_file_to_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(OLD)
    os.chown(path, ORDINARY_USER, ORDINARY_USER)
    write(path, NEW)
    assert path.read_bytes() == NEW
    assert (path.stat().st_uid, path.stat().st_gid) == (ORDINARY_USER, ORDINARY_USER)


# ── what has no room ──


@contextlib.contextmanager
def no_room_beyond(length: int) -> Iterator[None]:
    """Let no file become longer: it fails as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("names", [1, 2])
def test_without_room_the_old_report_stays(tmp_path: Path, names: int) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(OLD)
    if names == 2:
        (tmp_path / "other").hardlink_to(path)
    with no_room_beyond(len(OLD) + 1), pytest.raises(InputError, match="cannot be written: File"):
        write(path, NEW)
    assert path.read_bytes() == OLD
    assert alone(path, *["other"] * (names - 1))


def test_a_report_that_cannot_be_written_keeps_none_of_the_others(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("a", "b", "c"))
    words = [f"small={first}", f"large={second}", f"small={third}"]
    reports = Reports(words, {"small": lambda _: OLD, "large": lambda _: NEW * 99})
    with no_room_beyond(len(NEW)):
        written = reports.write(0)
    assert written.reports == [("small", first), ("small", third)]
    assert written.faults == [f"the report {second} cannot be written: File too large"]
    assert first.read_bytes() == third.read_bytes() == OLD
    assert not second.exists()


def test_a_run_tells_what_it_could_not_write_and_everything_that_it_found(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "report.json").write_bytes(OLD)
    words = [f"--report=json={folder / 'report.json'}", f"--report=markdown={tmp_path / 'x.md'}"]
    limited = ("sh", "-c", 'ulimit -f 80; exec "$@"', "sh", *COMMAND)
    script = ("sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", *limited)
    done = call("run", "conformance/selftest/legacy/target.yaml", "client-messages/", "--retries=0",
                "--jobs=64", "--max-wait=1", *words, command=script,
                env={"PYTHONDONTWRITEBYTECODE": "1"})  # fmt: skip
    assert done.complaint.endswith(
        f"the report {folder / 'report.json'} cannot be written: File too large"
    )
    assert done.status == 2
    assert "(exit status 2)" in done.output
    assert (folder / "report.json").read_bytes() == OLD
    assert alone(folder / "report.json")
    assert f"markdown report: {tmp_path / 'x.md'}" in done.output
    assert "failed" in done.output


# ── what is no file ──


def test_a_named_pipe_is_written_through(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    large = NEW * 10_000
    with reading(path) as found:
        write(path, large)
    assert found == [large]
    assert path.is_fifo()
    assert alone(path)


def test_a_named_pipe_that_nobody_reads_is_waited_for_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    monkeypatch.setattr(whole_file, "READER_WITHIN", 0.2)
    with pytest.raises(InputError, match=r"cannot be written: nothing reads it within 0\.2 s"):
        write(path, NEW)
    monkeypatch.setattr(whole_file, "STALLED_AFTER", 0.2)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(InputError, match=r"cannot be written: it takes nothing within 0\.2 s"):
        write(path, NEW * 10_000)
    os.close(reader)
    assert path.is_fifo()


def test_a_device_is_written_through(tmp_path: Path) -> None:
    master, slave = os.openpty()
    device, link = Path(os.ttyname(slave)), tmp_path / "link"
    link.symlink_to(device)
    node = device.stat()
    for path in (device, link):
        write(path, b"through\n")
        assert os.read(master, 100) == b"through\r\n"
    assert device.stat().st_rdev == node.st_rdev
    assert link.is_symlink()
    os.close(master)
    os.close(slave)


def test_a_socket_is_refused_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        with pytest.raises(InputError, match="cannot be written: it is a socket"):
            Reports([f"a={path}"], {"a": lambda _: NEW})
        assert path.is_socket()


@pytest.mark.parametrize("name", ["/dev/fd/{}", "/proc/self/fd/{}", "/proc/{pid}/fd/{}", "link"])
@pytest.mark.parametrize("kind", ["pipe", "file", "socket"])
def test_a_descriptor_is_written_where_it_stands(tmp_path: Path, name: str, kind: str) -> None:
    reader, writer = descriptors(tmp_path, kind)
    path = Path(name.format(writer, pid=os.getpid()))
    if name == "link":
        path = tmp_path / "link"
        path.symlink_to(f"/dev/fd/{writer}")
    os.write(writer, b"before ")
    Reports([f"a={path}"], {"a": lambda _: NEW}).write(0)
    os.write(writer, b"behind")
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        assert stream.read() == b"before " + NEW + b"behind"


def descriptors(folder: Path, kind: str) -> tuple[int, int]:
    """One to read from, and one whose data it gets."""
    if kind == "pipe":
        return os.pipe()
    if kind == "socket":
        ends = socket.socketpair()
        return ends[0].detach(), ends[1].detach()
    path = folder / "behind the descriptor"
    writer = os.open(path, os.O_WRONLY | os.O_CREAT)
    return os.open(path, os.O_RDONLY), writer


def test_a_descriptor_that_takes_nothing_is_told_before_the_run(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(writer)
    for number, why in ((reader, "it is open for reading only"), (writer, "Bad file descriptor")):
        with pytest.raises(InputError, match=f"/dev/fd/{number} cannot be written: {why}"):
            Reports([f"a=/dev/fd/{number}"], {"a": lambda _: NEW})
    os.close(reader)


@pytest.mark.parametrize("name", ["/dev/fd/1", "/proc/self/fd/1", "/proc/thread-self/fd/1"])
def test_a_run_reports_to_its_own_output(tmp_path: Path, name: str) -> None:
    path = tmp_path / "output"
    script = f'exec "$@" >{path}'
    done = call(*JUDGING, "--report", f"json={name}", command=("sh", "-c", script, "sh", *COMMAND))
    assert (done.status, done.errors) == (1, "")
    text = path.read_text(encoding="utf-8")
    value, end = json.JSONDecoder().raw_decode(text)
    assert value["exit_status"] == 1
    assert f"json report: {name}\n" in text[end:]
    assert "\nFailed: " in text[end:]


def test_a_dash_is_the_standard_output_and_the_summary_goes_elsewhere() -> None:
    done = call(*JUDGING, "--json", "-")
    assert json.loads(done.output)["exit_status"] == done.status == 1
    assert "\nFailed: " in done.errors
    assert call(*JUDGING, "--json", "-", "--junit", "-").status == 2


# ── one place for one report ──


@pytest.mark.parametrize("way", ["same", "other spelling", "link", "hard link"])
@pytest.mark.parametrize("there", [True, False])
def test_two_reports_in_one_place_are_a_mistake(tmp_path: Path, way: str, there: bool) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    if there or way == "hard link":
        first.write_bytes(OLD)
    if way == "link":
        second.symlink_to("first")
    elif way == "hard link":
        second.hardlink_to(first)
    else:
        second = first if way == "same" else tmp_path / "folder" / ".." / "first"
        (tmp_path / "folder").mkdir()
    done = call("run", "ws://127.0.0.1:1/", f"--report=json={first}", f"--report=junit={second}")
    assert done.status == 2
    assert done.complaint == (
        f"coda-conformance: the junit report {second} would overwrite the json report {first}"
    )


@pytest.mark.parametrize("what", ["target", "baseline"])
def test_a_report_never_takes_the_place_of_what_the_run_reads(tmp_path: Path, what: str) -> None:
    path, other = tmp_path / "read.yaml", tmp_path / "target.yaml"
    for file in (path, other):
        file.write_text("url: ws://127.0.0.1:1/\n", encoding="utf-8")
    words = (str(path),) if what == "target" else (str(other), f"--baseline={path}")
    done = call("run", *words, f"--report=json={path}")
    assert done.status == 2
    assert f"would overwrite the input {path}" in done.complaint
    assert path.read_text(encoding="utf-8") == "url: ws://127.0.0.1:1/\n"


# ── everything that writes goes the same way ──


def run(folder: Path, path: Path) -> Finished:
    return call(*JUDGING, f"--report=json={path}")


def baseline(folder: Path, path: Path) -> Finished:
    report = folder / "report"
    report.write_bytes(
        WRITERS["json"](record(load(), failed(REQUIREMENT), profiles=tuple(load().profiles)))
    )
    return call("baseline", str(report), f"--output={path}", "--reason=known")


@pytest.mark.parametrize("command", [run, baseline])
def test_every_command_follows_links_and_writes_under_no_name_that_can_be_foreseen(
    tmp_path: Path, command: Callable[[Path, Path], Finished]
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    real, link, victim = folder / "real", folder / "link", tmp_path / "victim"
    link.symlink_to(real)
    victim.write_bytes(OLD)
    traps = [".link.part", ".real.part", "real.part", "link.tmp"]
    for name in traps:
        (folder / name).symlink_to(victim)
    done = command(tmp_path, link)
    assert done.errors == ""
    assert link.is_symlink()
    assert real.stat().st_size > 0
    assert victim.read_bytes() == OLD
    assert alone(real, "link", *traps)


def test_a_baseline_can_go_through_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with reading(path) as found:
        done = baseline(tmp_path, path)
    assert (done.status, done.errors) == (0, "")
    assert f"{SCENARIO}:".encode() in found[0]
