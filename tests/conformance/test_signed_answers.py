"""A handshake that was answered by a proxy: a failure says whose answer it is."""

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.record.secrets import Secrets
from conformance.target.target import Target

SCRIPT = "title: A server does it\nrequirements: [ORIGIN-05]\nsteps: [{connect: {}}]\n"


async def received(suite: Suite, header: str | None) -> str:
    """What a failure says was received from a server that signs a refusal so."""

    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(403, "")

    async def stay(connection: ServerConnection) -> None:
        await connection.wait_closed()

    reader = ScriptReader(suite.schemas, suite.requirements, ())
    steps = reader.checked(yaml_source.parse(SCRIPT, "s.yaml"), "area/name").steps
    async with serve(stay, "127.0.0.1", 0, process_request=refuse, server_header=header) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        world = World(suite, Target(f"ws://127.0.0.1:{port}/", "peer"), (), Secrets(suite.redact))
        dialogue = Dialogue(world, "area/name")
        try:
            with pytest.raises(StepFailed) as failed:
                await Performer(dialogue).perform(steps)
        finally:
            await dialogue.finish()
    return failed.value.failure.received.says


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("nginx/1.22.1", "from nginx/1.22.1: "),
        ("nginx", "from nginx: "),
        ("Apache/2.4.62 (Debian)", "from Apache/2.4.62: "),
        ("cloudflare", "from cloudflare: "),
        ("openresty/1.27 ::error::x", "from openresty/1.27: "),
        ("nginxes", ""),
        ("Python/3.13 websockets/15.0", ""),
        ("my nginx", ""),
        (None, ""),
    ],
)
async def test_an_answer_is_signed_by_a_proxy_alone(
    suite: Suite, header: str | None, said: str
) -> None:
    text = await received(suite, header)
    assert text.startswith(f"{said}server rejected WebSocket connection: HTTP 403")
