"""Starts the client to copy: `python docs/examples/start.py URL` prints the events it is sent."""

import asyncio
import json
import sys
from contextlib import suppress

from websockets import WebSocketException

if __package__:
    from docs.examples import client
else:
    import client  # type: ignore[import-not-found,no-redef]

TYPES = ("stt_result", "llm_result", "tts_start", "client_message")


async def main(url: str) -> int:
    """Print events until the session ends; return the exit status."""
    try:
        async with client.Client(url, *TYPES) as connected:
            async for event in connected:
                print(json.dumps(event), flush=True)
    except (OSError, WebSocketException) as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main(sys.argv[1])))
