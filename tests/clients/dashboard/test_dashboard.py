"""The dashboard in Chromium, under its own policy: what it shows, and what it survives."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from tests.clients.dashboard.opened import Dashboard, dashboard
from tests.support.browser import needs_axe, violations

TURN = {"role": "assistant", "content": "Good evening", "turn_id": 1}
HOSTILE = "<img src=x onerror=\"document.title='obeyed'\"><script>document.title='obeyed'</script>"


async def say(shown: Dashboard, text: str) -> None:
    """Send a text as the user does."""
    await shown.page.fill("#text", text)
    await shown.page.press("#text", "Enter")


async def emit(shown: Dashboard, type_: str, data: dict[str, Any], count: int = 1) -> None:
    """Have the server send an event."""
    await shown.server.hook("emit_event", type=type_, data=data, count=count)


async def test_it_signs_in_without_a_token_and_sends_each_command(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        assert (await shown.page.inner_text("#identity")).startswith("client-")
        await say(shown, "hello")
        await shown.page.fill("[name=duration]", "2.5")
        await shown.page.check("[name=continuous]")
        for name in ("Push to talk", "Stop listening", "Stop speaking"):
            await shown.page.click(f"text={name}")
        await shown.until("document.querySelectorAll('#sent .accepted').length === 4")
        rows = await shown.rows()
        sent = [json.loads(row[3]) for row in rows]
        assert [(row["message_type"], row["message_data"]) for row in sent] == [
            ("text_input", {"text": "hello"}),
            ("push_to_talk", {"duration": 2.5, "continuous": True}),
            ("stop_listening", {}),
            ("stop_speaking", {}),
        ]
        assert shown.console == []


async def test_it_signs_in_with_a_token_which_survives_a_reload_and_not_a_sign_out(
    browser: Browser,
) -> None:
    async with dashboard(browser, {"require_tokens": True}) as shown:
        await shown.until("document.body.dataset.state === 'failed'")
        assert "hmac_sha256" in await shown.page.inner_text("#state")
        await shown.page.fill("#token", "no token")
        await shown.page.click("text=Sign in")
        await shown.until("document.getElementById('token-fault').textContent !== ''")
        token = (await shown.server.hook("issue_token", identity="kitchen"))["token"]
        await shown.page.fill("#token", token)
        await shown.page.click("text=Sign in")
        await shown.connected()
        await shown.text("#identity", "kitchen")
        assert token not in await shown.page.content()
        await shown.page.reload()
        await shown.connected()
        await shown.text("#identity", "kitchen")
        await shown.page.click("text=Sign out")
        await shown.until("document.body.dataset.state === 'disconnected'")
        assert await shown.page.evaluate("() => sessionStorage.length") == 0
        assert shown.console == []


async def test_a_refused_token_is_told(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.page.fill("#token", f"unknown.{'x' * 43}")
        await shown.page.click("text=Sign in")
        await shown.text("#state", "Not connected: the access token was refused")


async def test_what_is_sent_again_is_a_duplicate_and_errors_are_listed(browser: Browser) -> None:
    async with dashboard(browser, {"rate_messages": 50, "rate_seconds": 3600}) as shown:
        await shown.connected()
        await say(shown, "once")
        await shown.page.click("text=Send again")
        await shown.until("document.querySelector('#sent .duplicate')")
        await shown.text("#total-duplicate", "1")
        await emit(shown, "llm_error", {"message": "the model is gone"})
        await shown.text("#total-error", "1")
        await shown.page.evaluate("""() => wire.send('{"type": "nobody_knows", "id": "odd"}')""")
        await shown.text("#total-error", "2")
        listed = await shown.page.inner_text("#problems-list")
        assert "client_message before, 2 times" in listed
        assert "llm_error: the model is gone" in listed
        assert "unknown_type" in listed
        assert shown.console == []


async def test_what_arrives_is_text_and_never_obeyed(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        await say(shown, HOSTILE)
        await emit(shown, "conversation_turn", {**TURN, "content": f"{HOSTILE}\u202eabc\u0007"})
        await emit(shown, "llm_error", {"message": HOSTILE})
        await emit(shown, HOSTILE[:100], {HOSTILE: HOSTILE})
        await emit(shown, "__proto__", {"__proto__": {"polluted": 1}, "constructor": HOSTILE})
        await shown.came(5)
        await shown.text("#total-error", "1")
        for row in range(5):
            await shown.page.locator("#events-list [role=option]:visible").nth(row).click()
        assert await shown.page.evaluate(
            "() => [document.title, document.images.length, document.scripts.length, {}.polluted]"
        ) == ["Coda dashboard", 0, 1, None]
        turns = await shown.page.locator("#turns p").all_text_contents()
        assert turns == [HOSTILE, f"{HOSTILE}\\u202eabc\\u0007"]
        assert shown.console == []


async def test_a_script_of_others_or_another_server_is_kept_out(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        await shown.page.evaluate(
            """() => {
              const script = document.createElement("script");
              script.setAttribute("data-odd", "");
              try { script.textContent = "document.title = 'obeyed'"; } catch {}
              document.body.append(script);
              try { new WebSocket("ws://127.0.0.1:1/"); } catch {}
            }"""
        )
        await shown.until("document.querySelector('script[data-odd]')")
        async with asyncio.timeout(60):
            while not any("connect-src" in line for line in shown.console):
                await shown.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert await shown.page.title() == "Coda dashboard"


async def test_after_cuts_nothing_is_lost_or_shown_twice(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        for number in range(60):
            await emit(shown, "stt_interim", {"text": f"n{number}", "confidence": 0.5})
            if number % 20 == 10:
                await say(shown, f"said {number}")
                await shown.page.evaluate("() => { wire.cut = true; wire.close(3000); }")
            if number % 20 == 15:
                await shown.until("!wire.cut")
                await shown.connected()
        await shown.connected()
        await emit(shown, "stt_end", {})
        await shown.until(
            "document.querySelectorAll('#sent :is(.accepted, .duplicate)').length === 3"
        )
        await shown.came(64)
        rows = await shown.rows()
        assert [int(row[0]) for row in rows] == list(range(1, 65))
        shown_texts = [json.loads(row[3])["text"] for row in rows if row[2] == "stt_interim"]
        assert shown_texts == [f"n{number}" for number in range(60)]
        said = [json.loads(row[3])["message_data"] for row in rows if row[2] == "client_message"]
        assert said == [{"text": f"said {number}"} for number in (10, 30, 50)]
        await shown.text("#total-gap", "0")
        await shown.text("#total-connection", "3")
        assert shown.console == []


@pytest.mark.parametrize("needs_token", [False, True])
async def test_a_server_that_restarts_is_joined_again(
    browser: Browser, needs_token: bool, tmp_path: Path
) -> None:
    settings = {"token_store": str(tmp_path / "tokens"), "require_tokens": needs_token}
    async with dashboard(browser, settings) as shown:
        if needs_token:
            await shown.until("document.body.dataset.state === 'failed'")
            token = (await shown.server.hook("issue_token", identity="kitchen"))["token"]
            await shown.page.fill("#token", token)
            await shown.page.click("text=Sign in")
        await shown.connected()
        await say(shown, "before")
        await shown.until("document.querySelectorAll('#sent .accepted').length === 1")
        await shown.server.stop()
        await shown.text("#state", "Connecting again: the server was shut down")
        await say(shown, "meanwhile")
        await shown.server.start()
        await shown.connected()
        await shown.until("document.querySelectorAll('#sent .accepted').length === 2")
        await say(shown, "after")
        await shown.until("document.querySelectorAll('#sent .accepted').length === 3")
        texts = [json.loads(row[3])["message_data"]["text"] for row in await shown.rows()]
        assert texts == ["before", "meanwhile", "after"]
        assert [row[0] for row in await shown.rows()] == ["1", "1", "2"]
        await shown.text("#total-gap", "1")
        assert shown.console == []


async def test_events_are_searched_filtered_paused_and_shown_whole(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        for number in range(30):
            await emit(shown, "stt_interim", {"text": f"Word {number}", "confidence": 0.5})
        await emit(shown, "system_info", {"text": "word 7 again", "deep": {"list": [1, 2.5, None]}})
        await shown.came(31)
        page = shown.page
        await page.fill("#search", "word 7")
        await shown.text("#matches", "4 events match.")
        await page.fill("#search", '"word 2"')
        await shown.text("#matches", "11 events match.")
        await page.fill("#search", "")
        await page.select_option("#type", "system_info")
        await shown.text("#matches", "1 event matches.")
        await page.click("#events-list [role=option]:visible")
        whole = json.loads(await page.inner_text("#detail pre"))
        assert whole == {"text": "word 7 again", "deep": {"list": [1, 2.5, None]}}
        await page.select_option("#type", "")
        await page.click("#pause")
        await emit(shown, "stt_end", {}, count=5)
        await shown.text("#counts", "36 came; paused, 5 new")
        assert len(await shown.rows()) == 31
        await page.click("#pause")
        await shown.text("#counts", "36 came")
        assert len(await shown.rows()) == 36
        await page.click("#clear")
        await shown.until(
            "document.querySelector('#events-list [role=option]:not([hidden])') === null"
        )


async def test_the_list_is_used_by_keys_alone(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        await emit(shown, "stt_end", {}, count=500)
        await shown.came(500)
        await shown.page.focus("#events-list")
        for key, number in [("ArrowDown", 500), ("ArrowDown", 499), ("End", 1), ("Home", 500)]:
            await shown.page.keyboard.press(key)
            await shown.text("#detail dd", str(number))
            attribute = "document.activeElement.getAttribute('aria-activedescendant')"
            row = await shown.page.evaluate(
                f"() => document.getElementById({attribute})?.getAttribute('aria-posinset')"
            )
            assert row == str(501 - number)


async def test_the_conversation_is_put_together_from_its_parts(browser: Browser) -> None:
    async with dashboard(browser) as shown:
        await shown.connected()
        await emit(shown, "stt_start", {"mode": "continuous"})
        await shown.text("#activity", "listening")
        for text in ("What", "What time"):
            await emit(shown, "stt_interim", {"text": text, "confidence": 0.5})
        await shown.text("#turns .open p", "What time")
        final = {"text": "What time is it?", "confidence": 0.9, "duration_seconds": 1.5}
        await emit(shown, "stt_result", final)
        for index, token in enumerate(["Half", " past"]):
            await emit(shown, "llm_token", {"token": token, "token_index": index})
        await shown.text("#turns .open p", "Half past")
        result = {"text": "Half past nine.", "total_tokens": 4, "duration_seconds": 0.5}
        await emit(shown, "llm_result", result)
        await emit(shown, "conversation_turn", {**TURN, "content": "Half past nine."})
        await shown.came(8)
        await shown.until("document.querySelectorAll('#turns li:not(.open)').length === 2")
        turns = await shown.page.locator("#turns p").all_text_contents()
        assert turns == ["What time is it?", "Half past nine."]


@needs_axe
@pytest.mark.parametrize("wide", [400, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_accessible_and_fits(browser: Browser, scheme: str, wide: int) -> None:
    size = {"width": wide, "height": 900}
    async with dashboard(browser, color_scheme=scheme, viewport=size) as shown:
        await shown.connected()
        await say(shown, "w" * 300)
        await shown.page.click("text=Send again")
        await shown.until("document.querySelector('#sent .duplicate')")
        await emit(shown, "llm_error", {"message": "m" * 300}, count=40)
        await shown.came(41)
        await shown.page.click("#events-list [role=option]:visible")
        assert await shown.page.evaluate("() => document.documentElement.scrollWidth") <= wide
        found = await violations(shown.page)
        assert [row for row in found if row.is_grave] == []
