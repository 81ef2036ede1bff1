"""Runs snippets that stand on the standard input, one after another, and prints what they print.

The input is JSON: the server's `url` and `control` addresses, and the `snippets` by name. The
client raises a snippet's events when it has joined, and ends `async for` behind them.
"""

import ast
import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator
from contextlib import redirect_stdout
from typing import Any
from urllib.request import Request, urlopen

from docs.examples import client

END = "the_end_of_a_snippet"


def ask(hook: str, arguments: Any) -> Any:
    """Ask the server's control address for something, and return its answer."""
    head = {"Content-Type": "application/json"}
    request = Request(f"{CONTROL}/{hook}", json.dumps(arguments).encode(), head)
    with urlopen(request) as answer:
        return json.load(answer)


class Client(client.Client):
    """A client for whom the events of a snippet happen."""

    events: tuple[Any, ...] = ()

    def __init__(self, url: str, *types: str) -> None:
        super().__init__(url, *types, END)

    async def __aenter__(self) -> "Client":
        await super().__aenter__()
        for event in (*self.events, {"type": END, "data": {}}):
            ask("emit_event", event)
        return self

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for event in super().__aiter__():
            if event["type"] == END:
                return
            yield event


def run(name: str, snippet: dict[str, Any]) -> str:
    """Return what a snippet prints, on a server that remembers nothing."""
    ask("restart", {})
    Client.events = tuple(snippet.get("events", ()))
    code = compile(snippet["python"], name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names = {
        "Client": Client,
        "url": URL,
        "token": ask("issue_token", {"identity": "kitchen"})["token"],
    }
    with redirect_stdout(io.StringIO()) as output:
        asyncio.run(eval(code, names))
    return output.getvalue()


if __name__ == "__main__":
    given = json.load(sys.stdin)
    URL, CONTROL = given["url"], given["control"]
    json.dump({name: run(name, row) for name, row in given["snippets"].items()}, sys.stdout)
