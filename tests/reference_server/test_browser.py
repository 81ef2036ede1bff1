"""A real browser speaks with the server, and is kept out where its page is a stranger's."""

from pathlib import Path

import pytest

from tests.support import browser
from tests.support.kit import server

pytestmark = pytest.mark.skipif(not browser.is_installed(), reason="chromium is not installed")

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


async def test_a_page_of_an_allowed_origin_authenticates_and_is_told_of_a_repetition(
    tmp_path: Path,
) -> None:
    async with browser.site() as site:
        with server("reference_server", f"--allowed-origins={site.origin}") as url:
            told = await site.shown(DASHBOARD.replace("URL", url), tmp_path)
    kinds = [message["type"] for message in told["seen"]]
    assert kinds == ["auth_challenge", "auth_result", "client_message", "duplicate_message"]
    assert told["seen"][2]["data"]["message_data"] == {"text": "é😀"}
    assert told["seen"][3]["data"]["count"] == 2
    assert (told["code"], told["wasClean"], told["protocol"]) == (1000, True, "coda.v1")


async def test_a_page_of_another_origin_gets_no_connection(tmp_path: Path) -> None:
    async with browser.site() as site:
        with server("reference_server") as url:
            told = await site.shown(STRANGER.replace("URL", url), tmp_path)
    assert told == {"code": 1006, "wasClean": False, "events": []}
