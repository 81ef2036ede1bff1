"""The command `python -m conformance.selftest.legacy`."""

import argparse
import asyncio
import dataclasses
import signal
import sys

from websockets.asyncio.server import Server

from conformance.selftest.legacy.server import LegacyServer
from conformance.selftest.legacy.settings import Settings


def _parse() -> Settings:
    parser = argparse.ArgumentParser(prog="python -m conformance.selftest.legacy")
    for field in dataclasses.fields(Settings):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default)
    return Settings(**vars(parser.parse_args()))


def _address(server: Server) -> str:
    host, port = next(iter(server.sockets)).getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _run(settings: Settings) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    signal.signal(signal.SIGTERM, lambda *_: loop.call_soon_threadsafe(stopped.set))
    async with LegacyServer(settings).listen() as server:
        sys.stdout.write(f"listening on ws://{_address(server)}/\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    try:
        asyncio.run(_run(_parse()))
    except KeyboardInterrupt:
        sys.exit(130)
