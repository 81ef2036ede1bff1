"""A repetition over a list is performed once for each of its items."""

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.record.secrets import Secrets
from conformance.target.target import Target
from tests.support.peer import Peer, hosting

SCRIPT = """\
title: A server does it
requirements: [DEDUP-12]
steps:
  - let: {first: one}
  - connect: {query: panel=2}
  - repeat: [$first, {two: [2]}, null]
    steps:
      - send: {at: $i, item: $item}
"""


async def test_each_item_has_its_turn_and_its_number(suite: Suite) -> None:
    said: list[object] = []

    async def listen(peer: Peer) -> None:
        said.extend([await peer.message() for _ in range(3)])

    (step,) = (
        ScriptReader(suite.schemas, suite.requirements, ())
        .checked(yaml_source.parse(SCRIPT, "s.yaml"), "area/name")
        .steps[2:]
    )
    assert step.bulk == 4
    async with hosting(listen) as url:
        reader = ScriptReader(suite.schemas, suite.requirements, ())
        steps = reader.checked(yaml_source.parse(SCRIPT, "s.yaml"), "area/name").steps
        dialogue = Dialogue(
            World(suite, Target(url, "peer"), (), Secrets(suite.redact)), "area/name"
        )
        await Performer(dialogue).perform(steps)
        await dialogue.finish()
    assert said == [
        {"at": 0, "item": "one"},
        {"at": 1, "item": {"two": [2]}},
        {"at": 2, "item": None},
    ]
