"""A repetition in lanes performs its turns at the same time, each of them once."""

import asyncio

from conformance import yaml_source
from conformance.dialogue import Dialogue, World
from conformance.script import ScriptReader
from conformance.steps import Performer
from conformance.suite import Suite
from conformance.target import Target
from conformance.transcript import Secrets
from tests.support.kit import LIMIT
from tests.support.peer import Peer, hosting

HEAD = "title: A server does it\nrequirements: [DEDUP-12]\nsteps:\n  - let: {lane: lane}\n"


async def performed(suite: Suite, url: str, text: str) -> set[str]:
    """The names of the connections that steps open."""
    reader = ScriptReader(suite.schemas, suite.requirements, ())
    steps = reader.checked(yaml_source.parse(HEAD + text, "s.yaml"), "area/name").steps
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

    steps = """\
  - repeat: 3
    lanes: 3
    steps:
      - {connect: {}, on: "${lane}${i}"}
      - {expect: {type: error}, on: "${lane}${i}"}
"""
    async with hosting(wait_for_the_others) as url:
        assert await performed(suite, url, steps) == {"lane0", "lane1", "lane2"}


async def test_each_turn_is_taken_once_by_one_lane(suite: Suite) -> None:
    arrived: list[None] = []

    async def note(peer: Peer) -> None:
        arrived.append(None)
        await peer.silence()

    steps = '  - repeat: 5\n    lanes: 2\n    steps:\n      - {connect: {}, on: "${lane}${i}"}\n'
    async with hosting(note) as url:
        assert await performed(suite, url, steps) == {f"lane{i}" for i in range(5)}
    assert len(arrived) == 5
