"""What the subscriptions of the servers yield, and for how long they wait for a client."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

WAIT = timedelta(seconds=1)


async def counted(to: int, every: float) -> AsyncGenerator[int, None]:
    """Numbers from 1 on, so many seconds apart."""
    for number in range(1, to + 1):
        if every:
            await asyncio.sleep(every)
        yield number


def endless() -> AsyncGenerator[int, None]:
    """Numbers from 1 on, for longer than anybody listens."""
    return counted(1_000_000, 0.02)


async def broken() -> AsyncGenerator[int, None]:
    """One number, and an error."""
    yield 1
    raise RuntimeError("the stream breaks")


def served(app: Any, port: str) -> None:
    """Serve an application until the process is ended."""
    import uvicorn

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", ws="websockets-sansio")
