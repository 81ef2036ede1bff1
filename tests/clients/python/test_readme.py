"""What the README says can be run."""

import asyncio
import re
import sys

from tests.clients.python.server import PATIENCE, ROOT, running, surroundings

README = ROOT / "clients" / "python" / "README.md"


async def test_the_first_program_runs() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    async with running() as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            program.replace("ws://127.0.0.1:8765/", server.url),
            env=surroundings(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        said, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert errors == b""
    lines = [line.strip() for line in said.decode().splitlines()]
    assert lines == ["connecting", "connected", "accepted", "disconnected user"]
