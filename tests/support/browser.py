"""A real browser, one for all tests of a process, and what axe finds on its pages."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.support.kit import ROOT

CHROMIUM = shutil.which("chromium")
AXE = ROOT / "docs" / "node_modules" / "axe-core" / "axe.min.js"

needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="npm install --prefix docs")


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    """A browser, for as long as this lasts."""
    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def new_page(browser: Browser, **look: Any) -> AsyncIterator[Page]:
    """A page that shares nothing with others; ``look`` says what its window is like."""
    context = await browser.new_context(**look)
    try:
        yield await context.new_page()
    finally:
        await context.close()


class Violation(NamedTuple):
    """A rule that a page breaks, how grave that is, and the first elements that break it."""

    rule: str
    impact: str
    elements: list[tuple[str, str]]

    @property
    def is_grave(self) -> bool:
        return self.impact in ("serious", "critical")


async def violations(page: Page, *parts: str) -> list[Violation]:
    """What axe finds on a page, or in parts of it, which are selectors."""
    await page.evaluate(f"{AXE.read_text('utf-8')};void 0")
    where = {"include": list(parts)} if parts else None
    found = await page.evaluate("(where) => axe.run(where ?? document)", where)
    assert found["passes"]
    return [
        Violation(
            row["id"],
            row["impact"],
            [(node["html"][:150], node["failureSummary"]) for node in row["nodes"][:3]],
        )
        for row in found["violations"]
    ]
