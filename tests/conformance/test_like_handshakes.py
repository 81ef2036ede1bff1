"""Two handshakes that are to be answered alike: what lack of room does to either proves nothing."""

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.inconclusive import Crowded
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.record.secrets import Secrets
from conformance.target.target import Target

SCRIPT = """\
title: A server does it
requirements: [ORIGIN-05]
steps:
  - {connect: {host: "localhost"}, on: small, handshake: {}}
  - {connect: {host: LOCALHOST}, on: large, like: small}
"""


async def play(suite: Suite, *statuses: int) -> None:
    """Play the script against a server that answers with these statuses in turn."""
    left = list(statuses)

    def answer(connection: ServerConnection, request: Request) -> Response | None:
        status = left.pop(0)
        return None if status == 101 else connection.respond(status, "")

    async def stay(connection: ServerConnection) -> None:
        await connection.wait_closed()

    reader = ScriptReader(suite.schemas, suite.requirements, ())
    steps = reader.checked(yaml_source.parse(SCRIPT, "s.yaml"), "area/name").steps
    async with serve(stay, "127.0.0.1", 0, process_request=answer) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        target = Target(f"ws://127.0.0.1:{port}/", "peer")
        world = World(suite, target, (), Secrets(suite.redact))
        dialogue = Dialogue(world, "area/name")
        try:
            await Performer(dialogue).perform(steps)
        finally:
            await dialogue.finish()


@pytest.mark.parametrize("statuses", [(101, 101), (403, 403), (503, 503)])
async def test_the_same_answer_is_right(suite: Suite, statuses: tuple[int, int]) -> None:
    await play(suite, *statuses)


@pytest.mark.parametrize("statuses", [(503, 101), (101, 503), (503, 403)])
async def test_lack_of_room_proves_nothing(suite: Suite, statuses: tuple[int, int]) -> None:
    with pytest.raises(Crowded):
        await play(suite, *statuses)


@pytest.mark.parametrize("statuses", [(101, 403), (403, 101)])
async def test_another_answer_is_wrong(suite: Suite, statuses: tuple[int, int]) -> None:
    with pytest.raises(StepFailed):
        await play(suite, *statuses)
