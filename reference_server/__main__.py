"""The command: ``python -m reference_server --port 8765``, or ``… tokens issue``."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from dataclasses import MISSING, Field, fields
from typing import Any

from reference_server.event_loops import EventLoopManager
from reference_server.settings import Settings, SettingsError

_USAGE = 2
_CONVERTERS: dict[str, type] = {"int": int, "int | None": int, "float": float}


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes, or manage access tokens; return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["tokens"]:
        # Imported late, like the server: it would slow down --help.
        from reference_server import tokens_command

        return tokens_command.main(arguments[1:])
    options = _parser().parse_args(arguments)
    try:
        settings = Settings(**vars(options))
    except SettingsError as error:
        return _complain(str(error))
    with EventLoopManager() as manager:
        try:
            manager.get_event_loop().run_until_complete(_serve(settings))
        except SettingsError as error:
            return _complain(str(error))
        except OSError as error:
            return _complain(_reason(settings, error))
    return 0


def _reason(settings: Settings, error: OSError) -> str:
    """Return what could not be opened: a file, if the error names one, or an address."""
    reason = error.strerror or type(error).__name__
    if error.filename is not None:
        return f"cannot open the token store: {reason}"
    return f"cannot listen on {settings.host}:{settings.port}: {reason}"


def _complain(text: str) -> int:
    """Print one line about what is wrong, and return the exit status for it."""
    print(f"reference_server: error: {text}", file=sys.stderr)  # noqa: T201 - the command's output
    return _USAGE


def _parser() -> argparse.ArgumentParser:
    """Return a parser with one option for every setting; what is not given keeps its default."""
    parser = argparse.ArgumentParser(
        prog="python -m reference_server",
        description="The reference server of Coda Lite's WebSocket protocol.",
        epilog="See also: python -m reference_server tokens --help",
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    for item in fields(Settings):
        parser.add_argument(f"--{item.name.replace('_', '-')}", **_option(item))
    return parser


def _option(item: Field[Any]) -> dict[str, Any]:
    """Return what the parser needs to know about a setting."""
    unit = f" in {item.metadata['unit']}" if item.metadata["unit"] else ""
    default = None if item.default is MISSING else item.default
    shown = " ".join(default) if isinstance(default, tuple) else default
    described = {"help": f"{item.metadata['help']}{unit} (default: {shown})"}
    if item.type == "bool":
        return {"action": "store_true", **described}
    if str(item.type).startswith("tuple"):
        return {"action": _Tuple, "nargs": "*", "metavar": "NAME", **described}
    return {"type": _CONVERTERS.get(str(item.type), str), "metavar": "VALUE", **described}


class _Tuple(argparse.Action):
    """Keeps several values as a tuple, appending those of repeated options."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option: Any = None) -> None:
        setattr(namespace, self.dest, (*getattr(namespace, self.dest, ()), *values))


async def _serve(settings: Settings) -> None:
    """Listen, say where, and stop gracefully at SIGINT or SIGTERM."""
    # When imported, aiohttp reads all of the system's certificates, which only clients need; that
    # would take a third of the start-up time.
    os.environ["SSL_CERT_FILE"] = os.environ["SSL_CERT_DIR"] = os.devnull
    # Imported late, as --help would spend most of its time on it.
    from reference_server.control import Control
    from reference_server.logs import sparse_logger
    from reference_server.server import ReferenceServer

    # When files run out, the event loop logs every connection that it cannot accept.
    sparse_logger("asyncio", with_place=True)
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        _on_signal(number, stopping)
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(ReferenceServer(settings))
        ready = f"listening on {server.url}"
        if settings.control_port is not None:
            control = Control(server, settings.control_port, stopping)
            ready += f" control {(await stack.enter_async_context(control)).url}"
        print(ready, flush=True)  # noqa: T201 - whoever starts the server waits for it
        await stopping.wait()


def _on_signal(number: signal.Signals, stopping: asyncio.Event) -> None:
    """Set the event when the signal comes, even on systems whose event loops cannot do so."""
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, stopping.set)
    except NotImplementedError:
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))


if __name__ == "__main__":
    sys.exit(main())
