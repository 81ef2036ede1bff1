"""The client in JavaScript, in a browser: as a page uses it, with the browser's own WebSocket."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import is_installed
from tests.support.kit import ROOT
from tests.support.site import served

PAGE = '<!doctype html><title>A client</title><link rel="icon" href="data:,">'
SCRIPT = """async ([address, url]) => {
  const { Client } = await import(`${address}/client.mjs`);
  const client = new Client(url);
  const heard = new Promise((resolve) => client.on("client_message", resolve));
  try {
    await client.joined;
  } catch (error) {
    return { error: String(error) };
  }
  const data = { message_type: "lamp/dim", message_data: { percent: 40 } };
  const answer = await client.send("client_message", data);
  const event = await heard;
  client.close();
  return { answer, event, id: client.client_id };
}"""


@pytest.mark.skipif(not is_installed(), reason="chromium is not installed")
def test_a_page_whose_origin_is_allowed_speaks_and_another_is_told_why_in_the_log(
    tmp_path: Path,
) -> None:
    shutil.copy(ROOT / "docs" / "examples" / "client.mjs", tmp_path)
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    with served(tmp_path) as address:
        other = address.replace("127.0.0.1", "localhost")
        words = [sys.executable, "-m", "reference_server", "--port=0"]
        server = subprocess.Popen(
            [*words, "--allowed-origins", address],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert server.stdout
            url = server.stdout.readline().split()[-1]
            found, refused = opened(address, url), opened(other, url)
        finally:
            server.terminate()
            _, errors = server.communicate(timeout=60)
    assert found["answer"] == found["event"]
    assert found["event"]["data"]["client_id"] == found["id"]
    assert "the connection ended" in refused["error"]
    assert errors.startswith("refused a handshake with HTTP 403 (ORIGIN-01): ")
    assert other in errors


def opened(address: str, url: str) -> Any:
    """What the script tells in a page of this address."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"{address}/index.html")
        found = page.evaluate(SCRIPT, [address, url])
        browser.close()
        return found
