"""A repetition takes each value of a list in turn, and a message may be too long."""

import asyncio

import pytest

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.model import Step
from conformance.record.secrets import Secrets
from conformance.target.target import Target
from tests.support.kit import LIMIT
from tests.support.peer import Peer, hosting

HEAD = "title: A server does it\nrequirements: [DEDUP-12]\nsteps:\n"
EACH = """\
  - repeat: [first, second, third]
    steps:
      - {connect: {}, on: $item}
      - {expect: {type: error}, on: $item}
"""
LONG = """\
  - {connect: {}}
  - {expect: {type: error}, longest: %d}
"""


def read(suite: Suite, rows: str) -> tuple[Step, ...]:
    reader = ScriptReader(suite.schemas, suite.requirements, ())
    return reader.checked(yaml_source.parse(HEAD + rows, "s.yaml"), "area/name").steps


async def performed(suite: Suite, rows: str) -> list[str]:
    """The names of the connections that the steps open, in their order."""

    async def greet(peer: Peer) -> None:
        await peer.text('{"type": "error", "é": 1}')
        await peer.silence()

    async with hosting(greet) as url:
        world = World(suite, Target(url, "peer"), (), Secrets(suite.redact))
        dialogue = Dialogue(world, "area/name")
        try:
            async with asyncio.timeout(LIMIT):
                await Performer(dialogue).perform(read(suite, rows))
        finally:
            await dialogue.finish()
    return list(dialogue.connections)


async def test_each_value_of_a_list_has_its_turn(suite: Suite) -> None:
    assert await performed(suite, EACH) == ["first", "second", "third"]


def test_a_repetition_over_a_list_has_as_many_steps_as_the_list_has_values(suite: Suite) -> None:
    assert read(suite, EACH)[0].bulk == 1 + 3 * 2


async def test_a_message_may_have_exactly_as_many_bytes_as_it_may_have_at_most(
    suite: Suite,
) -> None:
    await performed(suite, LONG % len('{"type": "error", "é": 1}'.encode()))


async def test_a_message_that_is_a_byte_too_long_fails_the_step(suite: Suite) -> None:
    with pytest.raises(StepFailed, match="26 bytes"):
        await performed(suite, LONG % 25)
