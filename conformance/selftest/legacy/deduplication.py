"""The memory of accepted messages, bounded, which forgets what is older than its window."""

from collections.abc import Hashable
from dataclasses import dataclass

MAX_ENTRIES = 200_000


class RefusedError(Exception):
    """A message is refused: `code` is the error code, `details` go with it."""

    def __init__(self, code: str, **details: float) -> None:
        super().__init__(code)
        self.code = code
        self.details = details


@dataclass(slots=True)
class _Entry:
    owner: str
    content: bytes
    count: int
    expires: float


class MessageMemory:
    """Counts how often a message was seen; times are in seconds and come from the caller.

    `window` is how long an entry lives, `capacity` how many each owner has at least.
    """

    def __init__(self, window: float, capacity: int, *, slides: bool) -> None:
        self._window = window
        self._capacity = capacity
        self._slides = slides
        self._entries: dict[Hashable, _Entry] = {}
        self._owned: dict[str, dict[Hashable, None]] = {}

    def count(self, owner: str, key: Hashable, content: bytes, now: float) -> int:
        """Return how often the message under this key was seen, this time included.

        Raises RefusedError with `id_conflict` when the key stands for other content, and with
        `rate_limited` when nothing more can be remembered.
        """
        self._expire(now)
        entry = self._entries.get(key)
        if entry is None:
            self._remember(key, _Entry(owner, content, 1, now + self._window))
            return 1
        # DEDUP-10: the id of a remembered one but other content: error "id_conflict".
        if entry.content != content:
            raise RefusedError("id_conflict")
        entry.count += 1
        if self._slides:
            self._extend(key, entry, now)
        return entry.count

    def _extend(self, key: Hashable, entry: _Entry, now: float) -> None:
        entry.expires = now + self._window
        self._forget(key)
        self._remember(key, entry)

    def _remember(self, key: Hashable, entry: _Entry) -> None:
        if len(self._entries) >= MAX_ENTRIES:
            raise RefusedError("rate_limited", retry_after=self._window)
        owned = self._owned.setdefault(entry.owner, {})
        # DEDUP-12: remember at least the last dedup_capacity messages accepted from a client_id.
        if len(owned) >= self._capacity:
            self._forget(next(iter(owned)))
        self._entries[key] = entry
        self._owned.setdefault(entry.owner, {})[key] = None

    def _expire(self, now: float) -> None:
        # All entries live equally long, so the dictionary is in the order in which they expire.
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if now < entry.expires:
                return
            self._forget(key)

    def _forget(self, key: Hashable) -> None:
        owner = self._entries.pop(key).owner
        del self._owned[owner][key]
        if not self._owned[owner]:
            del self._owned[owner]
