"""A report goes through a pipe, a device or a descriptor, and leaves it what it is."""

import json
import os
import socket
from pathlib import Path

import pytest

from conformance.documents import whole_file
from conformance.errors import InputError
from conformance.rendering.files import Reports, write
from tests.support.kit import COMMAND, call
from tests.support.written import JUDGING, NEW, alone, reading


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
