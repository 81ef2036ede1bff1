"""`list`, `explain` and `schema`: what there is, and what it means."""

import argparse
import json
import re
import sys
from collections.abc import Iterable

from conformance import bundle
from conformance.model import Requirement, Scenario
from conformance.problems import InputError, did_you_mean
from conformance.schemas import SchemaStore
from conformance.suite import Suite, load, select


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def list_(arguments: argparse.Namespace) -> int:
    """Lists scenarios, or requirements with the scenarios that try them."""
    suite = load()
    scenarios = select(suite, arguments.selection, arguments.profile)
    if arguments.requirements:
        _say(*_requirement_lines(suite, arguments))
        return 0
    if not scenarios:
        raise InputError(f'nothing matches "{" ".join(arguments.selection)}"')
    width = max(len(scenario.id) for scenario in scenarios)
    for scenario in scenarios:
        _say(f"{scenario.id:<{width}}  {', '.join(scenario.requirements)}")
    _say(f"{len(scenarios)} scenarios")
    return 0


def _requirement_lines(suite: Suite, arguments: argparse.Namespace) -> Iterable[str]:
    from conformance.coverage import coverage

    for row in coverage(suite):
        requirement = row.requirement
        wanted = not arguments.selection or any(
            requirement.id.startswith(word.upper()) for word in arguments.selection
        )
        if wanted and (not arguments.profile or requirement.profile in arguments.profile):
            how = f"excluded: {requirement.excluded}" if requirement.excluded else row.summary
            yield f"{requirement.id:<13} {requirement.level:<6} {requirement.profile:<7} {how}"


def explain(arguments: argparse.Namespace) -> int:
    """Says what a requirement or a scenario means."""
    suite = load()
    name = arguments.id
    if name.upper() in suite.requirements:
        _explain_requirement(suite, suite.requirements[name.upper()])
    elif name in suite.scenarios:
        _explain_scenario(suite, suite.scenarios[name])
    else:
        hint = did_you_mean(name, [*suite.requirements, *suite.scenarios])
        raise InputError(f'there is no requirement or scenario "{name}"{hint}')
    return 0


def _explain_requirement(suite: Suite, requirement: Requirement) -> None:
    from conformance.coverage import coverage

    _say(
        f"{requirement.id} · {requirement.level} · {requirement.role} · {requirement.profile}",
        "",
        requirement.sentence,
        "",
        f"spec/{requirement.anchor}",
    )
    if requirement.excluded:
        _say("", f"Not judged: {requirement.excluded}")
    row = next((r for r in coverage(suite) if r.requirement is requirement), None)
    if row is None:
        return
    for scenario in row.scenarios:
        _say("", f"  {scenario.id}", f"    {scenario.title}")
    for name, title in row.monitors:
        _say("", f"  passive/{name}", f"    {title}")


def _explain_scenario(suite: Suite, scenario: Scenario) -> None:
    _say(f"{scenario.id} — {scenario.title}", "")
    if scenario.description:
        _say(" ".join(scenario.description.split()), "")
    for name in scenario.requirements:
        requirement = suite.requirements[name]
        _say(f"{name} {requirement.level}: {requirement.sentence}", f"spec/{requirement.anchor}")
    if scenario.generated:
        _say("", f"Generated from the schemas, as {scenario.location} asks.")
        return
    path = bundle.suite_root(suite.name) / "scenarios" / f"{scenario.id}.yaml"
    text = re.sub(r"\A# yaml-language-server:.*\n", "", path.read_text(encoding="utf-8"))
    _say("", str(scenario.location.file), "", text.rstrip())


def schema(arguments: argparse.Namespace) -> int:
    """Prints one schema, the bundle of all, or their names."""
    store = SchemaStore(bundle.schema_root())
    if arguments.bundle:
        _say((store.root / "bundle.json").read_text(encoding="utf-8").rstrip())
    elif arguments.name is None:
        for name, document in store.documents.items():
            _say(f"{name:<34} {document['title']}")
    elif arguments.name in store.documents:
        _say(json.dumps(store.documents[arguments.name], ensure_ascii=False, indent=2))
    else:
        hint = did_you_mean(arguments.name, store.documents)
        raise InputError(f'there is no schema "{arguments.name}"{hint}')
    return 0
