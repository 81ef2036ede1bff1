"""Whatever a target does, the kit ends in time, within its memory, with a report that says so."""

import asyncio
import json
from pathlib import Path

import pytest

from conformance.loader.suite import Suite
from tests.support.hostile import (
    compression,
    ends,
    floods,
    frames,
    hangs,
    sizes,
    texts,
    values,
)  # fmt: skip
from tests.support.peer import Behaviour, Peer, hosting
from tests.support.sockets import listening, stop, url_of
from tests.support.survival import judged, survived

SELECTION = (
    "--force",
    "states/server-speaks-first",
    "states/no-second-challenge",
    "transport/ping-frame-before-authentication",
    "deduplication/window-ends",
    "--max-wait=1",
    "--connect-timeout=50",
    "--retries=0",
)

ENDLESS = {
    *(sizes.endless_message, floods.flood_before_authentication, floods.flood_in_a_session),
    *(floods.flood_of_challenges, floods.flood_of_pongs, floods.flood_of_pings),
}
"""Behaviours that keep the kit computing until it stops listening, each time anew."""

BRIEFLY = (
    "--force",
    "states/server-speaks-first",
    "states/no-second-challenge",
    "--connect-timeout=50",
    "--retries=0",
    "--timeout-scale=0.1",
)

WRONG = (1,)
LATE = (1, 3)
"""Where the kit itself may be too slow to blame anybody."""

OPEN = (3,)
"""Where what comes is longer than the kit reads, or is judged by a passive check alone."""

NOTHING = "no answer came"
RESERVED_BIT = "a frame has a reserved bit that no extension claimed"
TOO_LONG = "longer than the kit reads"

TARGETS: list[tuple[Behaviour, tuple[int, ...], str]] = [
    (frames.garbage_text, WRONG, "the text is not JSON"),
    (frames.invalid_utf8, WRONG, "the text is not UTF-8"),
    (frames.binary, WRONG, "a binary message came"),
    (frames.reserved_bits, WRONG, RESERVED_BIT),
    (frames.reserved_opcode, WRONG, "a frame has the reserved opcode 3"),
    (frames.byte_by_byte, LATE, NOTHING),
    (sizes.huge_message, OPEN, TOO_LONG),
    (sizes.huge_message_in_fragments, OPEN, TOO_LONG),
    (sizes.endless_message, LATE, NOTHING),
    (compression.bombs_everybody, WRONG, "broke the frame format"),
    (compression.compresses_unasked, WRONG, RESERVED_BIT),
    (floods.flood_before_authentication, LATE, NOTHING),
    (floods.flood_in_a_session, LATE, NOTHING),
    (floods.flood_of_challenges, LATE, "auth_challenge"),
    (floods.flood_of_pongs, LATE, NOTHING),
    (floods.flood_of_pings, LATE, NOTHING),
    (floods.flood_of_large_messages, LATE, NOTHING),
    (hangs.answers_no_close, LATE, NOTHING),
    (hangs.silent, LATE, NOTHING),
    (ends.hangs_up, WRONG, "the TCP connection ended"),
    (ends.resets, LATE, "the connection ended instead"),
    (values.wrong_shapes, WRONG, "the message differs at /type"),
    (values.wrong_values, LATE, "it must wait"),
    (values.challenge_without_token, LATE, "token"),
    (values.deep_nesting, WRONG, "nested too deeply"),
    (values.deep_data, WRONG, "nested too deeply"),
    (values.huge_numbers, WRONG, "overflows a double"),
    (values.odd_events, WRONG, "overflows a double"),
    (values.many_methods, LATE, "no supported method"),
    (values.many_features, LATE, NOTHING),
    (texts.lone_surrogates, WRONG, r"auth_challenge\\ud800"),
    (texts.control_characters, LATE, NOTHING),
]


@pytest.mark.parametrize(
    ("behaviour", "expected", "told"), TARGETS, ids=[row[0].__name__ for row in TARGETS]
)
async def test_a_target_that(
    suite: Suite, tmp_path: Path, behaviour: Behaviour, expected: tuple[int, ...], told: str
) -> None:
    patience = "--timeout-scale=0.1" if told == NOTHING else "--timeout-scale=0.2"
    words = BRIEFLY if behaviour in ENDLESS else (*SELECTION, patience)
    async with hosting(behaviour) as url:
        done = await judged(tmp_path, url, *words)
    survived(done, suite, expected)
    assert told in json.dumps(done.report["results"])
    assert not [line for line in done.output.splitlines() if not line.isprintable()]


async def test_a_target_that_vanishes_during_the_run(suite: Suite, tmp_path: Path) -> None:
    accepted = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        if accepted == 3:
            await stop(server)
        peer = Peer(reader, writer)
        await peer.accept()
        await peer.authenticate()

    async with listening(talk) as server:
        words = ("states/", "errors/", "--timeout-scale=0.2", "--connect-timeout=50", "--jobs=2")
        done = await judged(tmp_path, url_of(server), *words)
    survived(done, suite, LATE)
    assert done.report["run"]["note"].startswith("the target was lost during the run: 127.0.0.1")
    assert not done.report["run"]["complete"]
    assert "The run is not complete: the target was lost" in " ".join(done.output.split())


async def test_a_target_that_sends_huge_messages_on_many_connections(
    suite: Suite, tmp_path: Path
) -> None:
    async with hosting(sizes.huge_message_in_fragments) as url:
        words = ("states/", "errors/", "--timeout-scale=0.2", "--connect-timeout=50")
        done = await judged(tmp_path, url, *words, "--jobs=32")
    survived(done, suite, LATE)


async def test_a_fault_is_never_counted_more_often_than_it_was_looked_for(
    suite: Suite, tmp_path: Path
) -> None:
    async with hosting(values.wrong_shapes) as url:
        words = (
            "--timeout-scale=0.2",
            "--connect-timeout=50",
            "--max-wait=1",
            "--retries=0",
            "--force",
            "--jobs=64",
        )
        done = await judged(tmp_path, url, *words)
    survived(done, suite, LATE)
    assert done.status == 1
    broken = [r for r in done.report["results"] if r["kind"] == "monitor" and "failures" in r]
    assert broken
    for row in broken:
        violated, _, observed = row["reason"].rpartition("(")[2].partition(" of ")
        assert int(violated) <= int(observed.split()[0]) == row["observed"], row["id"]
