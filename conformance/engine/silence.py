"""Missing answers: how long each is waited for, and whether it comes after all.

A scenario that misses an answer fails at once if a barrier shows that the answer does not come in
its turn, or if the target has never given such an answer. A few of these connections are listened
to for the whole time anyway: if one of them shows that such answers only come late, or after later
ones, no failure rests on their absence.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Final

import msgspec

from conformance.transport import Connection, End, Message

SURE_AFTER: Final = 2
"""Missing answers of a kind that never came, after which none is waited for in full."""

LISTENED_TO: Final = 4
"""Connections for each kind of answer on which the kit goes on listening."""

MOST_LISTENED_TO: Final = 32

BRIEFLY: Final = 0.5
"""Seconds of listening while scenarios run alone, which other connections would disturb."""

PATIENCE: Final = 0.5
"""Seconds for an answer of a kind that the target has never given, besides the slack."""

OVERTAKEN: Final = "the answer came, but after the answer to a later message"
LATE: Final = "the answer came, but late"


class Missing(msgspec.Struct, eq=False):
    """An answer that did not come: its kind, its connection, and how to recognise it.

    `owed` are the types that the message may have: its own, or those that were sent if any answer
    would do.
    `proved` says that the answer to a later message shows that it is missing. `came` is called if
    it comes after all.
    """

    kind: str
    owed: frozenset[str]
    connection: Connection
    is_it: Callable[[Message], bool]
    until: float
    proved: bool
    came: Callable[[Message], None]


class Silences:
    """Which answers a target gave and which it did not; `briefly` shortens the listening."""

    def __init__(self) -> None:
        self.briefly = False
        self._answered: set[str] = set()
        self._missed: Counter[str] = Counter()
        self._listening: Counter[str] = Counter()
        self._came: dict[str, str] = {}
        self._rests_on: dict[str, Missing] = {}
        self._judged: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def is_sure(self, kind: str) -> bool:
        """Return whether the target seems never to give an answer of this kind."""
        never = kind not in self._answered and kind not in self._came
        return never and self._missed[kind] >= SURE_AFTER

    def answered(self, kind: str) -> None:
        """Note that an answer of this kind came."""
        self._answered.add(kind)

    def missed(self, kind: str) -> None:
        """Note that an answer of this kind did not come."""
        self._missed[kind] += 1

    def rests(self, scenario: str, missing: Missing | None) -> None:
        """Note the missing answer, if any, that the first failure of a scenario rests on."""
        if scenario not in self._judged and missing is not None:
            self._rests_on[scenario] = missing
        self._judged.add(scenario)

    def listen(self, missing: Missing) -> asyncio.Task[None] | None:
        """Keep listening for a missing answer; return None if enough others do."""
        many = self._listening[missing.kind] >= LISTENED_TO or len(self._tasks) >= MOST_LISTENED_TO
        if many or missing.until <= perf_counter():
            return None
        self._listening[missing.kind] += 1
        task = asyncio.create_task(self._listen(missing))
        self._tasks.add(task)
        task.add_done_callback(self._let_go)
        return task

    def _let_go(self, task: asyncio.Task[None]) -> None:
        """Forget a listener; an error of the kit says nothing about the target."""
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def _listen(self, missing: Missing) -> None:
        until = min(missing.until, perf_counter() + BRIEFLY) if self.briefly else missing.until
        while (left := until - perf_counter()) > 0:
            try:
                item = await missing.connection.receive(left)
            except TimeoutError:
                return
            if isinstance(item, End):
                return
            if missing.is_it(item):
                self._came[missing.kind] = OVERTAKEN if missing.proved else LATE
                missing.came(item)
                return

    async def settle(self) -> None:
        """Wait until nothing is listened for any more."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def stop(self) -> None:
        """Stop listening."""
        for task in self._tasks:
            task.cancel()

    def refuted(self) -> dict[str, str]:
        """Return why the failures of some scenarios prove nothing, by scenario id."""
        return {
            scenario: self._came[missing.kind]
            for scenario, missing in self._rests_on.items()
            if missing.kind in self._came
        }

    @property
    def rests_on(self) -> Mapping[str, Missing]:
        """The missing answers that the failures of scenarios rest on, by scenario id."""
        return self._rests_on
