"""A failed step says what was due, and in which repetition it failed."""

import pytest

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.model import Failure
from conformance.record.secrets import Secrets
from conformance.target.target import Target
from tests.support.peer import Behaviour, Peer, hosting

HEAD = """\
title: A server does it
requirements: [DEDUP-12]
steps:
  - connect: {}
"""


async def failure(suite: Suite, steps: str, behaviour: Behaviour) -> Failure:
    """How steps fail against a server that behaves like this."""
    reader = ScriptReader(suite.schemas, suite.requirements, ())
    scenario = reader.checked(yaml_source.parse(HEAD + steps, "s.yaml"), "area/name")
    async with hosting(behaviour) as url:
        world = World(suite, Target(url, "peer"), (), Secrets(suite.redact))
        dialogue = Dialogue(world, "area/name")
        with pytest.raises(StepFailed) as failed:
            await Performer(dialogue).perform(scenario.steps)
        await dialogue.finish()
    return failed.value.failure


REPEATED = """\
  - repeat: [right, {wrong: [2]}]
    steps:
      - send: {item: $item}
      - expect: {type: pong}
"""


async def test_it_says_in_which_repetition_and_with_which_item(suite: Suite) -> None:
    async def answer(peer: Peer) -> None:
        for kind in ("pong", "error"):
            await peer.message()
            await peer.say(kind)
        await peer.silence()

    found = await failure(suite, REPEATED, answer)
    assert found.item == '2: {"wrong":[2]}'
    assert found.connection == "c"


WITH_SCHEMA = """\
  - let: {wanted: 4711}
  - expect: {type: pong}
    schema: {properties: {data: {properties: {it: {const: $wanted}}}}}
"""


async def test_a_schema_is_shown_as_it_is_written(suite: Suite) -> None:
    async def answer(peer: Peer) -> None:
        await peer.say("pong", it=1)
        await peer.silence()

    found = await failure(suite, WITH_SCHEMA, answer)
    due = {"properties": {"data": {"properties": {"it": {"const": "$wanted"}}}}}
    assert found.expected.value == due
