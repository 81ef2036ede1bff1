"""The outcomes of many runs, result by result, and what is not the same in all of them."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

GOOD: Final = frozenset({"passed", "not applicable"})


@dataclass(slots=True)
class Outcomes:
    """What every result id came to in every run."""

    of_id: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reasons: dict[tuple[str, str], Counter[str]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    exits: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    retried: Counter[str] = field(default_factory=Counter)

    def add(self, report: Mapping[str, Any], seconds: float) -> None:
        """Takes the report of one more run; an id that it lacks was absent."""
        rows = {row["id"]: row for row in report["results"]}
        for name in rows.keys() | self.of_id.keys():
            row = rows.get(name, {"outcome": "absent"})
            known = self.of_id[name]
            known += ["absent"] * (len(self.exits) - len(known))
            known.append(row["outcome"])
            self.reasons[name, row["outcome"]][_reason(row)] += 1
            self.retried[name] += row.get("timing", {}).get("attempts", 1) > 1
        self.exits.append(report["exit_status"])
        self.seconds.append(seconds)

    def differing(self) -> list[str]:
        """The ids whose outcomes are not the same in all runs."""
        return sorted(name for name, found in self.of_id.items() if len(set(found)) > 1)

    def failing(self) -> list[str]:
        """The ids that come to the same bad outcome in all runs."""
        return sorted(
            name
            for name, found in self.of_id.items()
            if len(set(found)) == 1 and found[0] not in GOOD
        )


def _reason(row: Mapping[str, Any]) -> str:
    """Why a result is what it is, with the evidence of its first failure."""
    words = [row.get("reason", "")]
    for failure in row.get("failures", ())[:1]:
        words += [
            f"{key}: {failure[key]}"
            for key in ("step", "location", "expected", "received")
            if key in failure
        ]
    return "; ".join(filter(None, words))


def show(outcomes: Outcomes) -> None:
    """Prints every id that is not as it should be, with its reasons, and the totals."""
    for name in outcomes.differing():
        _show_result(outcomes, name, "differs")
    for name in outcomes.failing():
        _show_result(outcomes, name, "always the same, and not passed")
    print(
        f"\n{len(outcomes.exits)} runs of {len(outcomes.of_id)} results, exit statuses "
        f"{dict(Counter(outcomes.exits))}, {median(outcomes.seconds):.1f} s a run "
        f"(longest {max(outcomes.seconds):.1f} s); {len(outcomes.differing())} ids differ, "
        f"{len(outcomes.failing())} never pass"
    )
    again = {name: count for name, count in outcomes.retried.items() if count}
    if again:
        print(f"tried more than once within a run: {again}")


def _show_result(outcomes: Outcomes, name: str, title: str) -> None:
    print(f"\n{name} ({title})")
    for outcome, count in Counter(outcomes.of_id[name]).most_common():
        print(f"  {outcome}, {count} of {len(outcomes.exits)}")
        for reason, times in outcomes.reasons[name, outcome].most_common(3):
            print(f"    {times} times: {reason or '(no reason needed)'}")
