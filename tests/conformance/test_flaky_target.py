"""A server that fails at times is told as such in every report, and never as conformant."""

import asyncio
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.loader.suite import Suite
from tests.support.kit import LIMIT, Finished, judging, server, started
from tests.support.meddler import breaking, meddling

ONE = "states/second-auth-response-is-refused"
TOLD = "flaky: failed 1 of 2: the message differs at /data/code"


@pytest.fixture(scope="module")
def reference() -> Iterator[str]:
    """The URL of the reference server."""
    with server("reference_server") as url:
        yield url


async def judged(folder: Path, reference: str, *words: str) -> Finished:
    """Judge a server that fails the first time and never again, with every kind of report."""
    async with meddling(reference, breaking("already_authenticated", lambda n: n == 1)) as meddler:
        return await judging(
            folder,
            meddler.url,
            *words,
            f"--report=junit={folder / 'junit.xml'}",
            f"--report=markdown={folder / 'report.md'}",
        )


async def test_every_report_says_how_often_it_failed(
    tmp_path: Path, reference: str, suite: Suite
) -> None:
    done = await judged(tmp_path, reference, ONE)
    assert (done.status, done.errors) == (3, "")

    assert "Flaky: 1\n" in done.output
    assert f"~ {ONE}\n" in done.output
    assert "runs      failed 1 of 2\n" in done.output
    assert "1 failure rerun alone (up to 2 times)\n" in done.output
    assert re.search(r"^1 flaky\b", done.output, re.MULTILINE)

    assert [fault.message for fault in suite.schemas.explain("kit/report", done.report)] == []
    assert done.outcomes()[ONE] == "flaky"
    (row,) = [row for row in done.report["results"] if row["id"] == ONE]
    assert row["reason"].startswith(TOLD)
    assert (row["tally"], [t["outcome"] for t in row["trials"]]) == (
        "failed 1 of 2",
        ["failed", "passed"],
    )
    assert row["failures"][0]["requirements"]
    assert row["transcript"]
    states = {row["id"]: row["status"] for row in done.report["requirements"]}
    assert {states[name] for name in row["failures"][0]["requirements"]} == {"flaky"}

    case = ET.parse(tmp_path / "junit.xml").find(
        ".//testcase[@name='second-auth-response-is-refused']"
    )
    assert case is not None
    error, flaky = case.find("error"), case.find("flakyFailure")
    assert error is not None
    assert error.attrib["type"] == "flaky"
    assert error.attrib["message"].startswith(TOLD)
    assert flaky is not None
    assert flaky.attrib["message"].startswith("the message differs")

    assert f"| {ONE} | failed 1 of 2 | " in (tmp_path / "report.md").read_text(encoding="utf-8")


async def test_without_retries_it_is_a_failure_like_any_other(
    tmp_path: Path, reference: str
) -> None:
    done = await judged(tmp_path, reference, ONE, "--retries=0")
    assert (done.status, done.outcomes()[ONE]) == (1, "failed")
    assert "repeated" not in done.output
    assert done.report["run"]["retries"]["limit"] == 0


async def test_an_interruption_in_a_retry_leaves_a_whole_report(
    tmp_path: Path, reference: str
) -> None:
    path = tmp_path / "report.json"
    repeating = asyncio.Event()
    answers = 0

    async def meddle(text: str) -> str | None:
        nonlocal answers
        if '"already_authenticated"' not in text:
            return text
        answers += 1
        if answers > 1:
            repeating.set()
            await asyncio.Event().wait()
        return text.replace("already_authenticated", "internal_error")

    async with meddling(reference, meddle) as meddler:
        with started("run", meddler.url, ONE, f"--report=json={path}") as process:
            await repeating.wait()
            process.send_signal(signal.SIGINT)
            _, errors = await asyncio.to_thread(process.communicate, timeout=LIMIT)
    assert (process.returncode, errors) == (130, "")
    report = json.loads(path.read_bytes())
    assert report["run"]["interrupted"]
    assert report["run"]["retries"]["bound"] == "the run ended first"
    assert [row["outcome"] for row in report["results"] if row["id"] == ONE] == ["failed"]
