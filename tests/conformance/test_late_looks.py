"""What the kit was late for blames nobody: it looks at when things came, not at when it looked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.frames import Frame, Opcode

from conformance.documents import yaml_source
from conformance.engine.dialogue import Dialogue
from conformance.engine.inconclusive import TooSlow
from conformance.engine.steps import Performer, StepFailed
from conformance.engine.world import World
from conformance.loader.script import ScriptReader
from conformance.loader.suite import Suite
from conformance.record.secrets import Secrets
from conformance.target.target import Target
from tests.support.kit import LIMIT
from tests.support.peer import Behaviour, Peer, hosting

OPENING = "connect: {}"
CLOSING = "{close: {code: 1000}, label: closing}"
IN_TIME = "{expect_close: {code: 1000}, within: {since: closing, seconds: 5}}"
SENDING = "send: {type: client_message, data: {message_type: $run, message_data: {}}}"
REPEATED = "expect: {type: duplicate_message}"
PAUSE = "{wait: 0, since: opened}"
LONG = 60.0
"""Seconds that are more than any time that these steps allow."""


async def close(peer: Peer) -> None:
    """Send a close frame with code 1000."""
    await peer.write(Frame(Opcode.CLOSE, (1000).to_bytes(2, "big")).serialize(mask=False))


class Play:
    """A dialogue with a peer of which one step after another is performed."""

    def __init__(self, suite: Suite, url: str) -> None:
        world = World(suite, Target(url, "peer"), (), Secrets(suite.redact))
        world.variables["dedup_window"] = 5.0
        self.reader = ScriptReader(suite.schemas, suite.requirements, ())
        self.dialogue = Dialogue(world, "area/name")

    async def perform(self, *steps: str) -> None:
        """Perform steps, each as its YAML says."""
        rows = "".join(f"  - {step}\n" for step in steps)
        text = f"title: A server does it\nrequirements: [AUTH-13]\nsteps:\n{rows}"
        scenario = self.reader.checked(yaml_source.parse(text, "s.yaml"), "area/name")
        await Performer(self.dialogue).perform(scenario.steps)

    def pass_time(self, seconds: float) -> None:
        """Have that much time passed, for the kit."""
        self.dialogue.world.advanced += seconds

    async def until_its_end(self) -> None:
        """Wait until the connection has ended."""
        connection = self.dialogue.connection("c")
        while connection.end is None:
            await connection.changed()


@asynccontextmanager
async def playing(suite: Suite, behaviour: Behaviour) -> AsyncIterator[Play]:
    async with hosting(behaviour) as url, asyncio.timeout(LIMIT):
        play = Play(suite, url)
        try:
            yield play
        finally:
            await play.dialogue.finish()


async def answers_a_close(peer: Peer) -> None:
    await peer.frame()
    await close(peer)


async def test_an_end_in_time_is_seen_however_late_the_kit_looks(suite: Suite) -> None:
    async with playing(suite, answers_a_close) as play:
        await play.perform(OPENING, CLOSING)
        await play.until_its_end()
        play.pass_time(LONG)
        await play.perform(IN_TIME)


async def test_an_end_that_came_too_late_is_no_end_in_time(suite: Suite) -> None:
    async with playing(suite, answers_a_close) as play:
        await play.perform(OPENING, CLOSING)
        play.pass_time(LONG)
        await play.until_its_end()
        with pytest.raises(StepFailed, match="the connection stays open"):
            await play.perform(IN_TIME)


async def relays(peer: Peer) -> None:
    for _ in range(2):
        token = (await peer.message())["data"]["message_type"]
        await peer.text(f'{{"type": "client_message", "data": {{"message_type": "{token}"}}}}')
    await peer.silence()


@pytest.mark.parametrize(
    ("seconds", "steps", "raised"),
    [(0.0, (), StepFailed), (LONG, (), TooSlow), (LONG, (PAUSE,), StepFailed)],
    ids=["at once", "too late", "having waited"],
)
async def test_a_repetition_that_comes_after_the_window_proves_nothing(
    suite: Suite, seconds: float, steps: tuple[str, ...], raised: type[Exception]
) -> None:
    async with playing(suite, relays) as play:
        await play.perform("{connect: {}, label: opened}", *steps, SENDING)
        await play.perform("expect: {type: client_message}")
        play.pass_time(seconds)
        with pytest.raises(raised):
            await play.perform(SENDING, REPEATED)


async def turns_away(peer: Peer) -> None:
    await peer.message()
    await peer.text('{"type": "auth_result", "data": {"success": false, "message": "Too late."}}')
    await close(peer)


@pytest.mark.parametrize(("seconds", "raised"), [(0.0, StepFailed), (LONG, TooSlow)])
async def test_an_end_that_a_time_out_announced_blames_nobody_for_its_code(
    suite: Suite, seconds: float, raised: type[Exception]
) -> None:
    async with playing(suite, turns_away) as play:
        await play.perform(OPENING)
        play.dialogue.of_connection["c"]["expires_in"] = 5.0
        play.pass_time(seconds)
        await play.perform("send: {type: auth_response, data: {}}")
        with pytest.raises(raised):
            await play.perform("expect_close: {code: 4401}")
