"""`list`, `explain` and `schema`: what there is and what it means."""

import argparse
import json
import re
import sys

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.loader.form import PREFIX, Form
from conformance.loader.selection import is_requirement_selected, select, select_forms
from conformance.loader.suite import Suite, load
from conformance.model import Requirement, Scenario
from conformance.rendering.gfm import cell


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)


def list_(arguments: argparse.Namespace) -> int:
    """List scenarios, or requirements with how many checks test each."""
    suite = load()
    if arguments.requirements:
        return _list_requirements(suite, arguments)
    words = arguments.selection
    checks = [row for row in suite.make_monitors(suite) if row.id.startswith(tuple(words) or " ")]
    rest = [word for word in words if not any(row.id.startswith(word) for row in checks)]
    scenarios = select(suite, rest, arguments.profile) if rest or not words else []
    forms = select_forms(suite, words or [PREFIX])
    rows = [(scenario.id, scenario.requirements) for scenario in scenarios]
    rows += [(row.id, (row.requirement,)) for row in checks]
    rows += [(form.id, form.requirements) for form in forms]
    width = max(len(name) for name, _ in rows)
    for name, requirements in rows:
        _say(f"{name:<{width}}  {', '.join(requirements)}".rstrip())
    counted = (("scenario", scenarios), ("passive check", checks), ("form", forms))
    told = [f"{len(found)} {name}{'s' * (len(found) != 1)}" for name, found in counted if found]
    _say(", ".join(told))
    return 0


def _list_requirements(suite: Suite, arguments: argparse.Namespace) -> int:
    """Print the coverage as a Markdown table; return 1 if nothing tests a requirement."""
    from tabulate import tabulate

    from conformance.loader.coverage import coverage

    rows = [
        row
        for row in coverage(suite)
        if is_requirement_selected(row.requirement, arguments.selection, arguments.profile)
    ]
    if not rows:
        raise InputError(f'no requirement matches "{" ".join(arguments.selection)}"')
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
    _say(tabulate(cells, headers, tablefmt="github"))
    untried = [row.requirement.id for row in rows if not row.tried]
    if untried:
        _say("", f"Not tested by anything: {', '.join(untried)}")
    return 1 if untried else 0


def explain(arguments: argparse.Namespace) -> int:
    """Explain a requirement, a scenario or a form."""
    suite = load()
    name = arguments.id
    if name.upper() in suite.requirements:
        _explain_requirement(suite, suite.requirements[name.upper()])
    elif name in suite.scenarios:
        _explain_scenario(suite, suite.scenarios[name])
    elif name in (forms := {form.id: form for form in suite.forms.values()}):
        _explain_form(suite, forms[name])
    else:
        hint = did_you_mean(name, [*suite.requirements, *suite.scenarios, *forms])
        raise InputError(f'there is no requirement, scenario or form "{name}"{hint}')
    return 0


def _explain_requirement(suite: Suite, requirement: Requirement) -> None:
    from conformance.loader.coverage import coverage

    _say(
        f"{requirement.id} · {requirement.level} · {requirement.role} · {requirement.profile}",
        "",
        requirement.sentence,
        "",
        f"spec/{requirement.anchor}",
    )
    if requirement.claim:
        _say("", f"Applies only to targets that claim {requirement.claim}")
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
    path = locations.suite_root(suite.name) / "scenarios" / f"{scenario.id}.yaml"
    text = re.sub(r"\A# yaml-language-server:.*\n", "", path.read_text(encoding="utf-8"))
    _say("", str(scenario.location.file), "", text.rstrip())


def _explain_form(suite: Suite, form: Form) -> None:
    _say(f"{form.id} — {form.title}", "")
    for name in form.requirements:
        requirement = suite.requirements[name]
        _say(f"{name} {requirement.level}: {requirement.sentence}", f"spec/{requirement.anchor}")
    if not form.requirements:
        _say("A failure in this form alone breaks the requirements of the scenarios that fail.")
    _say("", "Scenarios that passed are played again in this form, which must make no difference.")


def schema(arguments: argparse.Namespace) -> int:
    """Print one schema, the bundle of all, or their names."""
    store = SchemaStore(locations.schema_root())
    if arguments.bundle and arguments.name is not None:
        raise InputError("--bundle prints all schemas; do not name one")
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
