"""What a run does not count: the waivers of the target, a baseline, and what a set leaves out."""

import argparse
from datetime import UTC, date, datetime

import msgspec

from conformance.cli.former_ids import tell
from conformance.loader.frozen import FrozenSet
from conformance.loader.frozen import load as load_set
from conformance.loader.renames import note
from conformance.loader.suite import Suite
from conformance.record.apart import judged_by, scope_of
from conformance.record.baseline import Baseline
from conformance.record.baseline_file import read as read_baseline
from conformance.record.record import RunRecord
from conformance.record.waivers import checked, surely_waived
from conformance.record.waiving import waived
from conformance.rendering.reader import compared
from conformance.target.target import Target
from conformance.target.waiver import Waiver


class Allowances(msgspec.Struct, frozen=True):
    """What is allowed for in a run of a suite on one day, in UTC."""

    suite: Suite
    today: date
    waivers: tuple[Waiver, ...]
    baseline: Baseline | None
    frozen: FrozenSet | None

    @property
    def known(self) -> frozenset[str]:
        """The ids of results whose failure would be no news, so that they need no rerun."""
        in_baseline = self.baseline.failures if self.baseline else frozenset()
        by_waivers = surely_waived(self.waivers, self.suite, self.today)
        return in_baseline | by_waivers | scope_of(self.suite, self.frozen).results.keys()

    def applied(self, record: RunRecord) -> RunRecord:
        """Return the record of a run in which only what is not allowed for counts."""
        counted = waived(judged_by(record, self.suite, self.frozen), self.waivers, self.today)
        return compared(counted, self.baseline, self.today) if self.baseline else counted


def allowances(suite: Suite, target: Target, arguments: argparse.Namespace) -> Allowances:
    """Return what the target file and the command line allow for, with notes on former ids.

    Raises `InputError` for a mistake in either, or in the baseline.
    """
    baseline = read_baseline(arguments.baseline, suite) if arguments.baseline else None
    wanted: str | None = arguments.requirements
    found = Allowances(
        suite,
        datetime.now(UTC).date(),
        checked(target.waivers, suite),
        baseline,
        load_set(suite, wanted) if wanted else None,
    )
    tell(note("the target file", [row.id for row in target.waivers], suite.renames))
    if baseline is not None:
        tell(note(baseline.file, baseline.former, suite.renames))
    return found
