"""A find: a dialogue in which a target did what the model does not allow."""

import re
from typing import Any, Final

import msgspec
import yaml
from msgspec.structs import replace

from conformance.explore.plan import Script, scenario_of
from conformance.loader.exploration import Row
from conformance.loader.suite import Suite
from conformance.model import Failure, Outcome, Result, Scenario


class Find(msgspec.Struct, frozen=True):
    """A dialogue that a target fails, shrunk: how often it failed, and what that breaks.

    It shows only in a `form`, if one is named; a `passive` check may have seen it, not a step.
    """

    requirement: str
    form: str
    script: Script
    result: Result
    length: int
    """Actions before shrinking."""
    failed: int
    played: int
    seconds: float

    @property
    def id(self) -> str:
        """The id of its scenario: that of the dialogue, and what it breaks."""
        return f"{self.result.id}/{self.requirement}"

    @property
    def passive(self) -> bool:
        """Whether no step of it failed: a passive check saw what is wrong."""
        return self.result.outcome is Outcome.PASSED

    @property
    def failing(self) -> int:
        """The number of the step that failed, counted from 0; none did if a check is passive."""
        if self.passive or not self.result.failures:
            return len(self.script.rows) - 1
        return int(self.result.failures[0].location.split(":")[-2]) - 1

    def told(self, suite: Suite, seen: Failure | None) -> Result:
        """Return the result as a report shows it; a passive check may have `seen` the failure."""
        form = f" in the form {self.form}" if self.form else ""
        times = f"failed {self.failed} of {self.played} times{form}"
        actions = f"{len(self.script.done)} of {self.length} actions are left"
        named = (self.requirement,)
        shown = self.result.failures[:1] or ((seen,) if seen else ())
        failures = tuple(replace(row, requirements=named) for row in shown)
        outcome = suite.severity(failures[0]) if failures else self.result.outcome
        return replace(
            self.result,
            id=self.id,
            requirements=named,
            profile=suite.requirements[self.requirement].profile,
            outcome=outcome,
            reason=f"{shown[0].summary if shown else 'it failed'} ({times}; {actions})",
            failures=failures,
        )

    def scenario(self, suite: Suite) -> Scenario:
        """Return the scenario that plays it."""
        return replace(
            scenario_of(self.script, self.id, suite.requirements), requirements=(self.requirement,)
        )

    def document(self, suite: Suite) -> str:
        """Return the text of a scenario file: what comes before the failing step is set-up."""
        rows = [_plain(step.row) for step in self.script.rows]
        failing = 0 if self.passive else self.failing
        form = f" (in the form {self.form})" if self.form else ""
        content: dict[str, Any] = {
            "title": f"Found by exploring: {self.script.abouts[-1]}{form}",
            "requirements": [self.requirement],
        }
        profiles = {suite.requirements[name].profile for name in self.script.expected}
        claims = sorted(filter(None, (suite.profiles[name].claim for name in profiles)))
        if claims:
            content["claims"] = claims
        if self.script.isolation != "shared":
            content["isolation"] = self.script.isolation
        if self.script.is_quiet:
            content["quiet"] = True
        if failing:
            content["setup"] = rows[:failing]
        content["steps"] = rows[failing:] if self.passive else rows[failing : failing + 1]
        return yaml.dump(
            content,
            Dumper=_Dumper,
            sort_keys=False,
            allow_unicode=True,
            width=96,
            default_flow_style=None,
        )


class _Dumper(yaml.SafeDumper):
    """Writes YAML 1.2: texts that it reads as numbers, such as 03e7, are in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything where it stands."""
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Return the node of a text."""
        node: yaml.ScalarNode = super().represent_str(data)
        if _LIKE_A_NUMBER.match(data):
            node.style = "'"
        return node


_LIKE_A_NUMBER: Final = re.compile(r"[-+.]?[0-9]")

_Dumper.add_representer(str, _Dumper.represent_str)


def _plain(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "requirement"}
