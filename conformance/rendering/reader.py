"""Reader of published JSON reports, for baselines and comparisons."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.documents import json_file, locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, Location
from conformance.loader.suite import Suite
from conformance.model import Outcome
from conformance.record.baseline import Baseline, Finding, Findings, compare
from conformance.record.record import RunRecord, exit_status
from conformance.rendering.document import SCHEMA, document
from conformance.rendering.restored import restored
from conformance.text.excerpts import cut

MAX_BYTES: Final = 64 * 1024 * 1024

# Anything graver than a warning keeps a run from being conformant, and so does what was not tried.
PROBLEMS: Final = frozenset(
    outcome.value for outcome in Outcome if outcome.gravity > Outcome.WARNED.gravity
)


class Report(msgspec.Struct, frozen=True):
    """A report as its JSON has it; `file` is the name that errors give."""

    file: str
    value: Mapping[str, Any]

    @property
    def suite(self) -> str:
        """The suite that the target was judged by, with its version."""
        return f"{self.value['suite']['name']} {self.value['suite']['version']}"

    @property
    def suite_name(self) -> str:
        """The name of that suite."""
        name: str = self.value["suite"]["name"]
        return name

    def suite_in(self, folder: str) -> str:
        """Return the suite to load: in a folder, or else the kit's own of that name.

        Raises `InputError` if it is neither.
        """
        if not (folder or locations.is_known(self.suite_name)):
            told = f'is of the suite "{cut(self.suite_name)}": say where it is with --suite FOLDER'
            raise InputError(told, Location(self.file))
        return folder or self.suite_name

    @property
    def target(self) -> str:
        """The name of the target."""
        name: str = self.value["target"]["name"]
        return name

    def record(self) -> RunRecord:
        """Return the record of the run that it was made from.

        Raises `InputError` if a part of it contradicts another.
        """
        try:
            record = restored(self.value)
            status = int(exit_status(record))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise InputError(f"does not hold together: {error}", Location(self.file)) from None
        if status != self.value["exit_status"]:
            said = self.value["exit_status"]
            message = (
                f"does not hold together: its exit status is {said}, its results make {status}"
            )
            raise InputError(message, Location(self.file))
        return record

    def results(self) -> Findings:
        """Return the result of each scenario and passive check."""
        return MappingProxyType({row["id"]: _finding(row) for row in self.value["results"]})

    def left_out(self, suite: Suite) -> frozenset[str]:
        """Return what only a frozen set or an erratum left out of judgement, by present ids."""
        names = [row["id"] for row in self.value.get("not_counted", ())]
        for row in self.value["requirements"]:
            own = suite.requirements.get(suite.renames.get(row["id"], row["id"]))
            if "excluded" in row and own is not None and not own.excluded:
                names.append(row["id"])
        return frozenset(suite.renames.get(name, name) for name in names)

    def partial(self, profiles: Collection[str]) -> str:
        """Return why the report is not of a whole run of these profiles; empty if it is."""
        run = self.value["run"]
        if run["interrupted"]:
            return "from an interrupted run"
        if not run["complete"]:
            return f"from an incomplete run: {run['note']}"
        if run["selection"]:
            return f"from a part of the suite: {' '.join(run['selection'])}"
        judged = [row["name"] for row in self.value["profiles"]]
        if set(judged) != set(profiles):
            return f"from a part of the suite: profile {', '.join(judged)}"
        return ""

    def findings(self, profiles: Collection[str]) -> Findings:
        """Return the findings to compare with a baseline: results and requirements.

        What did not run because the run ended early is not among them, nor is what a waiver
        excuses. A passive check that saw only a part of a run and nothing wrong is unproved.
        """
        whole = not self.partial(profiles)
        complete = self.value["run"]["complete"]
        found = [_finding(row, whole) for row in self.value["results"]]
        if not complete:
            found = [row for row in found if row.outcome != Outcome.INCONCLUSIVE.value]
        elif not self.value["run"]["selection"]:
            problems = frozenset(row.id for row in found if row.problem)
            found += self._of_requirements(problems)
        waived = {row["id"] for row in self.value.get("waivers", {}).get("waived", ())}
        return MappingProxyType({row.id: row for row in found if row.id not in waived})

    def _of_requirements(self, problems: frozenset[str]) -> Iterator[Finding]:
        """Yield the judged profiles' requirements; a problem is one that no result shows."""
        verdicts = {row["name"]: row["verdict"] for row in self.value["profiles"]}
        for row in self.value["requirements"]:
            if row["profile"] not in verdicts:
                continue
            claimed = verdicts[row["profile"]] != "not claimed"
            is_shown = not problems.isdisjoint(row["results"])
            problem = claimed and not is_shown and row["status"] in PROBLEMS
            yield Finding(row["id"], row["status"], frozenset({row["id"]}), problem)


def _finding(row: Mapping[str, Any], whole: bool = True) -> Finding:
    """Return a result as a finding, which blames the requirements of its failures, or else all."""
    named = {name for failure in row.get("failures", ()) for name in failure["requirements"]}
    blamed = frozenset(named or row["requirements"])
    outcome: str = row["outcome"]
    problem = outcome in PROBLEMS
    unproved = row["kind"] == "monitor" and not whole and not problem
    return Finding(row["id"], outcome, blamed, problem, unproved)


def read(path: Path) -> Report:
    """Return the report in a file; raise `InputError`, with the place, if it is not a whole one."""
    name = locations.shown(path)
    value = json_file.read(path, name, MAX_BYTES)
    written = value.get("$schema") if isinstance(value, dict) else None
    if not isinstance(written, str) or not written.endswith("/kit/report.json"):
        message = "is not a JSON report of this kit (run TARGET --report json=PATH writes one)"
        raise InputError(message, Location(name))
    if written != SCHEMA:
        message = f"has an unknown version: {cut(written)}, not {SCHEMA}"
        raise InputError(message, Location(name))
    run = value.get("run")
    if isinstance(run, dict) and "command" not in run:
        message = "was written by an earlier version of this kit; run the target again"
        raise InputError(message, Location(name))
    for fault in SchemaStore(locations.schema_root()).explain("kit/report", value):
        raise InputError(f"at {fault.pointer or '/'}: {cut(fault.message)}", Location(name))
    return Report(name, value)


def compared(record: RunRecord, baseline: Baseline, today: date) -> RunRecord:
    """Return the record of a run with its comparison with a baseline on a given day."""
    report = Report("", document(replace(record, comparison=None)))
    findings = {
        name: found
        for name, found in report.findings(record.suite.profiles).items()
        if name not in record.left_out
    }
    return replace(record, comparison=compare(findings, baseline, today))
