"""Whatever a report's path leads to gets the report, and nothing is lost that was there before.

No test names a device of the machine itself: a fault here could replace it, where root runs them.
"""

import contextlib
import os
import resource
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.errors import InputError
from conformance.loader.suite import load
from conformance.rendering.files import Reports, write
from conformance.rendering.formats import WRITERS
from tests.support.kit import COMMAND, Finished, call
from tests.support.records import REQUIREMENT, SCENARIO, failed, record
from tests.support.written import JUDGING, NEW, OLD, alone, reading

ORDINARY_USER = 65534


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
