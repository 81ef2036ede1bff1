"""What pytest loads: the options, the fixtures and the hooks; all else is imported when asked for.

Nothing but pytest is imported here, as every test run of an environment with the kit loads it.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from conformance.pytest_plugin.clients import AsyncCoda, Coda
    from conformance.pytest_plugin.judging import Judging
    from conformance.pytest_plugin.server import Server

ENDINGS: Final = (".yaml", ".yml")

NAME: Final = "codajudging"
"""The name under which the part that judges is registered, if there is a target."""

_TARGET: Final = re.compile(
    r"""^["']?(url|command)["']?:|\A\s*\{(?s:.*)\b(url|command)["']?\s*:|^#.*\bkit/target\.json""",
    re.MULTILINE,
)
"""What only a target file has at its top level: the file of another tool is left to that."""

_MOST_LOOKED_AT: Final = 64 * 1024


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("coda-conformance", "coda-conformance: is a server conformant?")
    group.addoption(
        "--coda-target",
        metavar="TARGET",
        help="a ws:// or wss:// URL, or a target file: the server that is judged, an item for each "
        "scenario, and that the fixtures talk to",
    )
    group.addoption(
        "--coda-launch",
        metavar="COMMAND",
        help='start the server, such as "node server.js --port {port}"; {port} is a free port',
    )
    group.addoption(
        "--coda-suite",
        metavar="FOLDER",
        default="",
        help="the suite in this folder, for another protocol (default: that of Coda Lite)",
    )
    group.addoption(
        "--coda-trust-code",
        action="store_true",
        help="run the Python code of that suite, its extension.py",
    )
    group.addoption(
        "--coda-inconclusive",
        choices=("exit", "fail", "skip"),
        default="exit",
        help="what is inconclusive: skip it, and exit with status 1 (exit, the default); fail; or "
        "skip it and accept that",
    )
    group.addoption(
        "--coda-max-wait",
        type=_seconds,
        default=60.0,
        metavar="SECONDS",
        help="longest time that a scenario may wait for a window to pass (default 60)",
    )
    group.addoption(
        "--coda-timeout-scale",
        type=_seconds,
        default=1.0,
        metavar="FACTOR",
        help="multiply every timeout, for slow targets (default 1)",
    )
    group.addoption(
        "--coda-retries",
        type=int,
        choices=range(11),
        default=2,
        metavar="N",
        help="how many times to rerun failures, to detect flakiness (default 2)",
    )
    group.addoption(
        "--coda-forms",
        choices=("drawn", "all", "none"),
        default="drawn",
        help="play each scenario again in one other form (default), in all forms, or in none",
    )
    group.addoption(
        "--coda-seed", type=int, default=1, metavar="N", help="seed that picks the forms"
    )
    group.addoption(
        "--coda-jobs",
        type=int,
        choices=range(1, 257),
        default=16,
        metavar="N",
        help="scenarios to run at once (default 16)",
    )
    group.addoption(
        "--coda-requirements",
        metavar="SET",
        help="judge exactly what a release asks, such as 0.1; what was added later runs and is "
        "an expected failure where it fails",
    )
    group.addoption(
        "--coda-force",
        action="store_true",
        help="judge the server even if it does not look like one of this protocol",
    )


def _seconds(text: str) -> float:
    from conformance.text.durations import seconds

    return seconds(text)


def pytest_configure(config: pytest.Config) -> None:
    """Have the target judged, if one is named: by an option, or as a file to collect."""
    config.addinivalue_line(
        "markers",
        "coda: a conformance check; each is marked with its profile (core), level (MUST) and "
        "requirements (AUTH-03) as well",
    )
    named = config.getoption("coda_target") or config.getoption("coda_launch")
    if named or any(arg.split("::")[0].endswith(ENDINGS) for arg in config.args):
        from conformance.pytest_plugin.judging import Judging

        config.pluginmanager.register(Judging(config), NAME)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a target file that is named on the command line; never one that is merely found."""
    if file_path.suffix not in ENDINGS or not parent.session.isinitpath(file_path):
        return None
    judging: Judging | None = parent.config.pluginmanager.get_plugin(NAME)
    with file_path.open(encoding="utf-8", errors="replace") as file:
        is_target = _TARGET.search(file.read(_MOST_LOOKED_AT))
    return judging.of_file(file_path, parent) if judging and is_target else None


# ── fixtures ──


@pytest.fixture(scope="session")
def coda_server(pytestconfig: pytest.Config) -> "Iterator[Server]":
    """The target of `--coda-target` or `--coda-launch`, started once a process of the tests."""
    from conformance.pytest_plugin.server import serving

    with serving(pytestconfig) as server:
        yield server


@pytest.fixture
def coda(coda_server: "Server", request: pytest.FixtureRequest) -> "Iterator[Coda]":
    """A dialogue with the target, for synchronous tests; its connections are closed at the end."""
    from conformance.pytest_plugin.clients import Coda
    from conformance.pytest_plugin.dialogue import Dialogues

    dialogues = Dialogues(coda_server, _name_of(request))
    yield Coda(dialogues)
    coda_server.loop.do(dialogues.finish())


@pytest.fixture
def coda_async(coda_server: "Server", request: pytest.FixtureRequest) -> "Iterator[AsyncCoda]":
    """The same with methods to await, for tests that any plugin runs in asyncio."""
    from conformance.pytest_plugin.clients import AsyncCoda
    from conformance.pytest_plugin.dialogue import Dialogues

    dialogues = Dialogues(coda_server, _name_of(request))
    yield AsyncCoda(dialogues)
    coda_server.loop.do(dialogues.finish())


def _name_of(request: pytest.FixtureRequest) -> str:
    node: Any = request.node
    return str(node.nodeid)
