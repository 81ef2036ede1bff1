"""The AsyncAPI page in a real browser: it asks for nothing, shows all, and can be read."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from docs.site import asyncapi
from tests.support.browser import is_installed
from tests.support.kit import ROOT

MODULES = ROOT / "docs" / "node_modules"
AXE = MODULES / "axe-core" / "axe.min.js"
OPERATION = "operation-reply-receive_auth_response"
PATTERN = "^[A-Za-z0-9_-]+$"
HOSTILE = "</script><img src=x onerror=alert(1)><!--"

needs_npm = pytest.mark.skipif(
    not ((MODULES / asyncapi.SCRIPT).is_file() and AXE.is_file()),
    reason="npm install --no-audit --no-fund --prefix docs",
)


def text() -> str:
    return (ROOT / "schemas" / "asyncapi.json").read_text("utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not is_installed():
        pytest.skip("chromium is not installed")
    with sync_playwright() as player:
        found = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield found
        found.close()


class Shown:
    """A page that is open and laid out, with every request and every error of it."""

    def __init__(self, browser: Browser, path: Path, document: str, **options: Any) -> None:
        path.write_text(asyncapi.page(document), "utf-8")
        self.path = path
        self.page: Page = browser.new_context(**options).new_page()
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("main[aria-busy=false] #operations")

    def expand(self, place: str, wanted: str) -> None:
        """Open all members below a place, level by level, until one shows a text as it is."""
        self.page.evaluate(
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


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds in one part of each kind: rules, and the first element that breaks each."""
    page.evaluate(AXE.read_text("utf-8") + ";void 0")
    parts = ["#introduction", "#servers", f"[id='{OPERATION}']", "[id='schema-ping']"]
    found = page.evaluate("(parts) => axe.run({include: parts})", parts)["violations"]
    return [(row["id"], row["nodes"][0]["html"]) for row in found]


def brightness(page: Page, place: str, what: str) -> float:
    """The mean of the red, green and blue of an element's colour, up to 255."""
    colour = page.evaluate(
        "([place, what]) => getComputedStyle(document.querySelector(place))[what]", [place, what]
    )
    parts = colour.partition("(")[2].rstrip(")").split(",")[:3]
    return sum(float(part) for part in parts) / 3


@pytest.fixture(scope="module", params=["light", "dark"])
def shown(request: Any, browser: Browser, tmp_path_factory: Any) -> Iterator[Shown]:
    path = tmp_path_factory.mktemp(request.param) / "asyncapi.html"
    found = Shown(browser, path, text(), color_scheme=request.param)
    found.expand(f"[id='{OPERATION}']", PATTERN)
    yield found
    found.page.context.close()


@needs_npm
def test_it_is_one_file_that_asks_for_nothing(shown: Shown) -> None:
    assert shown.requests == [shown.path.as_uri()]
    assert shown.errors == []


@needs_npm
@pytest.mark.parametrize("width", [400, 1280, 1600])
def test_it_fits_into_every_window(shown: Shown, width: int) -> None:
    shown.page.set_viewport_size({"width": width, "height": 900})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width


@needs_npm
def test_it_is_accessible(shown: Shown) -> None:
    assert violations(shown.page) == []


@needs_npm
def test_it_is_light_or_dark_as_its_reader_wants(shown: Shown) -> None:
    page = shown.page
    ink = brightness(page, "#introduction .text-4xl", "color")
    paper = brightness(page, "html", "backgroundColor")
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert (ink - paper if is_dark else paper - ink) > 150
    assert "sans-serif" in page.evaluate("getComputedStyle(document.body).fontFamily")


@needs_npm
def test_it_shows_every_operation_and_every_message_in_the_words_of_a_server(shown: Shown) -> None:
    document = json.loads(text())
    seen = shown.page.inner_text("main")
    for name, operation in document["operations"].items():
        assert name in seen
        assert operation["summary"] in seen
    for message in document["components"]["messages"].values():
        assert message["title"] in seen
    for said, better in asyncapi.WORDING.items():
        assert said.strip('",') not in seen
        assert better.strip('",') in seen


@needs_npm
def test_nothing_in_a_document_ends_a_script_or_is_obeyed_or_gets_out(
    browser: Browser, tmp_path: Path
) -> None:
    document = json.loads(text())
    document["info"]["title"] = HOSTILE
    document["operations"]["send_replay"]["summary"] = HOSTILE
    shown = Shown(browser, tmp_path / "asyncapi.html", json.dumps(document))
    assert HOSTILE in shown.page.title()
    assert HOSTILE in shown.page.inner_text("main")
    assert shown.page.locator("img").count() == 0
    assert shown.errors == []
    refused = shown.page.evaluate("() => fetch('http://127.0.0.1:9/').then(String, String)")
    assert "Failed to fetch" in refused
    assert any("Content Security Policy" in error for error in shown.errors)
    shown.page.context.close()


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
