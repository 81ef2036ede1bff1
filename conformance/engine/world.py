"""The world that all dialogues of a run share: the target, what it states, time, the monitors."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile
from time import perf_counter
from typing import Any, Final

from msgspec.structs import replace

from conformance.engine.observed import Observed
from conformance.engine.pace import Pace
from conformance.engine.silence import Silences
from conformance.loader.monitor import Monitor
from conformance.loader.suite import Suite
from conformance.model import Procedure
from conformance.record.secrets import Secrets
from conformance.target.hooks import HookFailed
from conformance.target.target import Target
from conformance.transport import Message
from conformance.transport.handshake import MAX_MESSAGE

TICK: Final = 0.05
WRAPPING: Final = 64 * 1024
MOST: Final = 16 * 1024 * 1024


@dataclass
class World:
    """The state that all dialogues of a run share."""

    suite: Suite
    target: Target
    monitors: Sequence[Monitor]
    secrets: Secrets
    by_kind: dict[str, list[Monitor]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    claims: frozenset[str] = frozenset()
    advanced: float = 0.0
    moves_clock: bool = False
    round_trip: float = 0.0
    start: float = 0.0
    """Seconds that a client took to connect after its start, the longest in the discovery."""
    stalls: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=200))
    stalled: float = 0.0
    in_hooks: float = 0.0
    last_tick: float = field(default_factory=perf_counter)
    timeout_scale: float = 1.0
    keeps_transcripts: bool = False
    begun: float = field(default_factory=perf_counter)
    hook_errors: dict[str, str] = field(default_factory=dict)
    hook_faults: dict[str, str] = field(default_factory=dict)
    hook_parts: dict[str, str] = field(default_factory=dict)
    last_heard: float = 0.0
    greets: bool = field(init=False)
    barrier: Any = None
    barrier_is_relayed: bool = field(init=False)
    """Whether its answer comes to all connections."""
    observed: Observed = field(init=False)
    silences: Silences = field(default_factory=Silences)

    def __post_init__(self) -> None:
        self.greets = not self.suite.greeting
        self.barrier = next(iter(self.suite.barrier.messages), None)
        kind = self.barrier.get("type") if isinstance(self.barrier, dict) else None
        self.barrier_is_relayed = kind in self.suite.barrier.relayed
        self.observed = Observed(self.suite.told_apart_by, self.secrets.hide)

    def note_greeting(self, message: Message) -> None:
        """Note whether the target greets as the suite says, however broken the greeting is."""
        if not self.greets:
            self.greets = message.mentions(self.suite.greeting)

    def give_up_hook(self, name: str, reason: str) -> None:
        """Continue as if the target had no hook of that name, for a reason that is reported."""
        self.hook_faults[name] = reason
        hooks = {other: hook for other, hook in self.target.hooks.items() if other != name}
        self.target = replace(self.target, hooks=hooks)

    def without_hook(self, name: str) -> str:
        """Return why a hook cannot be used."""
        return self.hook_faults.get(
            name, f"needs hook {name}; define it under `hooks:` in the target file"
        )

    def procedure(self, name: str) -> Procedure:
        """Return the procedure of that name, or its variant for what the target claims."""
        forms = self.suite.variants.get(name)
        if forms is None:
            return self.suite.procedures[name]
        for form in forms:
            if not form.claim or form.claim in self.claims:
                return self.suite.procedures[form.procedure]
        wanted = ", ".join(form.claim for form in forms)
        choice = f"one of {wanted}" if len(forms) > 1 else wanted
        raise HookFailed(f"no supported method for {name}; the target must claim {choice}")

    @cached_property
    def timing_monitors(self) -> list[Monitor]:
        """The monitors that judge how long answers take."""
        return [m for m in self.monitors if type(m).answered is not Monitor.answered]

    @cached_property
    def order_monitors(self) -> list[Monitor]:
        """The monitors that judge the order of answers."""
        return [m for m in self.monitors if type(m).overtaken is not Monitor.overtaken]

    @cached_property
    def sending_monitors(self) -> list[Monitor]:
        """The monitors that look at what the kit sends."""
        return [m for m in self.monitors if type(m).sent is not Monitor.sent]

    def monitors_of(self, kind: str) -> list[Monitor]:
        """Return the monitors that judge messages of a kind."""
        found = self.by_kind.get(kind)
        if found is None:
            found = [m for m in self.monitors if m.sees(kind)]
            self.by_kind[kind] = found
        return found

    @property
    def pace(self) -> Pace:
        """How fast an identity may send: unlimited if the target states no rate."""
        rate = self.suite.inconclusive.rate
        stated = [self.variables.get(name) for name in (rate.messages, rate.seconds)]
        numbers = [value for value in stated if isinstance(value, int | float)]
        return Pace(*numbers) if len(numbers) == len(stated) else Pace()

    @property
    def max_message(self) -> int:
        """Bytes of the longest message to accept: what the target accepts, plus a wrapping."""
        stated = (self.variables.get(name) for name in self.suite.message_limits)
        limits = [int(limit) + WRAPPING for limit in stated if isinstance(limit, int | float)]
        return min(max([MAX_MESSAGE, *limits]), MOST)

    def now(self) -> float:
        """Return the time in seconds, by a clock that moves along with the target's."""
        return perf_counter() + self.advanced

    @property
    def timeout(self) -> float:
        """Seconds to wait for an answer: ample, and more on a slow network."""
        return self._on_this_line(5.0)

    @property
    def connect_timeout(self) -> float:
        """Seconds to wait for the answer to a handshake."""
        return self._on_this_line(self.target.connect_timeout)

    def _on_this_line(self, seconds: float) -> float:
        return (seconds + 20.0 * self.round_trip) * self.timeout_scale

    @property
    def slack(self) -> float:
        """Seconds by which a measured time may be off even if the kit was not held up."""
        return 0.25 + 4.0 * self.round_trip

    def held_up(self, since: float) -> float:
        """Return the seconds for which the kit itself was held up since a moment, until now."""
        late = perf_counter() - self.last_tick - TICK
        stalls = takewhile(lambda stall: stall[0] >= since, reversed(self.stalls))
        return sum(length for _, length in stalls) + (late if late > TICK else 0.0)

    async def watch_stalls(self) -> None:
        """Note when the kit itself was held up, until cancelled."""
        while True:
            self.last_tick = perf_counter()
            await asyncio.sleep(TICK)
            late = perf_counter() - self.last_tick - TICK
            if late > TICK:
                self.stalls.append((perf_counter(), late))
                self.stalled += late
