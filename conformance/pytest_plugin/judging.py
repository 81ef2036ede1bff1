"""Judging: what a test run with a target does beyond one without."""

import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.documents.whole_file import is_file
from conformance.errors import InputError, did_you_mean
from conformance.loader.frozen import FrozenSet
from conformance.loader.frozen import load as load_set
from conformance.loader.suite import Suite
from conformance.pytest_plugin.checks import Check, checks
from conformance.pytest_plugin.items import CheckItem, Checks, TargetFile, TargetUrl
from conformance.pytest_plugin.options import Settings, suite_of, target_of, told
from conformance.pytest_plugin.summary import is_open, lines
from conformance.record.record import RunRecord
from conformance.record.waivers import checked
from conformance.rendering.reader import read
from conformance.text.escapes import printable

NAMED: Final = "coda"
"""The node id of a target that is no file."""

SEEN: Final = "coda/seen"
LAST_FAILED: Final = "cache/lastfailed"


class Judging:
    """Collects the checks of targets, and gathers what they found.

    With pytest-xdist the workers collect and judge, and the controller gathers; `folder` is where
    they meet.
    """

    session: pytest.Session

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.settings = Settings.of(config)
        self.target = target_of(config)
        self.has_timeouts = config.pluginmanager.hasplugin("timeout")
        self._given: dict[str, Any] | None = getattr(config, "workerinput", None)
        given = (self._given or {}).get("coda_folder")
        self.folder: Path | None = Path(given) if given else None
        self._collected: list[Checks] = []
        self._wanted: list[str] = []
        self._seen: dict[str, list[str]] = {}
        self._undecided: set[str] = set()
        self._failed_before = self._cached(LAST_FAILED)

    # ── collecting ──

    @cached_property
    def suite(self) -> Suite:
        """The suite, read once a process."""
        try:
            return suite_of(self.config)
        except InputError as error:
            raise pytest.UsageError(told(error)) from None

    @cached_property
    def frozen(self) -> FrozenSet | None:
        """The frozen set to judge by, if the options name one; raises `pytest.UsageError`."""
        name: str | None = self.config.getoption("coda_requirements")
        try:
            return load_set(self.suite, name) if name else None
        except InputError as error:
            raise pytest.UsageError(told(error)) from None

    @cached_property
    def checks(self) -> Sequence[Check]:
        """What the suite judges; each marker of it is registered."""
        rows = checks(self.suite)
        for name in dict.fromkeys(mark for row in rows for mark in row.marks[1:]):
            self.config.addinivalue_line("markers", f"{name}: see the marker coda")
        return rows

    def of_file(self, path: Path, parent: pytest.Collector) -> TargetFile:
        """Return the collector of a target file."""
        collector: TargetFile = TargetFile.from_parent(parent, path=path)
        collector.judging = self
        self._collected.append(collector)
        return collector

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        """Take the node ids without a file from what pytest looks for on the disk."""
        self.session = session
        if self.config.getoption("coda_requirements"):
            _ = self.frozen  # a mistake in it is told before anything starts
        if self.target is None:
            return
        try:
            checked(self.target.waivers, self.suite)
        except InputError as error:
            raise pytest.UsageError(told(error)) from None
        start = f"{NAMED}::"
        self._wanted = [
            arg.removeprefix(start) for arg in self.config.args if arg.startswith(start)
        ]
        named: str = self.config.getoption("coda_target") or ""
        if self._wanted and is_file(Path(named)):
            here, there = f"{start}{self._wanted[0]}", f"{named}::{self._wanted[0]}"
            message = f"{here}: the checks of a target file are named by it: give {there} instead"
            raise pytest.UsageError(printable(message))
        self.config.args[:] = [arg for arg in self.config.args if not arg.startswith(start)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Add the checks of the target that the options name, unless other tests are asked for."""
        found = self._of_options() if self._wanted or not self._names_tests() else None
        if found is not None:
            items.extend(
                item for item in self.session.genitems(found) if isinstance(item, pytest.Item)
            )

    def _names_tests(self) -> bool:
        """Return whether the command line names files or node ids, and no folder of tests."""
        return bool(self.config.args) and all(
            "::" in arg or is_file(Path(arg)) for arg in self.config.args
        )

    def _of_options(self) -> Checks | None:
        """Return the collector of the target that the options name, if it is not there already."""
        named = self.config.getoption("coda_target")
        if self.target is None:
            return None
        if named and is_file(Path(named)):
            path = Path(named).absolute()
            if any(isinstance(row, TargetFile) and row.path == path for row in self._collected):
                return None
            return self.of_file(path, self.session)
        collector: TargetUrl = TargetUrl.from_parent(self.session, name=NAMED, nodeid=NAMED)
        collector.judging, collector.target, collector.shown = self, self.target, NAMED
        collector.wanted = self._wanted
        self._check_wanted()
        self._collected.append(collector)
        return collector

    def _check_wanted(self) -> None:
        """Raise `pytest.UsageError` for a node id of no check."""
        known = [row.id for row in self.checks]
        for name in self._wanted:
            if name not in known:
                hint = did_you_mean(name, known)
                raise pytest.UsageError(f'there is no check "{printable(name)}"{hint}')

    def seen_before(self, items: Iterable[CheckItem]) -> list[str]:
        """Return in which scenarios the chosen checks failed last, for `--lf` to try them again."""
        if not self.config.getoption("lf", default=False):
            return []
        seen = self._cached(SEEN)
        return list(dict.fromkeys(name for row in items for name in seen.get(row.nodeid, ())))

    def _cached(self, key: str) -> dict[str, Any]:
        cache = getattr(self.config, "cache", None)
        found = cache.get(key, {}) if cache is not None else {}
        return found if isinstance(found, dict) else {}

    # ── reporting ──

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add what pytest cannot know to the report of a check."""
        report = yield
        if isinstance(item, CheckItem) and call.when == "call":
            item.complete(report)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what the next run has to know."""
        if report.when == "call":
            seen = vars(report).get("coda_seen")
            if seen:
                self._seen[report.nodeid] = seen
            if vars(report).get("coda_undecided"):
                self._undecided.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Exit with a status other than 0 if a run leaves open what it was made for."""
        if self._given is not None:
            return
        self._remember()
        if session.exitstatus != pytest.ExitCode.OK:
            return
        accepts = self.config.getoption("coda_inconclusive") == "skip"
        if any(is_open(record, accepts=accepts) for record in self._records()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _remember(self) -> None:
        """Keep what failed and was not judged now among the last failures."""
        cache = getattr(self.config, "cache", None)
        if cache is None or self.config.getoption("collectonly"):
            return
        if self._seen:
            cache.set(SEEN, {**self._cached(SEEN), **self._seen})
        kept = {name: True for name in self._undecided if name in self._failed_before}
        if kept:
            cache.set(LAST_FAILED, {**self._cached(LAST_FAILED), **kept})

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Write what each run found, in a few lines."""
        for record in self._records():
            title = printable(f"conformance: {record.target_name}")
            terminalreporter.section(title, "=")
            for line in lines(record, accepted=self.config.getoption("coda_inconclusive")):
                terminalreporter.write_line(line)

    def _records(self) -> Iterator[RunRecord]:
        """Yield the records of all runs that were made."""
        if self.folder is not None:
            yield from (read(path).record() for path in sorted(self.folder.glob("*.json")))
        for row in self._collected:
            if row.record is not None:
                yield row.record

    # ── pytest-xdist ──

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker where all of them meet."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="coda-"))
        node.workerinput["coda_folder"] = str(self.folder)

    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        if self.folder is not None and self._given is None:
            shutil.rmtree(self.folder, ignore_errors=True)
