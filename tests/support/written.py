"""Reports that are written: what was there, what comes, and who reads it meanwhile."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.support.kit import LIMIT

JUDGING = (
    "run",
    "conformance/selftest/legacy/target.yaml",
    "deduplication/key-order",
    "--retries=0",
)
OLD, NEW = b"old", b"new and longer\n" * 9


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
