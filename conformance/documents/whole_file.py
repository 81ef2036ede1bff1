"""Files that are written whole or not at all, and whatever else a path may lead to.

A link is followed and stays. A regular file is replaced at once or, if that is impossible or would
change more than its content (its owner, its other names), written in place. Devices, pipes and this
process's own descriptors (`/dev/stdout`, `/dev/fd/3`) are written through.
"""

import errno
import fcntl
import os
import re
import select
import stat
from pathlib import Path
from time import monotonic, sleep
from typing import Final

MOST_LINKS: Final = 40
"""The most links that Linux follows (path_resolution(7))."""

READER_WITHIN: Final = 10.0
"""Seconds within which a reader has to open a named pipe."""

STALLED_AFTER: Final = 30.0
"""Seconds after which a device or named pipe that takes nothing counts as stuck."""

GLANCE: Final = 0.05

_DESCRIPTOR: Final = re.compile(r"(?:/proc/(\d+)(?:/task/\d+)?|/dev)/fd/(\d+)")
_IN_PLACE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY})
"""Errors with which a file that cannot be replaced may still be writable."""


def check(path: Path) -> None:
    """Find out, as far as possible, whether `write` can succeed; create the folder of a new file.

    Raises `OSError` if it cannot.
    """
    place = _led(path)
    if isinstance(place, int):
        if fcntl.fcntl(place, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY:
            raise OSError(errno.EBADF, "it is open for reading only")
        return
    status = _status(place)
    if status is None:
        place.parent.mkdir(parents=True, exist_ok=True)
        part = _part(place)
        part.touch(exist_ok=False)
        part.unlink()
    elif stat.S_ISREG(status.st_mode):
        os.close(os.open(place, os.O_WRONLY))
    elif stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    elif stat.S_ISSOCK(status.st_mode):
        raise OSError(errno.ENXIO, "it is a socket")
    elif not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def identity(path: Path) -> object:
    """Return a value that is equal for paths that lead to the same place; raise `OSError`."""
    place = _led(path)
    status = os.fstat(place) if isinstance(place, int) else _status(place)
    return place if status is None else (status.st_dev, status.st_ino)


def is_file(path: Path) -> bool:
    """Return whether a path leads to a regular file, and not to an open descriptor."""
    try:
        return not isinstance(_led(path), int) and path.is_file()
    except OSError:
        return False


def write(path: Path, data: bytes) -> None:
    """Write to where the path leads; raise `OSError`.

    The former content of a regular file stays there until all of the data is written.
    """
    place = _led(path)
    if isinstance(place, int):
        # Without a time limit, like everything else that is written there.
        _through(os.dup(place), data, None)
        return
    status = _status(place)
    if status is None:
        _replace(place, data, None)
    elif not stat.S_ISREG(status.st_mode):
        _through(_opened(place, status), data, STALLED_AFTER)
    elif status.st_nlink > 1 or status.st_uid != os.geteuid() or place.is_symlink():
        _overwrite(place, data)
    else:
        try:
            _replace(place, data, status)
        except OSError as error:
            if error.errno not in _IN_PLACE:
                raise
            _overwrite(place, data)


def _led(path: Path) -> Path | int:
    """Return where a path leads once links are followed: a place, or one of our descriptors."""
    place = path
    for _ in range(MOST_LINKS):
        place = Path(os.path.realpath(place.parent), place.name)
        found = _DESCRIPTOR.fullmatch(str(place))
        if found and found[1] in (None, str(os.getpid())):
            return int(found[2])
        # The link text of another process's descriptor is not where it leads.
        if found or not place.is_symlink():
            return place
        place = place.parent / place.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _status(place: Path) -> os.stat_result | None:
    try:
        return place.stat()
    except FileNotFoundError:
        return None


def _part(place: Path) -> Path:
    """Return a name in the same folder that nobody can predict."""
    return place.with_name(f".{os.urandom(8).hex()}.part")


def _replace(place: Path, data: bytes, old: os.stat_result | None) -> None:
    """Put a new file in the place of an old one, with its permissions, or where there was none."""
    part = _part(place)
    stream = part.open("xb")
    try:
        with stream:
            if old is not None:
                os.fchown(stream.fileno(), -1, old.st_gid)
                os.fchmod(stream.fileno(), stat.S_IMODE(old.st_mode))
            stream.write(data)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _overwrite(place: Path, data: bytes) -> None:
    """Write a file in place, first the part that extends it, which alone can lack space."""
    descriptor = os.open(place, os.O_WRONLY)
    try:
        length = os.fstat(descriptor).st_size
        try:
            _put(descriptor, data[length:], length)
        except OSError:
            os.ftruncate(descriptor, length)
            raise
        _put(descriptor, data[:length], 0)
        os.ftruncate(descriptor, len(data))
    finally:
        os.close(descriptor)


def _put(descriptor: int, data: bytes, at: int) -> None:
    while data:
        count = os.pwrite(descriptor, data, at)
        data, at = data[count:], at + count


def _opened(place: Path, status: os.stat_result) -> int:
    """Open a device or a named pipe and return it; wait for a reader of the latter."""
    deadline = monotonic() + READER_WITHIN
    while True:
        try:
            return os.open(place, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(status.st_mode):
                raise
        if monotonic() > deadline:
            raise TimeoutError(errno.ETIMEDOUT, f"nothing reads it within {READER_WITHIN:g} s")
        sleep(GLANCE)


def _through(descriptor: int, data: bytes, patience: float | None) -> None:
    """Write to a descriptor as its reader makes room, and close it."""
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    rest = memoryview(data)
    try:
        while rest:
            if not room.poll(None if patience is None else patience * 1000):
                raise TimeoutError(errno.ETIMEDOUT, f"it takes nothing within {patience:g} s")
            # As much as poll(2) promises room for, so that a pipe never blocks.
            rest = rest[os.write(descriptor, rest[: select.PIPE_BUF]) :]
    finally:
        os.close(descriptor)
