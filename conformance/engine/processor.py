"""The processor that the kit shares with other work on the machine."""

from pathlib import Path
from typing import Final

_WAITED: Final = Path("/proc/thread-self/schedstat")
"""Nanoseconds on a processor, nanoseconds waiting for one, and turns (Linux, sched-stats)."""


def seconds_without_processor() -> float:
    """Return how long this thread could have run but had to wait; 0 if the system does not say."""
    try:
        return int(_WAITED.read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
