"""Whatever a target does, the kit ends in time, within its memory, with a report that says so."""

import asyncio
import json
from pathlib import Path

import pytest

from conformance.suite import Suite
from tests.support import hostile
from tests.support.kit import Finished, judging
from tests.support.peer import Behaviour, Peer, hosting
from tests.support.sockets import listening, url_of

SELECTION = (
    "states/server-speaks-first",
    "states/no-second-challenge",
    "transport/ping-frame-before-authentication",
    "deduplication/window-ends",
    "--timeout-scale=0.2",
    "--max-wait=1",
    "--connect-timeout=50",
)
SECONDS = 45.0
MEMORY = 300 * 1024 * 1024


def survived(done: Finished, suite: Suite) -> None:
    """The kit came to its end as it should, whatever it found."""
    assert done.errors == ""
    assert done.status in (1, 3)
    assert done.seconds < SECONDS
    assert done.peak_bytes < MEMORY
    faults = suite.schemas.explain("kit/report", done.report)
    assert [(fault.pointer, fault.message) for fault in faults] == []
    assert done.report["exit_status"] == done.status
    assert done.report["counts"]["kit error"] == 0


BEHAVIOURS: list[tuple[Behaviour, str]] = [
    (hostile.garbage_text, "the text is not JSON"),
    (hostile.invalid_utf8, "the text is not UTF-8"),
    (hostile.binary, "a binary message came"),
    (hostile.reserved_bits, "broke the frame format"),
    (hostile.reserved_opcode, "broke the frame format"),
    (hostile.huge_message, "broke the frame format"),
    (hostile.huge_message_in_fragments, "broke the frame format"),
    (hostile.endless_message, "no answer came"),
    (hostile.flood_before_authentication, "no answer came"),
    (hostile.flood_in_a_session, "no answer came"),
    (hostile.flood_of_challenges, "auth_challenge"),
    (hostile.flood_of_pongs, "the pong is another"),
    (hostile.answers_no_close, "no answer came"),
    (hostile.hangs_up, "the TCP connection ended"),
    (hostile.resets, "the connection ended instead"),
    (hostile.silent, "no answer came"),
    (hostile.byte_by_byte, "no answer came"),
    (hostile.wrong_shapes, "the message differs at /type"),
    (hostile.wrong_values, "no pong came"),
    (hostile.challenge_without_token, "token"),
    (hostile.deep_nesting, "nested too deeply"),
    (hostile.deep_data, "no pong came"),
    (hostile.lone_surrogates, r"auth_challenge\\ud800"),
    (hostile.huge_numbers, "the text is not JSON"),
    (hostile.control_characters, "no answer came"),
]


@pytest.mark.parametrize(
    ("behaviour", "told"), BEHAVIOURS, ids=[behaviour.__name__ for behaviour, _ in BEHAVIOURS]
)
async def test_a_target_that(suite: Suite, tmp_path: Path, behaviour: Behaviour, told: str) -> None:
    async with hosting(behaviour) as url:
        done = await judging(tmp_path, url, *SELECTION)
    survived(done, suite)
    assert told in json.dumps(done.report["results"])
    assert not [line for line in done.output.splitlines() if not line.isprintable()]


async def test_a_target_that_vanishes_during_the_run(suite: Suite, tmp_path: Path) -> None:
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        if accepted == 3:
            server.close()
        peer = Peer(reader, writer)
        await peer.accept()
        await peer.authenticate()

    async with listening(talk) as server:
        words = ("states/", "errors/", "--timeout-scale=0.2", "--connect-timeout=50", "--jobs=2")
        done = await judging(tmp_path, url_of(server), *words)
    survived(done, suite)
    assert done.report["run"]["note"].startswith("the target was lost during the run: 127.0.0.1")
    assert not done.report["run"]["complete"]
    assert "INCOMPLETE: the target was lost during the run" in done.output


async def test_a_target_that_sends_huge_messages_on_many_connections(
    suite: Suite, tmp_path: Path
) -> None:
    async with hosting(hostile.huge_message_in_fragments) as url:
        words = ("states/", "errors/", "--timeout-scale=0.2", "--connect-timeout=50")
        done = await judging(tmp_path, url, *words, "--jobs=32")
    survived(done, suite)


async def test_a_fault_is_never_counted_more_often_than_it_was_looked_for(
    suite: Suite, tmp_path: Path
) -> None:
    async with hosting(hostile.wrong_shapes) as url:
        words = ("--timeout-scale=0.2", "--connect-timeout=50", "--max-wait=1")
        done = await judging(tmp_path, url, *words)
    survived(done, suite)
    assert done.status == 1
    broken = [r for r in done.report["results"] if r["kind"] == "monitor" and "failures" in r]
    assert broken
    for row in broken:
        violated, _, observed = row["reason"].rpartition("(")[2].partition(" of ")
        assert int(violated) <= int(observed.split()[0]) == row["observed"], row["id"]
