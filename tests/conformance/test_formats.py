"""What every format of a report has in common, whatever it is."""

from pathlib import Path
from typing import cast

import pytest

from conformance.loader.suite import Suite
from conformance.rendering.formats import WRITERS
from tests.support import runs
from tests.support.hostile import orders
from tests.support.kit import ROOT, call, judging
from tests.support.obeyed import obeyed
from tests.support.peer import Peer, hosting
from tests.support.workflow import commands

FEW = ("states/", "errors/", "--timeout-scale=0.1", "--max-wait=1", "--retries=0")


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("make", runs.ALL.values(), ids=runs.ALL)
def test_a_record_is_all_that_a_report_is_made_from(
    suite: Suite, make: runs.Make, kind: str
) -> None:
    made = make(suite)
    assert not cast(Suite, made.suite).scenarios
    assert WRITERS[kind](made) == WRITERS[kind](made) != b""


@pytest.mark.parametrize("kind", WRITERS)
def test_its_users_are_told_of_it(kind: str) -> None:
    assert f"{kind}=PATH" in " ".join(call("run", "--help").output.split())
    assert f"`{kind}`" in (ROOT / "README.md").read_text(encoding="utf-8")


async def test_nothing_that_a_target_says_is_obeyed_in_any(tmp_path: Path) -> None:
    async with hosting(orders.ordering()) as url:
        done = await judging(tmp_path, url, *FEW, *reports(tmp_path / "reports"))
    assert done.status in (1, 3)
    for kind, text in written(tmp_path / "reports").items():
        if kind == "github":
            assert len(commands(text)) == len(text.splitlines())
        else:
            assert obeyed(text) == [], kind
            assert commands(text) == [], kind


async def test_no_credential_that_a_target_repeats_is_in_any(tmp_path: Path) -> None:
    secret = "s3cr3t-t0k3n"  # of the operator, in the URL

    async def repeat(peer: Peer) -> None:
        await peer.say("auth_challenge", heard=secret)
        await peer.text(f'{{"type": "{secret}"}}')
        await peer.silence()

    async with hosting(repeat) as url:
        address = f"{url}?key={secret}"
        done = await judging(tmp_path, address, *FEW, *reports(tmp_path / "reports"))
    assert done.status in (1, 3)
    found = written(tmp_path / "reports")
    assert [kind for kind, text in found.items() if secret in text] == []


def reports(folder: Path) -> list[str]:
    return [f"--report={kind}={folder / kind}" for kind in WRITERS]


def written(folder: Path) -> dict[str, str]:
    return {kind: (folder / kind).read_bytes().decode() for kind in WRITERS}
