"""The items of a test run: one for each check of the suite, under the target that it judges."""

import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from conformance.engine.run import Run
from conformance.errors import InputError, KitError
from conformance.loader.renames import note
from conformance.model import Outcome
from conformance.pytest_plugin import telling
from conformance.pytest_plugin.checks import Check
from conformance.pytest_plugin.findings import Finding, findings
from conformance.pytest_plugin.judgement import judge, judged
from conformance.pytest_plugin.options import of_suite, plan, told
from conformance.record.apart import judged_by, scope_of
from conformance.record.record import RunRecord
from conformance.record.sightings import seen_in
from conformance.record.waivers import checked, surely_waived
from conformance.record.waiving import waived
from conformance.target.target import Target
from conformance.target.target_file import from_argument
from conformance.text.escapes import printable

if TYPE_CHECKING:
    from conformance.pytest_plugin.judging import Judging


class Broken(Exception):
    """A check failed; the message is what its report says."""


class BrokenShould(UserWarning):
    """A server breaks a SHOULD."""


class FormerIds(UserWarning):
    """A target file has ids that were renamed."""


class CheckItem(pytest.Item):
    """One check: it says what the run of its target found."""

    check: Check
    checks: "Checks"
    finding: Finding | None = None

    def setup(self) -> None:
        """Have the target judged, unless it has been."""
        self.finding = self.checks.findings().get(self.name)
        result = self.finding.result if self.finding else None
        if result is not None:
            self.user_properties.append(("outcome", result.outcome.value))
            self.user_properties += [("requirement", name) for name in result.requirements]

    def runtest(self) -> None:
        """Fail, be skipped or pass, as the result of the check says."""
        finding, record = self.finding, self.checks.record
        if record is None or finding is None:
            raise Broken(self.checks.fault or "the run has no result of this check")
        rows = finding.counting
        failed = [row for row in rows if self._fails(row.outcome)]
        waivers = [record.waivers.of(row.id) if record.waivers else None for row in failed]
        if failed and all(waivers):
            pytest.xfail(telling.waived(waiver for waiver in waivers if waiver))
        if failed:
            verbose = self.config.get_verbosity() > 0
            raise Broken(telling.failure(finding, record, transcript=verbose))
        for row in rows:
            if row.outcome is Outcome.WARNED:
                warnings.warn(BrokenShould(telling.warning(row, record)), stacklevel=1)
        result = finding.result
        if finding.apart and result and (result.outcome.blames or self._fails(result.outcome)):
            pytest.xfail(telling.apart(finding.apart, result, self.checks.judging.suite.errata))
        if result is None or not result.outcome.judges:
            pytest.skip(telling.skipped(result))

    def _fails(self, outcome: Outcome) -> bool:
        """Return whether a result with an outcome is a failure of this item."""
        if outcome is Outcome.INCONCLUSIVE:
            is_first = self is self.checks.items[0]
            unreachable = self.checks.record is not None and self.checks.record.unreachable
            mode: str = self.config.getoption("coda_inconclusive")
            return mode == "fail" or (unreachable and is_first)
        return outcome in (Outcome.FAILED, Outcome.FLAKY, Outcome.KIT_ERROR)

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return the report of a failure: its own lines, without a traceback of the kit."""
        if isinstance(excinfo.value, Broken | BrokenShould):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the check is written; pytest counts lines from 0."""
        line = self.check.line
        return self.check.path, line - 1 if line else None, self.name

    def complete(self, report: pytest.TestReport) -> None:
        """Add to a report how long the dialogue took, and what a later run has to know."""
        result = self.finding.result if self.finding else None
        if report.skipped and isinstance(report.longrepr, tuple):
            # By the target, so that items with the same reason are counted together.
            report.longrepr = (str(self.checks.shown), 1, report.longrepr[2])
        if result is None:
            return
        report.duration = result.timing.duration
        seen = list(dict.fromkeys(seen_in(result)))
        vars(report).update(coda_seen=seen, coda_undecided=result.outcome.is_undecided)


class Checks(pytest.Collector):
    """The checks of one target, and the run that judges them together."""

    judging: "Judging"
    target: Target
    shown: str
    record: RunRecord | None = None
    fault: str = ""
    _found: dict[str, Finding] | None = None

    def collect(self) -> Iterator[CheckItem]:
        """Yield an item for each check of the suite, always in the same order."""
        for check in self.judging.checks:
            item: CheckItem = CheckItem.from_parent(self, name=check.id)
            item.check, item.checks = check, self
            for mark in check.marks:
                item.add_marker(mark)
            if self.judging.has_timeouts:  # a run has an end of its own, and serves many items
                item.add_marker(pytest.mark.timeout(0))
            yield item

    @property
    def items(self) -> Sequence[CheckItem]:
        """The items that were chosen."""
        session = self.judging.session
        return [row for row in session.items if isinstance(row, CheckItem) and row.checks is self]

    def findings(self) -> dict[str, Finding]:
        """Return what each item has to say; the first call makes the run."""
        if self._found is None:
            self._found = {}
            names = [item.name for item in self.items]
            try:
                self.record = judged(self._judged, self.judging.folder, self.key)
            except (InputError, KitError) as error:
                self.fault = told(error) if isinstance(error, InputError) else str(error)
            else:
                self._found = findings(self.record, names)
        return self._found

    @property
    def key(self) -> str:
        """The name under which all processes know the run."""
        return sha256(self.shown.encode()).hexdigest()[:16]

    @cached_property
    def _today(self) -> date:
        return datetime.now(UTC).date()

    def _judged(self) -> RunRecord:
        record = judge(self.target, self._planned)
        counted = judged_by(record, self.judging.suite, self.judging.frozen)
        return waived(counted, self.target.waivers, self._today)

    def _planned(self, target: Target) -> Run:
        names = [item.name for item in self.items]
        suite, settings = self.judging.suite, self.judging.settings
        scenarios, options = plan(suite, names, self.judging.seen_before(self.items), settings)
        known = surely_waived(target.waivers, suite, self._today)
        known |= scope_of(suite, self.judging.frozen).results.keys()
        return Run(suite, target, scenarios, replace(options, known=known))


class TargetFile(Checks, pytest.File):
    """A target file, whose checks have node ids such as `target.yaml::deduplication/…`."""

    def collect(self) -> Iterator[CheckItem]:
        """Read the file, and yield an item for each check; its former ids are a warning."""
        self.shown = _shown(self.path)
        suite, asked = self.judging.suite, self.config.getoption("coda_suite")
        try:
            target = of_suite(from_argument(self.shown, suite=asked), self.config)
            self.target = replace(target, waivers=checked(target.waivers, suite))
        except InputError as error:
            raise self.CollectError(told(error)) from None
        former = note("the target file", [row.id for row in target.waivers], suite.renames)
        if former:
            self.warn(FormerIds(printable(former)))
        yield from super().collect()


class TargetUrl(Checks):
    """A target without a file, whose checks have node ids such as `coda::deduplication/…`.

    `wanted` are the names of those that the command line names; without any, all are.
    """

    wanted: Sequence[str] = ()

    def collect(self) -> Iterator[CheckItem]:
        """Yield an item for each check that is wanted."""
        rows = super().collect()
        return (row for row in rows if not self.wanted or row.name in self.wanted)


def _shown(path: Path) -> str:
    """Return the path of a file as a person would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
