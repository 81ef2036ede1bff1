"""Targets that meet the kit with a whole list of wrongs, another on each connection."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from conformance.loader.suite import Suite
from tests.support.hostile import compression, ends, hangs, texts, values
from tests.support.hostile.turns import right, taking_turns
from tests.support.peer import Behaviour, hosting
from tests.support.survival import judged, survived

MANY = ("errors/", "states/s")
QUICKLY = ("--force", "--timeout-scale=0.2", "--max-wait=1", "--retries=0", "--connect-timeout=50",
           "--jobs=64")  # fmt: skip

WRONG = (1,)
LOST = (3,)
"""What is longer than the kit reads is no fault."""
OPEN = (1, 3)
"""Which connection meets what is left to chance, and some of it keeps a scenario from running."""

LISTS: dict[str, tuple[Sequence[Behaviour], tuple[int, ...]]] = {
    "hang in the dialogue": (hangs.IN_THE_DIALOGUE, OPEN),
    "close at once": ([*map(ends.at_once, ends.PAYLOADS)], WRONG),
    "close in a session": ([*map(ends.in_a_session, ends.PAYLOADS)], WRONG),
    "reset": (ends.RESETS, OPEN),
    "say something else first": ([*map(values.instead_of_the_challenge, values.EXTREMES)], OPEN),
    "answer something else": ([*map(values.as_every_answer, values.EXTREMES)], OPEN),
}


@pytest.mark.parametrize("name", LISTS)
async def test_targets_that(suite: Suite, tmp_path: Path, name: str) -> None:
    behaviours, expected = LISTS[name]
    async with taking_turns(behaviours) as turns:
        done = await judged(tmp_path, turns.url, *MANY, *QUICKLY)
    survived(done, suite, expected)
    assert turns.taken >= len(behaviours)


async def test_targets_that_hang_in_the_handshake(suite: Suite, tmp_path: Path) -> None:
    words = ("states/", "--timeout-scale=0.2", "--max-wait=1", "--retries=0")
    async with taking_turns((), raw=hangs.BEFORE_THE_HANDSHAKE) as turns:
        done = await judged(tmp_path, turns.url, *words, "--connect-timeout=15")
    survived(done, suite, LOST)
    assert done.report["run"]["note"].startswith("the target was lost during the run")
    assert done.report["run"]["in_flight"]
    assert turns.taken >= len(hangs.BEFORE_THE_HANDSHAKE)


@pytest.mark.parametrize("number", ["1e308", "9" * 308, "1e999", "-1", "1e-320"])
async def test_a_target_that_states_a_number_that_is_no_use(
    suite: Suite, tmp_path: Path, number: str
) -> None:
    async with hosting(values.stating(number)) as url:
        done = await judged(tmp_path, url, "states/", "transport/size", *QUICKLY)
    survived(done, suite, OPEN)


async def test_a_target_that_bombs_who_offers_compression(suite: Suite, tmp_path: Path) -> None:
    extensions = [ServerPerMessageDeflateFactory()]
    async with hosting(compression.bombs_who_offers_compression, extensions) as url:
        done = await judged(tmp_path, url, "transport/compression", "--retries=0")
    survived(done, suite, WRONG)
    scenarios = {name: row for name, row in done.outcomes().items() if "passive/" not in name}
    assert set(scenarios.values()) == {"inconclusive"}
    assert done.reasons().count("longer than the kit reads") == len(scenarios)


async def test_odd_texts_of_a_target_spoil_no_report(suite: Suite, tmp_path: Path) -> None:
    paths = {kind: tmp_path / kind for kind in ("junit", "markdown")}
    reports = [f"--report={kind}={path}" for kind, path in paths.items()]
    async with taking_turns(texts.SPEAKERS, first=texts.promises) as turns:
        done = await judged(tmp_path, turns.url, *MANY, *QUICKLY, *reports)
    survived(done, suite, OPEN)
    assert turns.taken >= len(texts.SPEAKERS)
    assert "\u0301" * 5 not in done.output
    assert ET.fromstring(paths["junit"].read_bytes()).tag == "testsuites"
    assert paths["markdown"].read_text(encoding="utf-8")
    assert max(map(len, done.report["target"]["claims"])) < 1_000


async def test_a_right_server_first_shows_that_turns_are_taken(
    suite: Suite, tmp_path: Path
) -> None:
    async with taking_turns([right]) as turns:
        done = await judged(tmp_path, turns.url, "states/server-speaks-first", *QUICKLY)
    survived(done, suite, (0,))
    assert turns.taken >= 1
