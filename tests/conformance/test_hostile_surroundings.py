"""What stands between the kit and a right server, or talks beside it, changes no outcome."""

import asyncio
import json
from pathlib import Path

import pytest

from conformance.loader.suite import Suite
from reference_server import ReferenceServer, Settings
from reference_server.control import Control
from tests.support.hostile.crowd import gather
from tests.support.kit import Finished, server
from tests.support.relay import relaying
from tests.support.survival import judged, survived

CONFORMANT = (0,)
INCOMPLETE = (3,)
RETAINED = 50


async def test_a_right_server_whose_answers_come_byte_by_byte_is_conformant(
    suite: Suite, tmp_path: Path
) -> None:
    pings = ("transport/ping-frame", "transport/pings", "transport/ping-between-fragments")
    # How long answers take is up to the relay, which writes them a byte at a time.
    left_out = "--exclude=passive/answer-time"
    words = ("states/", "errors/", *pings, "client-messages/id", "--max-wait=2", left_out)
    with server("reference_server", "--auth-timeout=10") as url:
        async with relaying(url, piece=1) as recording:
            done = await judged(tmp_path, recording.url, *words)
    survived(done, suite, CONFORMANT)
    assert recording.data


async def test_other_clients_events_between_any_two_messages_change_no_outcome(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = gather(monkeypatch)
    words = ("states/", "client-messages/i", "order/", "--max-wait=2")
    async with ReferenceServer(Settings(port=0, auth_timeout=10, dedup_window=1)) as running:
        done = await judged(tmp_path, running.url, *words)
    survived(done, suite, CONFORMANT)
    assert crowd.spoken > 100


async def test_what_counts_on_quiet_is_inconclusive_beside_other_clients_events(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = gather(monkeypatch)
    done = await judged_replays(tmp_path)
    survived(done, suite, INCOMPLETE)
    assert crowd.spoken > 100
    untold = {name for name, outcome in done.outcomes().items() if outcome == "inconclusive"}
    assert untold == disturbed(done)
    assert untold
    assert untold <= counting_on_quiet(suite)
    assert "failed" not in done.outcomes().values()


async def test_what_counts_on_quiet_is_all_that_counts_on_what_others_push_out(
    suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gather(monkeypatch, voices=RETAINED + 10)
    done = await judged_replays(tmp_path)
    survived(done, suite, INCOMPLETE)
    assert disturbed(done) == counting_on_quiet(suite)
    assert "failed" not in done.outcomes().values()


def disturbed(done: Finished) -> set[str]:
    """The scenarios that others' events kept from being judged."""
    reason = "other clients, or the target itself, caused events during the scenario"
    return {row["id"] for row in done.report["results"] if row.get("reason") == reason}


def counting_on_quiet(suite: Suite) -> set[str]:
    """The scenarios that count on nobody else causing events."""
    return {name for name, scenario in suite.scenarios.items() if scenario.quiet}


async def judged_replays(folder: Path) -> Finished:
    """A run of the scenarios about replay, with hooks, against the reference server."""
    settings = Settings(port=0, control_port=0, auth_timeout=10, replay_limit=RETAINED)
    async with (
        ReferenceServer(settings) as running,
        Control(running, 0, asyncio.Event()) as control,
    ):
        hooks = {
            name: {"request": f"{control.url}/{name}"}
            for name in ("issue_token", "emit_event", "restart", "advance_clock")
        }
        target = folder / "target.yaml"
        target.write_text(json.dumps({"url": running.url, "hooks": hooks}), encoding="utf-8")
        return await judged(folder, str(target), "replay/")
