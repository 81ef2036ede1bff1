"""Logs: records that strangers cause are counted, so that no log grows with what they send."""

from __future__ import annotations

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable

__all__ = ["paced_logger", "sparse_logger"]

# Records whose text names an object are each a kind of their own.
_MOST_KINDS = 64
# Of a kind, so many records are kept in so many seconds.
_MOST_IN_SPAN = 5
_SPAN = 60.0


def sparse_logger(name: str, *, with_place: bool = False) -> logging.Logger:
    """Return a logger that keeps the 1st, 2nd, 4th, 8th … record of each kind.

    A kind is the first line of a record without its arguments, and the type of its exception. The
    text of the exception is left out, because it may quote what a stranger sent; ``with_place``
    keeps the lines of code that led to it.
    """
    logger = logging.getLogger(name)
    if not any(isinstance(item, _Sparse) for item in logger.filters):
        logger.addFilter(_Sparse(with_place))
    return logger


def paced_logger(name: str, clock: Callable[[], float] = time.monotonic) -> logging.Logger:
    """Return a logger that keeps at most 5 records of each kind a minute.

    A kind is the text of a record without its arguments. The first record of the next minute says
    how many were left out. ``clock`` gives seconds.
    """
    logger = logging.getLogger(name)
    if not any(isinstance(item, _Paced) for item in logger.filters):
        logger.addFilter(_Paced(clock))
    return logger


class _Paced(logging.Filter):
    """Counts the records of each kind since the beginning of its minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._spans: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether there is room for such a record."""
        kind = str(record.msg)
        if kind not in self._spans and len(self._spans) >= _MOST_KINDS:
            kind = "others"
        now = self._clock()
        begun, count = self._spans.get(kind, (now, 0))
        if now - begun >= _SPAN:
            left_out = count - _MOST_IN_SPAN
            begun, count = now, 0
            if left_out > 0:
                record.msg, record.args = f"{record.getMessage()} ({left_out} more before)", None
        self._spans[kind] = begun, count + 1
        return count < _MOST_IN_SPAN


class _Sparse(logging.Filter):
    """Counts the records of each kind."""

    def __init__(self, with_place: bool) -> None:
        super().__init__()
        self._with_place = with_place
        self._seen: Counter[str] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the number of such records is a power of two, and append it."""
        error = record.exc_info[1] if record.exc_info else None
        suffix = "" if error is None else f": {type(error).__name__}"
        count = self._count(f"{record.msg}{suffix}".partition("\n")[0])
        if count > 1:
            suffix += f" (number {count} of this kind)"
        if error is not None and self._with_place:
            suffix += "\n" + "".join(traceback.format_tb(error.__traceback__))
        record.msg, record.args = record.getMessage() + suffix, None
        record.exc_info = record.exc_text = None
        return count & (count - 1) == 0

    def _count(self, kind: str) -> int:
        """Count a record of a kind."""
        if kind not in self._seen and len(self._seen) >= _MOST_KINDS:
            kind = "others"
        self._seen[kind] += 1
        return self._seen[kind]
