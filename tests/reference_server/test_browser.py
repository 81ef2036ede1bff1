"""A real browser speaks with the server, and is kept out where its page is a stranger's."""

from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from tests.support.browser import new_page
from tests.support.kit import server
from tests.support.site import served

PAGE = '<!doctype html><title>test</title><link rel="icon" href="data:,">'

# A dashboard in few lines: it echoes the token, sends a message twice and says what came.
DASHBOARD = """
const seen = [];
const socket = new WebSocket("URL", ["coda.v1"]);
const send = (value) => socket.send(JSON.stringify(value));
const data = {message_type: "probe", message_data: {text: "\\u00e9\\ud83d\\ude00"}};
socket.onmessage = ({data: text}) => {
  const message = JSON.parse(text);
  seen.push(message);
  if (message.type === "auth_challenge")
    send({type: "auth_response", data: {token: message.data.token}});
  if (message.type === "auth_result")
    for (let i = 0; i < 2; i++) send({type: "client_message", data});
  if (message.type === "duplicate_message") socket.close(1000);
};
socket.onclose = ({code, wasClean}) => tell({code, wasClean, protocol: socket.protocol, seen});
"""

STRANGER = """
const events = [];
const socket = new WebSocket("URL", ["coda.v1"]);
socket.onopen = () => events.push("open");
socket.onmessage = () => events.push("message");
socket.onclose = ({code, wasClean}) => tell({code, wasClean, events});
"""


async def told(browser: Browser, address: str, script: str) -> Any:
    """What a script tells in a page of this address."""
    async with new_page(browser) as page:
        await page.goto(f"{address}/index.html")
        return await page.evaluate(f"() => new Promise((tell) => {{{script}}})")


async def test_a_page_of_an_allowed_origin_authenticates_and_is_told_of_a_repetition(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    with (
        served(tmp_path) as address,
        server("reference_server", f"--allowed-origins={address}") as url,
    ):
        found = await told(browser, address, DASHBOARD.replace("URL", url))
    kinds = [message["type"] for message in found["seen"]]
    assert kinds == ["auth_challenge", "auth_result", "client_message", "duplicate_message"]
    assert found["seen"][2]["data"]["message_data"] == {"text": "é😀"}
    assert found["seen"][3]["data"]["count"] == 2
    assert (found["code"], found["wasClean"], found["protocol"]) == (1000, True, "coda.v1")


async def test_a_page_of_another_origin_gets_no_connection(
    browser: Browser, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    with served(tmp_path) as address, server("reference_server") as url:
        found = await told(browser, address, STRANGER.replace("URL", url))
    assert found == {"code": 1006, "wasClean": False, "events": []}
