"""The HTML report in a real browser: it shows what was found, asks for nothing and obeys nobody."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from playwright.async_api import Browser, Page

from conformance.loader.suite import Suite
from conformance.model import Evidence, Failure, Outcome, StepRecord, TranscriptEntry
from conformance.record.causes import causes
from conformance.record.record import RunRecord
from conformance.rendering.html.page import render
from tests.support.browser import needs_axe, new_page, violations
from tests.support.records import REQUIREMENT, failed, flaky, record, result

HOSTILE = "</script><img src=x onerror=alert(1)>\u202etxt\x1b[2J]]>&lt;`"
SIZES = (320, 400, 619, 621, 899, 901, 1189, 1280, 1600)


def entry(ordinal: int, text: str, **members: Any) -> TranscriptEntry:
    given: dict[str, Any] = {"connection": "c", "direction": "received", "kind": "text"} | members
    return TranscriptEntry(ordinal, ordinal / 100, text=text, size=len(text), **given)


def other_message() -> Any:
    """A failure where another message came than was due."""
    failure = Failure(
        "the message differs at /type",
        requirements=(REQUIREMENT,),
        kind="other message",
        expected=Evidence("a message like", {"type": "error", "data": {"code": "unknown_type"}}),
        received=Evidence(value={"type": "client_message", "data": {"id": "1"}, "seq": 4}),
        pointer="/type",
        location="a/file.yaml:7:5",
        entry=2,
    )
    dialogue = (
        entry(1, '{"type":"ping"}', direction="sent"),
        entry(2, '{"type":"client_message"}'),
    )
    steps = (StepRecord("steps", "send", "f:1:1", "done", '{"type":"ping"}', "c"),
             StepRecord("steps", "expect", "f:2:1", "failed", '{"type":"error"}', "c"))  # fmt: skip
    return result(
        Outcome.FAILED, id="a/other", reason="the message differs", failures=(failure,),
        transcript=dialogue, steps=steps,
    )  # fmt: skip


def silence() -> Any:
    """A failure where nothing came."""
    failure = Failure(
        "no answer came",
        requirements=(REQUIREMENT,),
        kind="missing",
        expected=Evidence("a message like", {"type": "error", "data": {"code": "invalid_json"}}),
        received=Evidence("nothing"),
        entry=1,
    )
    sent = (entry(1, "{", direction="sent"),)
    return result(
        Outcome.FAILED, id="a/silence", reason="no answer came", failures=(failure,),
        transcript=sent,
    )  # fmt: skip


def hostile() -> Any:
    """A failure of a target that tries everything on whoever reads its report."""
    failure = Failure(
        HOSTILE,
        requirements=(REQUIREMENT,),
        kind="other message",
        sent=Evidence(HOSTILE),
        expected=Evidence("a message like", {"type": HOSTILE}),
        received=Evidence(value={"type": "x", HOSTILE: HOSTILE, "half": "\ud800"}),
        pointer="/type",
        entry=1,
    )
    return result(
        Outcome.FAILED, id="a/hostile", title=HOSTILE, reason=HOSTILE, failures=(failure,),
        transcript=(entry(1, HOSTILE),),
        steps=(StepRecord("steps", HOSTILE, "f", "failed", HOSTILE),),
    )  # fmt: skip


def made(suite: Suite, **members: Any) -> RunRecord:
    waiting = result(
        Outcome.INCONCLUSIVE, id="a/hook", reason="needs hook restart", cause="no hook"
    )
    rows = (
        other_message(), silence(), hostile(), waiting, flaky(REQUIREMENT),
        result(Outcome.PASSED, id="b/passed"), result(Outcome.NOT_APPLICABLE, id="b/not"),
    )  # fmt: skip
    given = {"target_name": HOSTILE, "observed": {"client_message": 3, "pong": 1}} | members
    return record(suite, *rows, **given)


class Shown:
    """A page that is open, with every request and every error of it."""

    def __init__(self, page: Page, path: Path) -> None:
        self.path = path
        self.page = page
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(dialog.message))

    async def open_all(self) -> None:
        """Open every cause, group and result, and wait until each result is built."""
        await self.page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
        )
        count = "((name) => document.querySelectorAll(name).length)"
        await self.page.wait_for_function(f"{count}('.detail') === {count}('.row')")


@asynccontextmanager
async def opened(browser: Browser, folder: Path, suite: Suite, **look: Any) -> AsyncIterator[Shown]:
    """The report of a run in which everything is odd, in a window that looks so."""
    path = folder / "report.html"
    path.write_text(render(made(suite)), encoding="utf-8")
    async with new_page(browser, **look) as page:
        found = Shown(page, path)
        await page.goto(path.as_uri())
        yield found


@pytest_asyncio.fixture(loop_scope="session")
async def shown(browser: Browser, tmp_path: Path, suite: Suite) -> AsyncIterator[Shown]:
    async with opened(browser, tmp_path, suite) as found:
        yield found


async def test_it_is_one_file_that_asks_for_nothing(shown: Shown) -> None:
    await shown.open_all()
    assert shown.requests == [shown.path.as_uri()]
    assert shown.errors == []


async def test_nothing_of_a_target_is_obeyed_and_all_of_it_is_shown(shown: Shown) -> None:
    await shown.open_all()
    assert shown.errors == []
    assert await shown.page.locator("img").count() == 0
    text = await shown.page.inner_text("main")
    assert "</script><img src=x onerror=alert(1)>\\u202etxt\\x1b[2J" in text
    assert not set(text) & {"\u202e", "\x1b"}
    assert "\\ud800" in text


async def test_a_policy_by_hash_forbids_every_other_script(shown: Shown) -> None:
    await shown.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.hit = 1';"
        " document.body.append(s); }"
    )
    assert await shown.page.evaluate("window.hit") is None
    assert any("Content Security Policy" in error for error in shown.errors)


async def test_every_failure_has_a_mark_in_its_diagram_and_silence_is_drawn(shown: Shown) -> None:
    await shown.open_all()
    for name in ("a/other", "a/silence", "a/hostile"):
        assert await shown.page.locator(f'[id="{name}"] .wire .guilty').count() == 1
    drawn = await shown.page.inner_text('[id="a/silence"] .guilty')
    assert "error invalid_json: nothing came" in drawn
    assert await shown.page.locator('[id="a/silence"] .guilty .dashed').count() == 1


async def test_what_differs_is_marked_side_by_side_and_the_rest_is_grey(shown: Shown) -> None:
    await shown.open_all()
    lines = await shown.page.locator('[id="a/other"] .line.differs').all_inner_texts()
    assert [line.strip() for line in lines] == ['"type": "error",', '"type": "client_message",']
    grey = await shown.page.locator('[id="a/other"] .line.grey').all_inner_texts()
    assert [line.strip() for line in grey] == ['"id": "1"', '"seq": 4']


async def test_a_link_to_a_result_opens_what_it_is_in(browser: Browser, shown: Shown) -> None:
    await shown.page.goto(f"{shown.path.as_uri()}#a/hook")
    await shown.page.reload()
    await shown.page.wait_for_selector('[id="a/hook"] > summary', state="visible")


async def test_the_ids_of_causes_are_permanent_links(shown: Shown, suite: Suite) -> None:
    ids = {f"cause-{cause.id}" for cause in causes(made(suite)).ranked}
    found = await shown.page.evaluate("[...document.querySelectorAll('.cause')].map((c) => c.id)")
    assert set(found) == ids


async def test_the_filter_keeps_what_matches_and_clearing_restores_what_was_open(
    shown: Shown,
) -> None:
    page = shown.page
    before = await page.evaluate("document.querySelectorAll('details[open]').length")
    await page.fill("#find", "a/silence no answer")
    assert await page.inner_text("#found") == "1 of 7 results"
    assert await page.locator(".row:visible").count() == 1
    await page.fill("#find", "")
    await page.click(".chip.passed")
    assert await page.locator(".plain:visible").count() == 1
    await page.keyboard.press("Escape")
    assert await page.inner_text("#found") == ""
    assert await page.evaluate("document.querySelectorAll('details[open]').length") == before


@pytest.mark.parametrize(
    ("searched", "found"),
    [('"no answer came"', 1), ('"answer no came"', 0), ("answer no came", 2), ('"No  Answer', 1),
     ('"no answer" a/silence', 1)],
)  # fmt: skip
async def test_quotes_make_a_phrase_of_words(shown: Shown, searched: str, found: int) -> None:
    await shown.page.fill("#find", searched)
    told = f"{found} of 7 results" if found else "No result matches; Esc clears the search"
    assert await shown.page.inner_text("#found") == told


async def test_the_keyboard_goes_from_cause_to_cause_opens_and_closes(shown: Shown) -> None:
    page = shown.page
    focused = "document.activeElement.closest('details')?.id"
    await page.keyboard.press("j")
    first = await page.evaluate(focused)
    await page.keyboard.press("Enter")
    assert await page.evaluate(f"document.getElementById({json.dumps(first)}).open")
    await page.keyboard.press("j")
    assert await page.evaluate(focused) != first
    await page.keyboard.press("k")
    assert await page.evaluate(focused) == first
    await page.keyboard.press("Escape")
    assert not await page.evaluate(f"document.getElementById({json.dumps(first)}).open")
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "find"


@pytest.mark.parametrize("width", SIZES)
async def test_nothing_is_wider_than_the_page(
    browser: Browser, tmp_path: Path, suite: Suite, width: int
) -> None:
    size = {"width": width, "height": 900}
    async with opened(browser, tmp_path, suite, viewport=size) as shown:
        await shown.open_all()
        assert await shown.page.evaluate("document.documentElement.scrollWidth") <= width


@needs_axe
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_accessible(
    browser: Browser, tmp_path: Path, suite: Suite, scheme: str
) -> None:
    async with opened(browser, tmp_path, suite, color_scheme=scheme) as shown:
        assert await violations(shown.page) == []
        await shown.open_all()
        assert await violations(shown.page) == []


def test_a_result_takes_little_room(suite: Suite) -> None:
    dialogue = tuple(entry(n, "x" * 2_000) for n in range(1, 201))
    rows = [failed(REQUIREMENT, id=f"a/{n}", transcript=dialogue) for n in range(10)]
    rows += [result(Outcome.PASSED, id=f"b/{n}") for n in range(500)]
    empty = len(render(record(suite)))
    assert (len(render(record(suite, *rows))) - empty) / len(rows) < 2_500


async def test_without_scripts_the_verdict_the_causes_and_the_requirements_are_there(
    browser: Browser, tmp_path: Path, suite: Suite
) -> None:
    async with opened(browser, tmp_path, suite, java_script_enabled=False) as shown:
        text = await shown.page.content()
        assert "Not conformant" in text
        assert await shown.page.locator(".cause").count() == len(causes(made(suite)).ranked)
        assert suite.requirements["DEDUP-04"].sentence.split(",")[0] in text


@pytest.mark.parametrize(
    ("members", "verdict"),
    [({"interrupted": True}, "Interrupted"),
     ({"note": "the target was lost"}, "Not conformant"),
     ({"unreachable": True, "note": "it cannot be reached"}, "Not judged")],
)  # fmt: skip
def test_a_run_that_is_not_whole_never_looks_so(
    suite: Suite, members: dict[str, Any], verdict: str
) -> None:
    text = render(made(suite, **members))
    assert f"{verdict}: <span>" in text
    assert "✓</span> " not in text.partition("<h1")[2].partition("</h1>")[0]


def test_an_empty_run_renders(suite: Suite) -> None:
    assert "<h1" in render(record(suite, duration=0.0))
    assert "<h1" in render(record(suite, failed(REQUIREMENT), selection=("transport",)))
    warned = replace(failed(REQUIREMENT), outcome=Outcome.WARNED)
    assert "1 warned" in render(record(suite, warned))
