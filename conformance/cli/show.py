"""`explain` and `schema`: what there is and what it means."""

import argparse
import json
import re

from conformance.cli.former_ids import understood
from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.loader.form import Form
from conformance.loader.suite import Suite, load
from conformance.model import Requirement, Scenario
from conformance.text.streams import say


def explain(arguments: argparse.Namespace) -> int:
    """Explain a requirement, a scenario or a form."""
    suite = load()
    (name,) = understood("the command", [arguments.id], suite.renames)
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

    say(
        f"{requirement.id} · {requirement.level} · {requirement.role} · {requirement.profile}",
        "",
        requirement.sentence,
        "",
        f"spec/{requirement.anchor}",
    )
    if requirement.claim:
        say("", f"Applies only to targets that claim {requirement.claim}")
    if requirement.excluded:
        say("", f"Not judged: {requirement.excluded}")
    row = next((r for r in coverage(suite) if r.requirement is requirement), None)
    if row is None:
        return
    for scenario in row.scenarios:
        say("", f"  {scenario.id}", f"    {scenario.title}")
    for name, title in row.monitors:
        say("", f"  passive/{name}", f"    {title}")


def _explain_scenario(suite: Suite, scenario: Scenario) -> None:
    say(f"{scenario.id} — {scenario.title}", "")
    if scenario.description:
        say(" ".join(scenario.description.split()), "")
    for name in scenario.requirements:
        requirement = suite.requirements[name]
        say(f"{name} {requirement.level}: {requirement.sentence}", f"spec/{requirement.anchor}")
    if scenario.generated:
        say("", f"Generated from the schemas, as {scenario.location} asks.")
        return
    path = locations.suite_root(suite.name) / "scenarios" / f"{scenario.id}.yaml"
    text = re.sub(r"\A# yaml-language-server:.*\n", "", path.read_text(encoding="utf-8"))
    say("", str(scenario.location.file), "", *text.rstrip().splitlines())


def _explain_form(suite: Suite, form: Form) -> None:
    say(f"{form.id} — {form.title}", "")
    for name in form.requirements:
        requirement = suite.requirements[name]
        say(f"{name} {requirement.level}: {requirement.sentence}", f"spec/{requirement.anchor}")
    if not form.requirements:
        say("A failure in this form alone breaks the requirements of the scenarios that fail.")
    say("", "Scenarios that passed are played again in this form, which must make no difference.")


def schema(arguments: argparse.Namespace) -> int:
    """Print one schema, the bundle of all, or their names."""
    store = SchemaStore(locations.schema_root())
    if arguments.bundle and arguments.name is not None:
        raise InputError("--bundle prints all schemas; do not name one")
    if arguments.bundle:
        say(*(store.root / "bundle.json").read_text(encoding="utf-8").splitlines())
    elif arguments.name is None:
        for name, document in store.documents.items():
            say(f"{name:<34} {document['title']}")
    elif arguments.name in store.documents:
        text = json.dumps(store.documents[arguments.name], ensure_ascii=False, indent=2)
        say(*text.splitlines())
    else:
        hint = did_you_mean(arguments.name, store.documents)
        raise InputError(f'there is no schema "{arguments.name}"{hint}')
    return 0
