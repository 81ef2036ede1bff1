"""Exercises the event loops with the standard library alone, so that any Python can run it."""

import asyncio
import concurrent.futures
import importlib.util
import sys
import threading
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "reference_server" / "event_loops.py"


def load() -> Any:
    """Load the module by its file: its package needs libraries that this Python may not have."""
    spec = importlib.util.spec_from_file_location("event_loops", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["event_loops"] = module
    spec.loader.exec_module(module)
    return module


def check(module: Any) -> None:
    manager = module.EventLoopManager()
    main = manager.get_event_loop()
    assert manager.get_event_loop() is main
    assert main.run_until_complete(current(manager)) is main
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(manager.get_event_loop).result() is not main

    state: list[str] = []
    started = threading.Event()
    thread = threading.Thread(target=serve, args=(manager, started))
    thread.start()
    started.wait()
    future = manager.run_coroutine_threadsafe(answer(), main)
    waiting = manager.run_coroutine_threadsafe(wait_for_ever(state), manager.threads_loop)
    assert main.run_until_complete(asyncio.wrap_future(future, loop=main)) == 42
    manager.run_coroutine_threadsafe(answer(), manager.threads_loop).result(10)
    manager.close()
    thread.join(10)
    assert not thread.is_alive()
    assert waiting.cancelled()
    assert state == ["waiting", "cancelled"]
    assert main.is_closed()
    assert manager.threads_loop.is_closed()
    manager.close()


def serve(manager: Any, started: threading.Event) -> None:
    loop = manager.threads_loop = manager.get_event_loop()
    loop.call_soon(started.set)
    loop.run_forever()


async def current(manager: Any) -> Any:
    return manager.get_event_loop()


async def answer() -> int:
    return 42


async def wait_for_ever(state: list[str]) -> None:
    state.append("waiting")
    try:
        await asyncio.Event().wait()
    finally:
        state.append("cancelled")


if __name__ == "__main__":
    check(load())
