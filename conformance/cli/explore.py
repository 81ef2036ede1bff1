"""`explore`: play dialogues that nobody scripted, and report what a target does wrong in them."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from conformance.cli.interruption import Interruption
from conformance.cli.run import judged, named_target
from conformance.documents import whole_file
from conformance.errors import InputError
from conformance.record.record import Exit
from conformance.text.streams import complain, say

if TYPE_CHECKING:
    from conformance.engine.run import Run
    from conformance.explore.exploration import Exploration
    from conformance.loader.suite import Suite
    from conformance.target.target import Target

_DIALOGUE: Final = re.compile(
    r"explored/(?P<seed>-?[0-9]{1,18})-(?P<number>[1-9][0-9]{0,4})(?:/.*)?"
)


def explore(arguments: argparse.Namespace, interruption: Interruption) -> int:
    """Explore the target that the command line names or launches; return the exit status."""
    target = named_target(arguments)
    words = target.words.replace("run ", "explore ", 1)
    only = _only(arguments)
    arguments.selection = ["explored"]
    made: list[Exploration] = []

    def make(
        suite: "Suite", target: "Target", arguments: argparse.Namespace, known: frozenset[str]
    ) -> "Run":
        # Imported late, while the target starts.
        from conformance.explore.making import exploration

        made.append(exploration(suite, target, arguments, only))
        return made[-1]

    status = judged(arguments, replace(target, words=words), interruption, make=make)
    if not made or made[-1].explorer is None:
        return status
    written = _write(made[-1], arguments)
    return status if written or status else Exit.USAGE


def _only(arguments: argparse.Namespace) -> tuple[int, int] | None:
    """Return the seed and number of the one dialogue that is asked for."""
    if not arguments.selection:
        return None
    word, *others = arguments.selection
    found = _DIALOGUE.fullmatch(word)
    if others or found is None:
        raise InputError(f'expected one dialogue, such as explored/1-17, not "{word}"')
    return int(found["seed"]), int(found["number"])


def _write(run: "Exploration", arguments: argparse.Namespace) -> bool:
    """Write the finds as scenarios, and say what was tried; return whether all were written."""
    from conformance.explore.coverage import lines

    explorer = run.explorer
    assert explorer is not None
    is_told = not (arguments.quiet or any(word.endswith("=-") for word in arguments.report))
    folder: Path = arguments.scenarios
    written = True
    for find in explorer.finds.values():
        path = folder / f"{find.requirement.lower()}-{find.result.id.rpartition('/')[2]}.yaml"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            whole_file.write(path, find.document(run.suite).encode())
        except OSError as error:
            written = False
            complain(f"{path}: {error.strerror}")
        else:
            say(*([f"scenario: {path}"] if is_told else []))
    if is_told:
        say(*lines(explorer, run.suite))
    if is_told and explorer.finds and not arguments.gate:
        say("What was found does not fail this command: with --gate it does.")
    return written
