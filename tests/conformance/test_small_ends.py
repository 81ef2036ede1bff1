"""Right servers with the smallest values that the protocol allows, or with little room, are right.

Nothing that they say when they have no room is held against them, but where it is what is tried.
With the smallest values they are judged whole where they are the subject: the second server, and
the reference server with each method of authentication.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from websockets.frames import Opcode

from conformance.loader.suite import Suite
from tests.support.kit import ROOT, Finished, judge, judging, server
from tests.support.meddler import as_it_is, meddling
from tests.support.peer import NONCE, Behaviour, Peer, hosting
from tests.support.survival import survived
from tests.support.targets import altered

SECOND = ROOT / "tests" / "second_server" / "target.yaml"
REFERENCE = ROOT / "conformance" / "target" / "demo.yaml"
SMALL = {
    "rate-messages": 50,
    "rate-seconds": 1,
    "max-refusals": 2,
    "violation-limit": 20,
    "dedup-capacity": 16,
    "replay-limit": 8,
    "resume-window": 1,
}
PENDING = {"pending-limit": 32}
PENDING_OF_REFERENCE = {"max-pending": 32, "max-pending-per-address": 32}
LEFT_TO_LIBRARIES = (["TRANSPORT-26"], ["TRANSPORT-27"])
"""Two SHOULDs: the WebSocket library of the second server takes lengths in any form, and loses the
context of compression after a final block."""

NODE = pytest.mark.skipif(
    shutil.which("node") is None or not (SECOND.parent / "node_modules" / "ws").is_dir(),
    reason="node is not installed, or npm install has not been run in tests/second_server",
)


def is_conformant(done: Finished) -> bool:
    """Whether everything passed that applies; shows what did not."""
    fine = ("passed", "not applicable")
    rows = [r for r in done.report["results"] if r["requirements"] not in LEFT_TO_LIBRARIES]
    wrong = [row for row in rows if row["outcome"] not in fine]
    assert {row["id"]: row.get("reason", row["outcome"]) for row in wrong} == {}
    return (done.status, done.errors) == (0, "")


DEFAULTS = {
    "rate-messages": 100,
    "rate-seconds": 1,
    "dedup-window": 5,
    "id-window": 300,
    "dedup-capacity": 1000,
}


@NODE
def test_the_capacity_by_default_is_tried_at_the_rate_by_default(tmp_path: Path) -> None:
    assert is_conformant(judge(tmp_path, altered(SECOND, tmp_path, DEFAULTS), "DEDUP-12"))


def test_capacities_are_tried_side_by_side_where_the_rate_spreads_them(tmp_path: Path) -> None:
    options = DEFAULTS | {"rate-messages": 50, "dedup-capacity": 120}
    target = altered(REFERENCE, tmp_path, options, "advance_clock")
    done = judge(tmp_path, target, "deduplication/cap")
    assert is_conformant(done)
    rows = [row for row in done.report["results"] if row["kind"] == "scenario"]
    waited = [row["timing"]["waited_seconds"] for row in rows]
    phases = {phase["name"]: phase for phase in done.report["run"]["schedule"]["phases"]}
    assert phases["shared"]["scenarios"] == len(waited) == 5
    assert min(waited) > 1.0
    assert phases["shared"]["seconds"] < sum(waited)


# ── a server without room for connections ──


async def crowded(folder: Path, is_full: Callable[[int], bool], *words: str) -> Finished:
    """Judge the reference server behind a relay that turns handshakes away."""
    with server("reference_server", "--control-port=0") as url:
        async with meddling(url, as_it_is, is_full) as meddler:
            return await judging(folder, meddler.url, *words)


async def test_handshakes_that_are_turned_away_at_times_are_made_again(tmp_path: Path) -> None:
    done = await crowded(tmp_path, lambda n: n in range(5, 40, 3), "errors/", "events/same")
    assert is_conformant(done)


async def test_a_server_that_stays_full_is_not_blamed(tmp_path: Path, suite: Suite) -> None:
    done = await crowded(tmp_path, lambda n: n > 1, "states/", "origin/", "deduplication/")
    survived(done, suite, (3,))
    assert set(done.outcomes().values()) <= {"inconclusive", "not applicable", "passed"}
    assert "HTTP 503, the target accepts no more connections at the moment" in done.reasons()
    assert "the target was lost during the run" in done.reasons()


async def test_a_server_that_is_full_too_soon_is_blamed(tmp_path: Path) -> None:
    done = await crowded(tmp_path, lambda n: n == 25, "limits/thirty-two", "--retries=0")
    assert done.outcomes()["limits/thirty-two-may-wait"] == "failed"
    assert done.status == 1


# ── a server without room for messages ──


@pytest.mark.parametrize(
    ("features", "outcome", "status"),
    [("limits heartbeat", "inconclusive", 3), ("replay heartbeat", "failed", 1)],
)
async def test_a_refusal_for_the_rate_proves_nothing_where_a_rate_is_stated(
    tmp_path: Path, features: str, outcome: str, status: int
) -> None:
    async def refusing(text: str) -> str | None:
        return text.replace('"unknown_type"', '"rate_limited"')

    with server("reference_server", "--features", *features.split()) as url:
        async with meddling(url, refusing) as meddler:
            done = await judging(tmp_path, meddler.url, "MSG-09", "--retries=0")
    found = {key: value for key, value in done.outcomes().items() if not key.startswith("passive")}
    assert set(found.values()) == {outcome}
    assert done.status == status
    assert ("the target refused a message for want of room" in done.reasons()) == (status == 3)


def never_closing(codes: Sequence[str]) -> Behaviour:
    """A server that answers what it does not know with these codes in turn, and never closes."""
    session = {
        "features": ["limits"],
        "rate_limit": {"messages": 50, "per_seconds": 1, "max_refusals": 5},
        "violation_limit": 100,
    }

    async def behave(peer: Peer) -> None:
        await peer.challenge()
        await peer.message()
        await peer.say("auth_result", success=True, client_id=NONCE, session=session)
        number = 0
        while True:
            frame = await peer.frame()
            if frame.opcode is not Opcode.TEXT:
                continue
            known: dict[str, Any] = {"code": "invalid_json", "message": "It is no JSON"}
            if is_json(bytes(frame.data)):
                number += 1
                known = {"code": codes[number % len(codes)], "message": "No", "retry_after": 0.1}
            await peer.say("error", **known)

    return behave


def is_json(data: bytes) -> bool:
    """Whether bytes are JSON."""
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("codes", "outcome"),
    [
        (["rate_limited", "unknown_type"], "inconclusive"),
        (["rate_limited"] * 4 + ["unknown_type"], "inconclusive"),
        (["rate_limited"] * 5 + ["unknown_type"], "failed"),
        (["rate_limited"], "failed"),
    ],
)
async def test_only_refusals_in_a_row_make_an_end_due(
    tmp_path: Path, codes: list[str], outcome: str
) -> None:
    name = "limits/too-many-refusals-close"
    async with hosting(never_closing(codes)) as url:
        done = await judging(tmp_path, url, name, "--retries=0", "--timeout-scale=0.2")
    assert done.outcomes()[name] == outcome
