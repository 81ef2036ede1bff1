"""Write the frozen sets of the suite that are drafts, and check that the released ones still hold.

`python spec/freeze.py` brings drafts up to date; with `--check`, it only names what is stale. What
a released set froze and the suite does not have any more is named in both cases, with exit status
1: mend it in a scenario of its own, or record that the old one was wrong, with `--correct`. So is
whatever else was changed in the file of a released set.

    python spec/freeze.py --new 0.2                    # a draft of what the suite asks now
    python spec/freeze.py --release 0.1 2027-03-01     # the draft stands from that day
    python spec/freeze.py --correct 0.1 AREA/NAME 2027-04-02 "E-01: it sent two messages at once"
"""

import argparse
import sys
from pathlib import Path

import msgspec
import yaml
from msgspec.structs import replace

from conformance.documents import locations
from conformance.documents.dates import day
from conformance.errors import InputError
from conformance.loader import frozen
from conformance.loader.frozen import KINDS, Correction, FrozenSet
from conformance.loader.suite import Suite, load
from conformance.text.escapes import printable

HEAD = """\
# yaml-language-server: $schema=../../../../schemas/kit/frozen.json
# Written by `python spec/freeze.py`: what `run --requirements {name}` judges.
"""
EMPTY = "corrections: []\n"


def text(found: FrozenSet) -> str:
    """Return the text of a set's file; every digest is quoted, as it may look like a number."""
    lines = [f'suite: "{found.suite}"']
    if found.released:
        lines += [f"released: {found.released}", f'seal: "{found.seal}"']
    for kind, rows in found.digests.items():
        lines.append(f"{kind}:")
        lines += (f'  {name}: "{rows[name]}"' for name in sorted(rows))
    corrections = {"corrections": msgspec.to_builtins(found.corrections)}
    end = yaml.safe_dump(corrections, sort_keys=False, allow_unicode=True, default_style='"')
    return (
        HEAD.format(name=found.name) + "\n".join(lines) + f"\n{end if found.corrections else EMPTY}"
    )


def drafted(name: str, suite: Suite) -> FrozenSet:
    """Return a draft of all that the suite asks now."""
    now = frozen.digests(suite)
    return FrozenSet(
        name, "", suite.version, now["requirements"], now["scenarios"], now["passive"], now["forms"]
    )


def corrected(found: FrozenSet, suite: Suite, name: str, on: str, why: str) -> FrozenSet:
    """Return a released set with something of it mended; raise `InputError` for a mistake."""
    if not found.released:
        raise InputError(f"{found.name} is a draft, which needs no corrections")
    day(on)
    if not why.strip():
        raise InputError("a correction says why")
    kind = next((kind for kind in KINDS if name in found.digests[kind]), None)
    if kind is None:
        raise InputError(f'the set {found.name} has no "{name}"')
    was, rows = found.digests[kind][name], dict(found.digests[kind])
    now = frozen.digests(suite)[kind].get(suite.renames.get(name, name), "")
    if now == was:
        raise InputError(f"{name} is as the set {found.name} froze it")
    if now:
        rows[name] = now
    else:
        del rows[name]
    row = Correction(name, on, " ".join(why.split()), was, now)
    return replace(found, corrections=(*found.corrections, row), **{kind: rows})


def released(found: FrozenSet, suite: Suite, on: str) -> FrozenSet:
    """Return a draft as a set that stands from a day on; raise `InputError` if it does already."""
    day(on)
    if found.released:
        raise InputError(f"{found.name} was released on {found.released}")
    standing = replace(drafted(found.name, suite), released=on)
    return replace(standing, seal=frozen.sealed(standing))


def settle(suite: Suite, folder: Path, *, check: bool) -> list[str]:
    """Bring the drafts up to date, or only check; return what is wrong, as lines."""
    problems: list[str] = []
    for name in frozen.names(suite.name):
        found, path = frozen.read(suite, name), folder / f"{name}.yaml"
        if found.released:
            broken = frozen.breach(found)
            problems += [f"{path.name}: {broken}"] * bool(broken)
            problems += [
                f"{path.name}: {id_} {what}" for _, id_, what in frozen.changes(found, suite)
            ]
            continue
        new = text(drafted(name, suite))
        if new != path.read_text("utf-8") and check:
            problems.append(f"{path.name}: this draft is not up to date: run spec/freeze.py")
        elif not check:
            path.write_text(new, "utf-8")
    return problems


def main() -> int:
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--check", action="store_true", help="compare only, and write nothing")
    one.add_argument("--new", metavar="NAME", help="write a draft")
    one.add_argument("--release", nargs=2, metavar=("NAME", "DATE"), help="release a draft")
    one.add_argument("--correct", nargs=4, metavar=("NAME", "ID", "DATE", "WHY"), help="mend")
    arguments = parser.parse_args()
    suite = load()
    folder = locations.suite_root(suite.name) / frozen.FOLDER
    try:
        if arguments.new:
            write(folder, named(arguments.new, suite, there=False))
        elif arguments.release:
            name, on = arguments.release
            write(folder, released(named(name, suite, there=True), suite, on))
        elif arguments.correct:
            name, id_, on, why = arguments.correct
            write(folder, corrected(named(name, suite, there=True), suite, id_, on, why))
        problems = settle(suite, folder, check=arguments.check)
    except InputError as error:
        sys.stderr.write(f"{printable(str(error))}\n")
        return 2
    sys.stderr.writelines(f"{printable(problem)}\n" for problem in problems)
    return 1 if problems else 0


def named(name: str, suite: Suite, *, there: bool) -> FrozenSet:
    """Return the set of that name, or a draft if it is to be new."""
    known = frozen.names(suite.name)
    if (name in known) != there:
        raise InputError(f"{name}: {'there is no such set' if there else 'there is one already'}")
    if not frozen.is_name(name):
        raise InputError(f'"{name}" is no name such as 0.2')
    return frozen.read(suite, name) if there else drafted(name, suite)


def write(folder: Path, found: FrozenSet) -> None:
    """Write a set."""
    folder.mkdir(exist_ok=True)
    (folder / f"{found.name}.yaml").write_text(text(found), "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
