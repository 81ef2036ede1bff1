"""What an operator lets the kit ask of a target, such as to issue a token or move the clock.

A hook is a command (arguments as JSON on its standard input, its result as JSON on its standard
output) or an HTTP request (arguments and result as JSON in the bodies).
"""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from conformance.children import end, spawn

TIMEOUT: Final = 15.0
MAX_RESULT: Final = 1024 * 1024

ADVANCE: Final = "advance_clock"


class HookFailed(Exception):
    """A hook could not be used, or did not do what it was asked; never the target's fault."""


class Hook(msgspec.Struct, frozen=True):
    """One hook: an HTTP URL to POST to, or a command."""

    name: str
    url: str = ""
    argv: tuple[str, ...] = ()
    folder: Path = Path()

    def with_values(self, values: Mapping[str, str]) -> "Hook":
        """The hook with each `{name}` in its URL replaced by the value of that name."""
        url = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), self.url)
        return replace(self, url=url)

    async def call(self, arguments: Mapping[str, Any]) -> Any:
        """The hook's result; raises `HookFailed` with what it said."""
        import asyncio  # here, like http.client below: the target starts before they are needed

        body = json.dumps(arguments).encode()
        work = self._request if self.url else self._run
        data = await asyncio.to_thread(work, body)
        try:
            return json.loads(data or b"{}")
        except ValueError:
            raise HookFailed(f"the hook {self.name} gave a result that is not JSON") from None

    def _request(self, body: bytes) -> bytes:
        import http.client

        parts = urlsplit(self.url)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.netloc, timeout=TIMEOUT)
        try:
            path = parts.path or "/"
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            data = response.read(MAX_RESULT)
        except (OSError, http.client.HTTPException) as error:
            raise HookFailed(f"the hook {self.name} cannot be reached: {error}") from None
        finally:
            connection.close()
        if response.status >= 300:
            said = data[:200].decode("utf-8", "replace")
            raise HookFailed(f"the hook {self.name} answered HTTP {response.status}: {said}")
        return data

    def _run(self, body: bytes) -> bytes:
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        try:
            process = spawn(self.argv, self.folder, **pipes)
        except OSError as error:
            raise HookFailed(f"the hook {self.name} cannot be run: {error}") from None
        try:
            out, errors = process.communicate(body, TIMEOUT)
        except subprocess.TimeoutExpired:
            raise HookFailed(f"the hook {self.name} takes longer than {TIMEOUT:g} s") from None
        finally:
            end(process, patience=0.5)
        if process.returncode:
            said = errors[-200:].decode("utf-8", "replace").strip()
            raise HookFailed(f"the hook {self.name} ended with status {process.returncode}: {said}")
        return bytes(out[:MAX_RESULT])
