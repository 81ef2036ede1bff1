"""Starts the client to copy: `python docs/examples/start.py URL` prints the events it is sent.

CODA_BACKOFF_SCALE shortens its waits, for tests.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress

if __package__:
    from docs.examples import client
else:
    import client  # type: ignore[import-not-found,no-redef]

TYPES = ("stt_result", "llm_result", "tts_start", "client_message")


async def main(url: str) -> int:
    """Print events until the client does not come back; return the exit status."""
    client.SECOND = float(os.environ.get("CODA_BACKOFF_SCALE", "1"))
    try:
        async with client.Client(url, *TYPES) as connected:
            async for event in connected:
                print(json.dumps(event), flush=True)
    except client.Ended as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(asyncio.run(main(sys.argv[1])))
