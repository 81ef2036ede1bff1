"""Fixtures that several folders of tests share, and the option to run a part of the tests."""

import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zlib import crc32

import pytest
import pytest_asyncio

from conformance.loader.suite import Suite, load
from tests.support.order import dealt

if TYPE_CHECKING:
    from playwright.async_api import Browser

TESTS = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--part`."""
    told = "run about one of N tests, always the same"
    parser.addoption("--part", type=int, default=1, metavar="N", help=told)


def pytest_configure(config: pytest.Config) -> None:
    """Compiles modules and the suite once for all processes, where nothing may be kept beside them.

    Workers and all that they start take it over: without it each would compile everything anew.
    """
    # What a job in the background, or one under nohup, was started with.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    for name in ("COLUMNS", "LINES"):  # which readline sets for whatever is started
        os.environ.pop(name, None)
    if sys.dont_write_bytecode:
        folder = TemporaryDirectory(prefix="compiled-", ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        sys.dont_write_bytecode, sys.pycache_prefix = False, folder.name
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name
        del os.environ["PYTHONDONTWRITEBYTECODE"]


def pytest_xdist_auto_num_workers() -> int:
    """Three for each processor: for two thirds of their time the tests wait for something."""
    return 3 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is not of the part, and has what takes long begin first."""
    part: int = config.getoption("part")
    config.hook.pytest_deselected(items=[item for item in items if _number(item) % part])
    workers: int = getattr(config, "workerinput", {}).get("workercount", 1)
    own = [item for item in items if _number(item) % part == 0]
    items[:] = dealt(own, _file, workers)
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):  # which lives in one event loop
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def _file(item: pytest.Item) -> str:
    return item.path.relative_to(TESTS).as_posix()


def _number(item: pytest.Item) -> int:
    return crc32(item.nodeid.encode())


@pytest.fixture(scope="session")
def suite() -> Suite:
    """The suite that the kit brings, read once a process."""
    return load()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> "AsyncIterator[Browser]":
    """A browser, started once a process."""
    from tests.support.browser import CHROMIUM, browsing  # which few tests need

    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    async with browsing() as found:
        yield found
