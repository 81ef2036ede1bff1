"""The server that the fixtures talk to: started, asked what it states, and kept while tests run."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from conformance.engine.discovery import discover
from conformance.engine.run import Options, Run
from conformance.engine.world import World
from conformance.errors import InputError
from conformance.pytest_plugin.ending import orderly
from conformance.pytest_plugin.loop import Loop
from conformance.pytest_plugin.options import suite_of, target_of, told
from conformance.target.process import NotReady, running
from conformance.target.target import Target
from conformance.text.escapes import printable
from conformance.transport import Unreachable

NO_TARGET = (
    "the fixture needs a server: give --coda-target with a URL or a target file, or --coda-launch "
    "with the command that starts it"
)


class Server:
    """A target that was discovered, the world of its dialogues, and the loop that they run in."""

    def __init__(self, target: Target, world: World, loop: Loop) -> None:
        self.target = target
        self.world = world
        self.loop = loop


@contextmanager
def serving(config: pytest.Config) -> Iterator[Server]:
    """Yield the server of a test run, which is started if the kit is to do that, and then ended.

    Fails the test that asks for it if there is none.
    """
    target = target_of(config)
    if target is None:
        pytest.fail(NO_TARGET, pytrace=False)
    scale: float = config.getoption("coda_timeout_scale")
    with orderly(), ExitStack() as stack:
        try:
            suite = suite_of(config)
            hide = Run(suite, target, (), Options()).world.secrets.hide
            process = stack.enter_context(running(target.command)) if target.command else None
            target = target.ready(process.ready()) if process else target
            world = Run(suite, target, (), Options(timeout_scale=scale)).world
            loop = stack.enter_context(Loop())
            loop.begin(world.watch_stalls())
            refused = loop.do(discover(world))
        except InputError as error:
            pytest.fail(told(error), pytrace=False)
        except (NotReady, Unreachable) as error:
            pytest.fail(printable(hide(str(error))), pytrace=False)
        if refused is not None:
            pytest.fail(printable(refused.reason), pytrace=False)
        yield Server(target, world, loop)
