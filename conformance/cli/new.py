"""`new`: write the files of a suite, or a scenario, to begin with."""

import argparse
import os
import shlex
from pathlib import Path

from conformance.documents import locations
from conformance.errors import InputError, did_you_mean
from conformance.loader.suite import load
from conformance.record.record import Exit
from conformance.rendering import files
from conformance.rendering.new_suite import scenario, suite_files
from conformance.text.streams import say

SCENARIOS = "scenarios"


def new(arguments: argparse.Namespace) -> int:
    """Write a suite into a new folder, or one scenario into a suite; return the exit status."""
    path: Path = arguments.path
    if arguments.kind == "suite":
        name = path.absolute().name
        if locations.is_known(name):
            raise InputError(f'expected another name: "{name}" is a suite of the kit')
        made = {path / place: text for place, text in suite_files(name).items()}
        suite = path
    else:
        suite = _suite_of(path)
        made = {path: _scenario(suite, arguments)}
    for place in made:
        if os.path.lexists(place):
            raise InputError(f"{place} is there already")
    for place, text in made.items():
        files.check(place, "file")
        files.write(place, text.encode(), "file")
        say(f"written: {place}")
    folder = shlex.quote(str(suite))
    say(f"next: coda-conformance check {folder}")
    say(f"then: coda-conformance run ws://127.0.0.1:8765/ --suite {folder}")
    return Exit.CONFORMANT


def _suite_of(path: Path) -> Path:
    """Return the suite in whose folder `scenarios` a file would be; raise `InputError`."""
    path = Path(os.path.abspath(path))  # noqa: PTH100 - without following links
    for folder in path.parents:
        if folder.name == SCENARIOS and (folder.parent / locations.HEADER).is_file():
            if path.suffix != ".yaml" or path.parent == folder:
                break
            return folder.parent
    raise InputError(f"expected SUITE/{SCENARIOS}/AREA/NAME.yaml of a suite, not {path}")


def _scenario(folder: Path, arguments: argparse.Namespace) -> str:
    suite = load(str(folder), trusted=arguments.trust_code)
    wanted = arguments.requirement or next(iter(suite.requirements))
    if wanted not in suite.requirements:
        hint = did_you_mean(wanted, suite.requirements)
        raise InputError(f'--requirement: there is no requirement "{wanted}"{hint}')
    return scenario(wanted, suite.discovery)
