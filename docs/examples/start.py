"""Starts the client to copy: `python docs/examples/start.py URL` prints events until the end."""

import asyncio
import json
import sys
from contextlib import suppress

from websockets import WebSocketException

if __package__:
    from docs.examples.client import Client
else:
    from client import Client  # type: ignore[import-not-found,no-redef]


async def main(url: str) -> int:
    """Print the events of one session; return the exit status."""
    try:
        async with Client(url) as client:
            async for event in client:
                print(json.dumps(event), flush=True)
    except (OSError, WebSocketException) as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main(sys.argv[1])))
