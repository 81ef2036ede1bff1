"""The client in JavaScript, in a browser: as a page uses it, with the browser's own WebSocket."""

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from tests.support.browser import new_page
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


async def test_a_page_whose_origin_is_allowed_speaks_and_another_is_told_why_in_the_log(
    browser: Browser, tmp_path: Path
) -> None:
    shutil.copy(ROOT / "docs" / "examples" / "client.mjs", tmp_path)
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    with served(tmp_path) as address:
        other = address.replace("127.0.0.1", "localhost")
        words = ("-m", "reference_server", "--port=0", "--allowed-origins", address)
        server = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            assert server.stdout
            url = (await server.stdout.readline()).decode().split()[-1]
            found = await opened(browser, address, url)
            refused = await opened(browser, other, url)
        finally:
            server.terminate()
            _, said = await server.communicate()
    errors = said.decode()
    assert found["answer"] == found["event"]
    assert found["event"]["data"]["client_id"] == found["id"]
    assert "the connection ended" in refused["error"]
    assert errors.startswith("refused a handshake with HTTP 403 (ORIGIN-01): ")
    assert other in errors


async def opened(browser: Browser, address: str, url: str) -> Any:
    """What the script tells in a page of this address."""
    async with new_page(browser) as page:
        await page.goto(f"{address}/index.html")
        return await page.evaluate(SCRIPT, [address, url])
