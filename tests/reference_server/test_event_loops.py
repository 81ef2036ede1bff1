import asyncio
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reference_server import event_loops
from reference_server.event_loops import EventLoopManager
from tests.reference_server import event_loops_check
from tests.reference_server.support import PATIENCE


def interpreter(version: str) -> str | None:
    """Find a Python of a version on PATH or among the user's installations."""
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
    return str(installed[-1]) if installed else shutil.which(f"python{version}")


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_it_works_without_a_warning_on_every_python(version: str) -> None:
    python = interpreter(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    command = [python, "-W", "error", event_loops_check.__file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_it_hands_over_answers_cancels_and_closes() -> None:
    event_loops_check.check(event_loops)


def test_leaving_closes_generators_and_the_executor_and_leaves_other_loops_alone() -> None:
    steps: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            steps.append("generator closed")

    async def work() -> None:
        generator = numbers()
        steps.append(str(await anext(generator)))
        steps.append(await asyncio.to_thread(lambda: threading.current_thread().name[:7]))
        kept.append(generator)

    kept: list[AsyncIterator[int]] = []
    foreign = asyncio.new_event_loop()
    with EventLoopManager() as manager:
        manager.register(foreign)
        manager.get_event_loop().run_until_complete(work())
    assert steps == ["1", "asyncio", "generator closed"]
    assert not foreign.is_closed()
    foreign.close()


def test_without_a_loop_the_coroutine_is_refused_and_not_left_unawaited() -> None:
    manager = EventLoopManager()
    with pytest.raises(RuntimeError, match="no event loop"):
        manager.run_coroutine_threadsafe(event_loops_check.answer())


def test_a_closed_manager_makes_no_loop() -> None:
    manager = EventLoopManager()
    manager.close()
    with pytest.raises(RuntimeError, match="closed"):
        manager.get_event_loop()


def test_closing_inside_its_own_loop_is_an_error_and_not_a_deadlock() -> None:
    async def close() -> None:
        manager.close()

    with EventLoopManager() as manager, pytest.raises(RuntimeError, match="wait for the loop"):
        manager.get_event_loop().run_until_complete(close())


def test_a_thread_that_runs_a_task_to_its_end_is_released() -> None:
    started = threading.Event()
    ended: list[str] = []

    async def run() -> None:
        started.set()
        await asyncio.Event().wait()

    def serve() -> None:
        try:
            manager.get_event_loop().run_until_complete(run())
        except asyncio.CancelledError:
            ended.append("cancelled")

    with EventLoopManager() as manager:
        thread = threading.Thread(target=serve)
        thread.start()
        started.wait(PATIENCE)
    thread.join(PATIENCE)
    assert ended == ["cancelled"]


async def test_the_functions_of_the_module_go_to_the_running_loop() -> None:
    assert event_loops.get_event_loop() is asyncio.get_running_loop()

    def hand_over() -> int:
        return event_loops.run_coroutine_threadsafe(event_loops_check.answer()).result(PATIENCE)

    assert await asyncio.to_thread(hand_over) == 42


def test_an_unclosed_process_ends_cleanly() -> None:
    code = (
        "from reference_server import get_event_loop, run_coroutine_threadsafe\n"
        "import asyncio\nloop = get_event_loop()\nloop.create_task(asyncio.sleep(100))\n"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
