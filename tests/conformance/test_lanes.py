"""A repetition in lanes performs its turns at the same time, each of them once."""

import asyncio

import pytest

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.record.secrets import Secrets
from conformance.target.target import Target
from tests.support.kit import LIMIT
from tests.support.peer import Peer, hosting

SCRIPT = """\
title: A server does it
requirements: [DEDUP-12]
steps:
  - let: {{lane: lane}}
  - repeat: {turns}
    lanes: {lanes}
    steps:
      - {{connect: {{}}, on: "${{lane}}${{i}}"}}
      - {{expect: {{type: error}}, on: "${{lane}}${{i}}"}}
"""


async def performed(suite: Suite, url: str, turns: int, lanes: int) -> set[str]:
    """The names of the connections that the turns open."""
    reader = ScriptReader(suite.schemas, suite.requirements, ())
    source = yaml_source.parse(SCRIPT.format(turns=turns, lanes=lanes), "s.yaml")
    steps = reader.checked(source, "area/name").steps
    world = World(suite, Target(url, "peer"), (), Secrets(suite.redact))
    dialogue = Dialogue(world, "area/name")
    try:
        async with asyncio.timeout(LIMIT):
            await Performer(dialogue).perform(steps)
    finally:
        await dialogue.finish()
    return set(dialogue.connections)


async def test_all_lanes_are_under_way_at_once(suite: Suite) -> None:
    everybody = asyncio.Barrier(3)

    async def wait_for_the_others(peer: Peer) -> None:
        await everybody.wait()
        await peer.text('{"type": "error"}')
        await peer.silence()

    async with hosting(wait_for_the_others) as url:
        assert await performed(suite, url, turns=3, lanes=3) == {"lane0", "lane1", "lane2"}


async def test_each_turn_is_taken_once_and_no_more_at_once_than_there_are_lanes(
    suite: Suite,
) -> None:
    arrived: list[int] = []
    waiting: set[Peer] = set()
    pairs = asyncio.Barrier(2)

    async def answer_in_pairs(peer: Peer) -> None:
        waiting.add(peer)
        arrived.append(len(waiting))
        await pairs.wait()
        waiting.discard(peer)
        await peer.text('{"type": "error"}')
        await peer.silence()

    async with hosting(answer_in_pairs) as url:
        assert await performed(suite, url, turns=6, lanes=2) == {f"lane{i}" for i in range(6)}
    assert (len(arrived), max(arrived)) == (6, 2)


async def test_a_lane_that_fails_ends_the_others(suite: Suite) -> None:
    arrived: list[None] = []
    hung_up = asyncio.Semaphore(0)

    async def mislead_the_second(peer: Peer) -> None:
        arrived.append(None)
        if len(arrived) == 2:
            await peer.text('{"type": "pong"}')
        try:
            await peer.silence()
        except ConnectionResetError:
            hung_up.release()

    async with hosting(mislead_the_second) as url, asyncio.timeout(LIMIT):
        with pytest.raises(StepFailed):
            await performed(suite, url, turns=2, lanes=2)
        await hung_up.acquire()
        await hung_up.acquire()
