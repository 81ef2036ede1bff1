"""Cost of one harness step: send a message and expect its answer, with everything switched on.

The same exchange is made in four ways, in one process, against one bare server, by turns; the
server answers each message with an event, in the protocol's words, without checking anything:

- raw: `send` and `recv` of the websockets library's asyncio client; the answer is not even parsed
- transport: the kit's own connection, which parses, keeps a transcript and an inbox
- steps: the steps `send` and `expect` of a scenario, with variables, matching and transcript
- monitors: the same with every passive check and its schemas; this is what a run costs

Wall time includes the bare server's, which is the same in all four; CPU time is the kit's alone.

    python benchmarks/harness_step.py [--rounds 20] [--exchanges 400] [--profile]
"""

import argparse
import asyncio
import cProfile
import pstats
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

from conformance.dialogue import Dialogue, World
from conformance.model import Step
from conformance.monitors import Monitor
from conformance.problems import Location
from conformance.steps import Performer
from conformance.suite import Suite, load
from conformance.target import Target
from conformance.transcript import Secrets
from conformance.transport import Message
from lab.figures import show
from lab.processes import bare
from websockets.asyncio.client import connect

Way = Callable[[int], Awaitable[None]]

TEXT: Final = "A sentence of about the length that people dictate to an assistant, with a number: "
MESSAGE: Final = {
    "type": "client_message",
    "data": {"message_type": "${marker}", "message_data": {"text": f"{TEXT}${{number}}"}},
}


def step(verb: str, argument: Any) -> Step:
    """A step as the reader of scenarios makes it."""
    return Step(verb, argument, {}, Location("harness_step.py"))


def say(number: int) -> tuple[Step, Step]:
    """The two steps of one exchange, as a scenario would have them."""
    text = f"{TEXT}{number}"
    data = {"message_type": "$marker", "message_data": {"text": text}}
    return (
        step("send", {"type": "client_message", "data": data}),
        step("expect", {"type": "client_message", "data": {"message_data": {"text": text}}}),
    )


async def raw(url: str, stack: AsyncExitStack) -> Way:
    """An exchange by the websockets library alone."""
    socket = await stack.enter_async_context(connect(url, compression=None, proxy=None))
    await socket.recv()
    await socket.send('{"type":"auth_response","data":{}}')
    await socket.recv()

    async def exchange(number: int) -> None:
        data = f'{{"message_type":"probe.raw","message_data":{{"text":"{TEXT}{number}"}}}}'
        await socket.send(f'{{"type":"client_message","data":{data}}}')
        await socket.recv()

    return exchange


async def session(
    url: str, suite: Suite, monitors: list[Monitor], stack: AsyncExitStack
) -> Performer:
    """A performer in an authenticated session."""
    world = World(suite, Target(url, "bare server"), monitors, Secrets(suite.redact))
    dialogue = Dialogue(world, "benchmark")
    stack.push_async_callback(dialogue.finish)
    performer = Performer(dialogue)
    await performer.perform(suite.procedures["session"].steps)
    return performer


def by_transport(performer: Performer) -> Way:
    """An exchange by the kit's connection alone."""
    connection = performer.dialogue.connection("c")

    async def exchange(number: int) -> None:
        data = f'{{"message_type":"probe.raw","message_data":{{"text":"{TEXT}{number}"}}}}'
        connection.send_text(f'{{"type":"client_message","data":{data}}}')
        answer = await connection.receive(5.0)
        assert isinstance(answer, Message)

    return exchange


def by_steps(performer: Performer) -> Way:
    """An exchange by the steps of a scenario."""

    async def exchange(number: int) -> None:
        await performer.perform(say(number))

    return exchange


async def timed(way: Way, count: int) -> tuple[float, float]:
    """Wall and CPU time of one exchange in microseconds."""
    wall, cpu = perf_counter(), process_time()
    for number in range(count):
        await way(number)
    return 1e6 * (perf_counter() - wall) / count, 1e6 * (process_time() - cpu) / count


async def measure(url: str, rounds: int, count: int) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU time an exchange, for every way and round."""
    suite = load()
    async with AsyncExitStack() as stack:
        ways = {
            "raw": await raw(url, stack),
            "transport": by_transport(await session(url, suite, [], stack)),
            "steps": by_steps(await session(url, suite, [], stack)),
            "monitors": by_steps(await session(url, suite, suite.make_monitors(suite), stack)),
        }
        for way in ways.values():
            await timed(way, count)
        return {
            name: found
            for name, found in zip(
                ways,
                zip(
                    *[[await timed(way, count) for way in ways.values()] for _ in range(rounds)],
                    strict=True,
                ),
                strict=True,
            )
        }


if __name__ == "__main__":
    pass
