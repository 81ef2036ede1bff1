"""The kit's judgement of the dashboard, in a real browser."""

import asyncio
import os
import sys
from pathlib import Path

from playwright.async_api import Browser

from tests.support.dashboard_pages import serving
from tests.support.judged_client import assert_conformant, sample
from tests.support.kit import COMMAND, LIMIT, ROOT

OF_PAGES = ["state/refusal-of-a-handshake-is-told", "sending/equal-values"]
"""What is other for a page, or for what drives it, than for other clients."""
UNSEEN = {
    "connecting-again/not-after-refused-handshakes",
    "signs-of-life/ping-frames-are-signs-of-life",
}
"""What a page cannot keep: a browser shows it neither a status nor a ping frame."""


async def test_it_breaks_nothing_that_the_kit_can_see(browser: Browser, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    launch = f"{sys.executable} -m tests.support.dashboard_driver {{url}}"
    words = ["--launch", launch, f"--report=json={report}", "--forms=none"]
    words += ["--jobs=4", "--connect-timeout=60", "--timeout-scale=2"]  # a page is slow to open
    async with serving(browser) as pages, asyncio.timeout(LIMIT):
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "client", *words, "passive", *OF_PAGES, *sample(24)),
            cwd=ROOT, env={**os.environ, "DASHBOARD_PAGES": pages.address},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _, errors = await process.communicate()
    assert report.exists(), errors.decode()
    assert_conformant(report, UNSEEN)
