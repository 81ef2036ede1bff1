"""The site in a browser: nothing from elsewhere, nothing too wide, findable, readable by all."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize

from tests.support.browser import needs_axe, new_page, violations
from tests.support.site import served

WIDTHS = (400, 768, 1280, 1600)
KINDS = (
    "index", "spec/states", "messages/ping", "requirements/heartbeat", "commands/schema",
    "scenarios/heartbeat",
)  # fmt: skip
"""A page of each kind, a short one."""
MORE = (
    "start", "guides/servers", "guides/clients", "guides/ci", "spec/authentication", "spec/clients",
    "messages/index", "messages/stt_result", "requirements/index", "requirements/auth",
    "commands/run", "files/target", "files/report", "language", "design",
    "changelog", "reports/index", "search",
)  # fmt: skip
WIDER = (
    "() => [document.documentElement.scrollWidth - document.documentElement.clientWidth,"
    " [...document.querySelectorAll('.content *')].filter("
    "(e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest("
    "'.table-wrapper, pre, .highlight, table')).slice(0, 3).map((e) => e.outerHTML.slice(0, 120))]"
)
"""By how many pixels a page is wider than its window, and what sticks out."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with served(site) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser) -> AsyncIterator[Page]:
    async with new_page(browser) as found:
        yield found


async def test_nothing_is_loaded_from_elsewhere(page: Page, address: str) -> None:
    asked: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in (*KINDS, *MORE):
        await page.goto(f"{address}/{name}.html")
    assert len(asked) > len(KINDS) + len(MORE)
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert errors == []


@pytest.mark.parametrize("wide", WIDTHS)
async def test_no_page_scrolls_sideways(page: Page, address: str, wide: int) -> None:
    await page.set_viewport_size({"width": wide, "height": 900})
    found: dict[str, Any] = {}
    for name in (*KINDS, *MORE):
        await page.goto(f"{address}/{name}.html", wait_until="domcontentloaded")
        more, sticking = await page.evaluate(WIDER)
        if more > 0 or sticking:
            found[name] = (more, sticking)
    assert found == {}


async def test_a_page_that_is_too_wide_is_noticed(page: Page, address: str) -> None:
    await page.set_viewport_size({"width": 400, "height": 900})
    await page.goto(f"{address}/index.html")
    await page.evaluate("() => { document.querySelector('.content p').style.width = '900px'; }")
    _, sticking = await page.evaluate(WIDER)
    assert sticking
    await page.evaluate("() => { document.body.style.width = '900px'; }")
    more, _ = await page.evaluate(WIDER)
    assert more > 0


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("AUTH-09", "spec/authentication.html#auth-09"),
        ("auth-09", "spec/authentication.html#auth-09"),
        ("stt_result", "messages/stt_result.html"),
        ("id_conflict", "spec/errors.html#error-codes"),
        ("4408", "spec/errors.html#close-codes"),
        ("errors/words-are-no-json", "scenarios/errors.html#errors-words-are-no-json"),
        ("--max-wait", "commands/run.html#max-wait"),
        ("403", "guides/clients.html#origin-and-why-you-may-get-a-403"),
        ("reconnect", "guides/clients.html"),
        ("gap", "/clients.html"),
    ],
)
async def test_the_search_finds_a_name(page: Page, address: str, word: str, place: str) -> None:
    await page.goto(f"{address}/index.html")
    await page.fill("input[name=q]", word)
    await page.press("input[name=q]", "Enter")
    await page.wait_for_selector("#search-results .search-summary")
    await page.wait_for_selector("#search-results li a")
    found = await page.eval_on_selector_all(
        "#search-results li a", "(rows) => rows.map((a) => a.href)"
    )
    assert any(place in row for row in found[:3]), found[:5]


async def test_the_search_finds_nothing_where_nothing_is(page: Page, address: str) -> None:
    await page.goto(f"{address}/search.html?q=zzqqxx")
    await page.wait_for_function("() => document.body.innerText.includes('did not match')")
    assert await page.locator("#search-results li a").count() == 0


@needs_axe
@pytest.mark.parametrize(("scheme", "wide"), [("light", 400), ("dark", 1280)])
@pytest.mark.parametrize("name", KINDS)
async def test_a_kind_of_page_is_accessible(
    browser: Browser, address: str, name: str, scheme: Literal["light", "dark"], wide: int
) -> None:
    size: ViewportSize = {"width": wide, "height": 900}
    async with new_page(browser, color_scheme=scheme, viewport=size) as page:
        await page.goto(f"{address}/{name}.html")
        assert [row for row in await violations(page) if row.is_grave] == []
