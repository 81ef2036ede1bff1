"""The AsyncAPI page in a real browser: it asks for nothing, shows all, and can be read."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from docs.site import asyncapi
from tests.support.browser import AXE, new_page, violations
from tests.support.kit import ROOT

MODULES = ROOT / "docs" / "node_modules"
OPERATION = "operation-reply-receive_auth_response"
PATTERN = "^[A-Za-z0-9_-]+$"
HOSTILE = "</script><img src=x onerror=alert(1)><!--"

needs_npm = pytest.mark.skipif(
    not ((MODULES / asyncapi.SCRIPT).is_file() and AXE.is_file()),
    reason="npm install --no-audit --no-fund --prefix docs",
)


def text() -> str:
    return (ROOT / "schemas" / "asyncapi.json").read_text("utf-8")


class Shown:
    """A page that is open and laid out, with every request and every error of it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.path = path
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))

    async def expand(self, place: str, wanted: str) -> None:
        """Open all members below a place, level by level, until one shows a text as it is."""
        await self.page.evaluate(
            """async ([place, wanted]) => {
              const root = document.querySelector(place);
              const pressed = new WeakSet();
              for (let frames = 0; frames < 2000; frames += 1) {
                if (root.innerText.includes(wanted)) return;
                [...root.querySelectorAll("button")]
                  .filter((button) => button.textContent === "Expand all" && !pressed.has(button))
                  .forEach((button) => { pressed.add(button); button.click(); });
                await new Promise(requestAnimationFrame);
              }
              throw new Error(`nothing below ${place} says ${wanted}`);
            }""",
            [place, wanted],
        )


@asynccontextmanager
async def opened(browser: Browser, path: Path, document: str, **look: Any) -> AsyncIterator[Shown]:
    """The page on a document, in a window that looks so."""
    await asyncio.to_thread(path.write_text, asyncapi.page(document), "utf-8")
    async with new_page(browser, **look) as page:
        found = Shown(page, path)
        await page.goto(path.as_uri())
        await page.wait_for_selector("main[aria-busy=false] #operations")
        yield found


async def brightness(page: Page, place: str, what: str) -> float:
    """The mean of the red, green and blue of an element's colour, up to 255."""
    colour = await page.evaluate(
        "([place, what]) => getComputedStyle(document.querySelector(place))[what]", [place, what]
    )
    parts = colour.partition("(")[2].rstrip(")").split(",")[:3]
    return sum(float(part) for part in parts) / 3


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=["light", "dark"])
async def shown(request: Any, browser: Browser, tmp_path_factory: Any) -> AsyncIterator[Shown]:
    path = tmp_path_factory.mktemp(request.param) / "asyncapi.html"
    async with opened(browser, path, text(), color_scheme=request.param) as found:
        await found.expand(f"[id='{OPERATION}']", PATTERN)
        yield found


@needs_npm
async def test_it_is_one_file_that_asks_for_nothing(shown: Shown) -> None:
    assert shown.requests == [shown.path.as_uri()]
    assert shown.errors == []


@needs_npm
@pytest.mark.parametrize("width", [400, 1280, 1600])
async def test_it_fits_into_every_window(shown: Shown, width: int) -> None:
    await shown.page.set_viewport_size({"width": width, "height": 900})
    assert await shown.page.evaluate("document.documentElement.scrollWidth") <= width


@needs_npm
async def test_it_is_accessible(shown: Shown) -> None:
    parts = ("#introduction", "#servers", f"[id='{OPERATION}']", "[id='schema-ping']")
    assert await violations(shown.page, *parts) == []


@needs_npm
async def test_it_is_light_or_dark_as_its_reader_wants(shown: Shown) -> None:
    page = shown.page
    ink = await brightness(page, "#introduction .text-4xl", "color")
    paper = await brightness(page, "html", "backgroundColor")
    is_dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert (ink - paper if is_dark else paper - ink) > 150
    assert "sans-serif" in await page.evaluate("getComputedStyle(document.body).fontFamily")


@needs_npm
async def test_it_shows_every_operation_and_every_message_in_the_words_of_a_server(
    shown: Shown,
) -> None:
    document = json.loads(text())
    seen = await shown.page.inner_text("main")
    for name, operation in document["operations"].items():
        assert name in seen
        assert operation["summary"] in seen
    for message in document["components"]["messages"].values():
        assert message["title"] in seen
    for said, better in asyncapi.WORDING.items():
        assert said.strip('",') not in seen
        assert better.strip('",') in seen


@needs_npm
async def test_nothing_in_a_document_ends_a_script_or_is_obeyed_or_gets_out(
    browser: Browser, tmp_path: Path
) -> None:
    document = json.loads(text())
    document["info"]["title"] = HOSTILE
    document["operations"]["send_replay"]["summary"] = HOSTILE
    path = tmp_path / "asyncapi.html"
    async with opened(browser, path, json.dumps(document)) as shown:
        assert HOSTILE in await shown.page.title()
        assert HOSTILE in await shown.page.inner_text("main")
        assert await shown.page.locator("img").count() == 0
        assert shown.errors == []
        refused = await shown.page.evaluate(
            "() => fetch('http://127.0.0.1:9/').then(String, String)"
        )
        assert "Failed to fetch" in refused
        assert any("Content Security Policy" in error for error in shown.errors)


def test_without_the_component_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(asyncapi.PackageMissing, match=r"npm install .* --prefix docs"):
        asyncapi.page(text(), tmp_path)


def component(folder: Path, script: str, style: str) -> Path:
    """A folder of modules with a component of these contents."""
    rows = {asyncapi.SCRIPT: script, asyncapi.STYLE: style, asyncapi.LICENCES: "MIT </script>"}
    for name, content in rows.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
    return folder


def test_no_part_of_the_component_can_end_its_element(tmp_path: Path) -> None:
    script = 'const a = "</script><!-- <b></b>", b = /<!--|</g;'
    modules = component(tmp_path, script, "b::after { content: '</style>' }")
    made = asyncapi.page(text(), modules)
    assert made.count("</style>") == 1
    assert made.count("</script>") == made.count("<script") == 3
    assert "<!--" not in made
    assert r'const a = "\x3c/script>\x3c!-- <b></b>", b = /\x3c!--|</g;' in made
