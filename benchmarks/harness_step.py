"""Cost of one harness step: send a message and expect its answer, with everything switched on.

The same exchange is made in four ways, in one process, against one bare server, by turns; the
server answers each message with an event, in the protocol's words, without checking anything:

- raw: `send` and `recv` of the websockets library's asyncio client; the answer is not even parsed
- transport: the kit's own connection, which parses, keeps a transcript and an inbox
- steps: the steps `send` and `expect` of a scenario, with variables, matching and transcript
- monitors: the same with every passive check and its schemas; this is what a run costs

Wall time includes the bare server's, which is the same in all four; CPU time is the kit's alone.
The goal is a wall time of at most 1.4 times the raw one. `--profile` says where the time goes.

    python benchmarks/harness_step.py [--rounds 20] [--exchanges 400] [--profile]
"""

import argparse
import asyncio
import cProfile
import pstats
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

from lab.figures import show
from lab.processes import bare
from websockets.asyncio.client import connect

from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer
from conformance.engine.world import World
from conformance.errors import Location
from conformance.loader.monitor import Monitor
from conformance.loader.suite import Suite, load
from conformance.model import Step
from conformance.record.secrets import Secrets
from conformance.target.target import Target
from conformance.transport import Message

Exchange = Callable[[int], Awaitable[None]]

TEXT: Final = "A sentence of about the length that people dictate to an assistant, with a number: "
MESSAGE: Final = '{"type":"client_message","data":{"message_type":"probe.%s","message_data":%s}}'


def _step(verb: str, argument: Any) -> Step:
    return Step(verb, argument, {}, Location("harness_step.py"))


SAID: Final = {"message_data": {"text": TEXT + "${i}"}}
STEPS: Final = (
    _step("send", {"type": "client_message", "data": {"message_type": "$marker", **SAID}}),
    _step("expect", {"type": "client_message", "data": SAID}),
)


def message(marker: str, number: int) -> str:
    """The text that the steps send as well."""
    return MESSAGE % (marker, f'{{"text":"{TEXT}{number}"}}')


async def raw(url: str, stack: AsyncExitStack) -> Exchange:
    """An exchange by the websockets library alone."""
    socket = await stack.enter_async_context(connect(url, compression=None, proxy=None))
    await socket.recv()
    await socket.send('{"type":"auth_response","data":{}}')
    await socket.recv()

    async def exchange(number: int) -> None:
        await socket.send(message("k0123456789ab", number))
        await socket.recv()

    return exchange


async def session(
    url: str, suite: Suite, monitors: list[Monitor], stack: AsyncExitStack
) -> Performer:
    """A performer in an authenticated session."""
    world = World(suite, Target(url, "bare server"), monitors, Secrets(suite.redact))
    world.claims = frozenset({"challenge_token"})
    dialogue = Dialogue(world, "benchmark")
    stack.push_async_callback(dialogue.finish)
    performer = Performer(dialogue)
    await performer.call("session")
    return performer


def by_transport(performer: Performer) -> Exchange:
    """An exchange by the kit's connection alone."""
    connection = performer.dialogue.connection("c")

    async def exchange(number: int) -> None:
        connection.send_text(message(performer.dialogue.token, number))
        answer = await connection.receive(5.0)
        assert isinstance(answer, Message)

    return exchange


def by_steps(performer: Performer) -> Exchange:
    """An exchange by the steps of a scenario."""

    async def exchange(number: int) -> None:
        await performer.perform(STEPS, "c", {"i": number})

    return exchange


async def timed(exchange: Exchange, count: int) -> tuple[float, float]:
    """Wall and CPU time of one exchange in microseconds."""
    wall, cpu = perf_counter(), process_time()
    for number in range(count):
        await exchange(number)
    return 1e6 * (perf_counter() - wall) / count, 1e6 * (process_time() - cpu) / count


async def measure(
    url: str, rounds: int, count: int, profile: cProfile.Profile | None
) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU time an exchange, for every way and round."""
    suite = load()
    monitors = suite.make_monitors(suite)
    async with AsyncExitStack() as stack:
        ways = {
            "raw": await raw(url, stack),
            "transport": by_transport(await session(url, suite, [], stack)),
            "steps": by_steps(await session(url, suite, [], stack)),
            "monitors": by_steps(await session(url, suite, monitors, stack)),
        }
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, exchange in ways.items():
                found[name].append(await timed(exchange, count))
        if profile is not None:
            with profile:
                await timed(ways["monitors"], 10 * count)
    faults = [violation.failure for monitor in monitors for violation in monitor.violations]
    assert not faults, faults
    return found


def table(found: Mapping[str, list[tuple[float, float]]]) -> list[list[str]]:
    """A row for every way: its times, and their ratios to the raw exchange's of the same round."""
    rows = []
    for name, times in found.items():
        pairs = list(zip(times, found["raw"], strict=True))
        rows.append(
            [
                name,
                f"{median(wall for wall, _ in times):.0f}",
                f"{median(ours[0] / base[0] for ours, base in pairs):.2f}",
                f"{median(cpu for _, cpu in times):.0f}",
                f"{median(ours[1] / base[1] for ours, base in pairs):.2f}",
            ]
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--exchanges", type=int, default=400, help="exchanges a round")
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    options = parser.parse_args()
    profile = cProfile.Profile() if options.profile else None
    with bare("relay") as server:
        found = asyncio.run(measure(server.url, options.rounds, options.exchanges, profile))
    show(table(found), ("exchange", "wall µs", "ratio", "CPU µs", "ratio"))
    if profile is not None:
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(30)


if __name__ == "__main__":
    main()
