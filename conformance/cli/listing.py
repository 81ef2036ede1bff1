"""`list`: the scenarios, passive checks and forms, or the requirements and what tests them."""

import argparse
import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from conformance.cli.former_ids import understood
from conformance.documents.locations import DEFAULT, OF_CLIENTS
from conformance.errors import InputError
from conformance.loader.coverage import Coverage, coverage
from conformance.loader.form import PREFIX
from conformance.loader.selection import (
    excluding,
    is_excluded,
    is_requirement_selected,
    is_selected,
    nothing_left,
    only_watched,
    refuse_blank,
    select,
    select_forms,
    shown,
    wanted_of,
)
from conformance.loader.suite import Suite, load
from conformance.rendering.gfm import cell
from conformance.text.streams import say


class Check(msgspec.Struct, frozen=True):
    """Something that the kit checks: a scenario, a passive check or a form."""

    id: str
    kind: str
    title: str
    requirements: tuple[str, ...]
    profile: str | None = None
    hooks: tuple[str, ...] = ()
    file: str | None = None
    line: int | None = None


def list_(arguments: argparse.Namespace) -> int:
    """List scenarios, or requirements with how many checks test each."""
    usual = OF_CLIENTS if arguments.clients else DEFAULT
    suite = load(arguments.suite or usual, trusted=arguments.trust_code)
    words = [*arguments.selection, *excluding(arguments.exclude)]
    refuse_blank(words)
    words = understood("the selection", words, suite.renames)
    if arguments.requirements:
        return _list_requirements(suite, words, arguments)
    checks = [*_checks(suite, words, arguments.profile)]
    if not checks:
        raise nothing_left(words)
    if arguments.json:
        say(*_json(checks))
        return 0
    width = max(len(check.id) for check in checks)
    say(*(f"{row.id:<{width}}  {', '.join(row.requirements)}".rstrip() for row in checks))
    say(_counted(checks))
    return 0


def _checks(suite: Suite, words: list[str], profiles: list[str]) -> Iterator[Check]:
    """Yield what the words select; forms and passive checks have no part in a profile."""
    watched = only_watched(suite, words)
    wanted = wanted_of(words)
    if not wanted or len(watched) < len(wanted):
        for scenario in select(suite, [w for w in words if w not in watched], profiles):
            file, line, _ = scenario.location
            yield Check(
                scenario.id,
                "scenario",
                scenario.title,
                scenario.requirements,
                scenario.profile,
                tuple(sorted(scenario.hooks)),
                file,
                line,
            )
    for monitor in suite.make_monitors(suite) if wanted else ():
        if is_selected(words, monitor.id) and not is_excluded(words, "", (monitor.requirement,)):
            yield Check(monitor.id, "passive check", monitor.title, (monitor.requirement,))
    for form in select_forms(suite, words if wanted else [PREFIX, *words]):
        yield Check(form.id, "form", form.title, form.requirements)


def _counted(checks: Iterable[Check]) -> str:
    kinds: dict[str, int] = {}
    for check in checks:
        kinds[check.kind] = kinds.get(check.kind, 0) + 1
    return ", ".join(f"{number} {kind}{'s' * (number != 1)}" for kind, number in kinds.items())


def _nothing(suite: Suite, words: list[str], profiles: list[str]) -> InputError:
    """Return why no requirement is listed: there is none, or no check judges whom it is about."""
    others = [
        row for row in suite.requirements.values() if is_requirement_selected(row, words, profiles)
    ]
    if others:
        return InputError(f'no check judges yet what "{shown(words)}" asks: explain {others[0].id}')
    return InputError(f'no requirement matches "{shown(words)}"')


def _list_requirements(suite: Suite, words: list[str], arguments: argparse.Namespace) -> int:
    """Print the coverage; return 1 if nothing tests a requirement."""
    rows = [
        row
        for row in coverage(suite)
        if is_requirement_selected(row.requirement, words, arguments.profile)
    ]
    if not rows:
        raise _nothing(suite, words, arguments.profile)
    untried = [row.requirement.id for row in rows if not row.tried]
    if arguments.json:
        say(*_json(map(_requirement, rows)))
    else:
        say(*_table(rows), *(["", f"Not tested by anything: {', '.join(untried)}"] * bool(untried)))
    return 1 if untried else 0


def _table(rows: Iterable[Coverage]) -> list[str]:
    from tabulate import tabulate

    cells = [
        (
            row.requirement.id,
            row.requirement.level,
            row.requirement.profile,
            len(row.scenarios),
            len(row.monitors),
            cell(row.requirement.excluded or ""),
        )
        for row in rows
    ]
    headers = ("requirement", "level", "profile", "scenarios", "passive checks", "excluded")
    return tabulate(cells, headers, tablefmt="github").splitlines()


def _requirement(row: Coverage) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(row.requirement),
        "scenarios": [scenario.id for scenario in row.scenarios],
        "passive_checks": [f"passive/{name}" for name, _ in row.monitors],
    }


def _json(rows: Iterable[Any]) -> list[str]:
    return json.dumps(msgspec.to_builtins(list(rows)), ensure_ascii=False, indent=2).splitlines()
