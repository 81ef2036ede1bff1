"""`completion`: the script by which a shell completes this command line."""

import argparse

import shtab

from conformance.cli import values
from conformance.cli.arguments import parsers
from conformance.cli.parser import Parser
from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.loader import glossary
from conformance.loader.suite import Suite, load
from conformance.record.record import Exit
from conformance.text.streams import say


def completion(arguments: argparse.Namespace) -> int:
    """Print the script for a shell."""
    parser, commands = parsers()
    suite = load()
    words = _words(suite)
    for name, command in commands.items():
        own = {"selection": list(suite.requirements)} if name == "selftest" else {}
        _complete(command, words | own, list(suite.profiles))
    say(*shtab.complete(parser, arguments.shell).splitlines())
    return Exit.CONFORMANT


def _words(suite: Suite) -> dict[str, list[str]]:
    """Return what may stand for each argument that names something of the suite."""
    areas = sorted({f"{name.split('/')[0]}/" for name in suite.scenarios})
    forms = [form.id for form in suite.forms.values()]
    checks = [monitor.id for monitor in suite.make_monitors(suite)]
    ids = [*areas, *suite.requirements, *forms, *checks]
    schemas = [*SchemaStore(locations.schema_root()).documents]
    own = [word.name for word in glossary.words(suite) if word.kind != glossary.SCENARIO]
    terms = list(dict.fromkeys(own))
    return {"selection": ids, "exclude": ids, "id": ids, "term": terms, "name": schemas}


def _complete(command: Parser, words: dict[str, list[str]], profiles: list[str]) -> None:
    """Say for each argument of a command what completes it."""
    for row in command.rows:
        if row.dest in words:
            row.choices = words[row.dest]
        elif row.dest == "profile":
            row.choices = profiles
        elif row.type in values.PATHS:
            what = shtab.DIRECTORY if row.metavar == "FOLDER" else shtab.FILE
            row.complete = what  # type: ignore[attr-defined]
