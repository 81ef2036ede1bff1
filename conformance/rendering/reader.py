"""A JSON report that was published: what of it a baseline or a comparison goes by."""

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
from conformance.model import Outcome
from conformance.record.baseline import Baseline, Finding, Findings, compare
from conformance.record.record import RunRecord
from conformance.rendering.document import SCHEMA, document
from conformance.text.excerpts import cut

MAX_BYTES: Final = 64 * 1024 * 1024

# What is graver than a warning keeps a run from being conformant, and so does what was not tried.
PROBLEMS: Final = frozenset(
    outcome.value for outcome in Outcome if outcome.gravity > Outcome.WARNED.gravity
)


class Report(msgspec.Struct, frozen=True):
    """A report as its JSON says it; `file` is the name that errors give."""

    file: str
    value: Mapping[str, Any]

    @property
    def suite(self) -> str:
        """The suite by which was judged, with its version."""
        return f"{self.value['suite']['name']} {self.value['suite']['version']}"

    @property
    def target(self) -> str:
        """The name of what was judged."""
        name: str = self.value["target"]["name"]
        return name

    def results(self) -> Findings:
        """What each scenario and passive check came to."""
        return MappingProxyType({row["id"]: _finding(row) for row in self.value["results"]})

    def partial(self, profiles: Collection[str]) -> str:
        """Why the report is not of a whole run of a suite with these profiles; empty: it is."""
        run = self.value["run"]
        if run["interrupted"]:
            return "of a run that was interrupted"
        if not run["complete"]:
            return f"of a run that is not complete: {run['note']}"
        if run["selection"]:
            return f"of a part of the suite: {' '.join(run['selection'])}"
        judged = [row["name"] for row in self.value["profiles"]]
        if set(judged) != set(profiles):
            return f"of a part of the suite: profile {', '.join(judged)}"
        return ""

    def findings(self, profiles: Collection[str]) -> Findings:
        """What a baseline is compared with: the results, and what they leave open.

        What did not run because the run ended early is not among them. A passive check that saw
        only a part of a run and nothing wrong is unproved.
        """
        whole = not self.partial(profiles)
        complete = self.value["run"]["complete"]
        found = [_finding(row, whole) for row in self.value["results"]]
        if not complete:
            found = [row for row in found if row.outcome != Outcome.INCONCLUSIVE.value]
        elif not self.value["run"]["selection"]:
            problems = frozenset(row.id for row in found if row.problem)
            found += self._of_requirements(problems)
        return MappingProxyType({row.id: row for row in found})

    def _of_requirements(self, problems: frozenset[str]) -> Iterator[Finding]:
        """The requirements of the profiles that were judged; a problem is what no result tells."""
        verdicts = {row["name"]: row["verdict"] for row in self.value["profiles"]}
        for row in self.value["requirements"]:
            if row["profile"] not in verdicts:
                continue
            claimed = verdicts[row["profile"]] != "not claimed"
            told = not problems.isdisjoint(row["results"])
            problem = claimed and not told and row["status"] in PROBLEMS
            yield Finding(row["id"], row["status"], frozenset({row["id"]}), problem)


def _finding(row: Mapping[str, Any], whole: bool = True) -> Finding:
    """A result; what it blames are the requirements that its failures name, or else all."""
    named = {name for failure in row.get("failures", ()) for name in failure["requirements"]}
    blamed = frozenset(named or row["requirements"])
    outcome: str = row["outcome"]
    problem = outcome in PROBLEMS
    unproved = row["kind"] == "monitor" and not whole and not problem
    return Finding(row["id"], outcome, blamed, problem, unproved)


def read(path: Path) -> Report:
    """The report in a file; raises `InputError` for what is none, or breaks off, with the place."""
    name = locations.shown(path)
    value = json_file.read(path, name, MAX_BYTES)
    written = value.get("$schema") if isinstance(value, dict) else None
    if not isinstance(written, str) or not written.endswith("/kit/report.json"):
        message = "is not a JSON report of this kit (run TARGET --report json=PATH writes one)"
        raise InputError(message, Location(name))
    if written != SCHEMA:
        message = f"is a report of an unknown version: {cut(written)}, not {SCHEMA}"
        raise InputError(message, Location(name))
    for fault in SchemaStore(locations.schema_root()).explain("kit/report", value):
        raise InputError(f"at {fault.pointer or '/'}: {cut(fault.message)}", Location(name))
    return Report(name, value)


def compared(record: RunRecord, baseline: Baseline, today: date) -> RunRecord:
    """The record of a run with what a baseline says of it on a day."""
    report = Report("", document(replace(record, comparison=None)))
    findings = report.findings(record.suite.profiles)
    return replace(record, comparison=compare(findings, baseline, today))
