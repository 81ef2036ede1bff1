"""The command that judges a target again, by the same requirements."""

from collections.abc import Iterable
from shlex import quote

from conformance.loader.renames import NOT
from conformance.record.record import RunRecord


def same_again(record: RunRecord) -> str:
    """Return the command that judges what a run judged."""
    return " ".join([_start(record), *_of_profiles(record), *_selected(record.selection)])


def only(record: RunRecord, name: str) -> str:
    """Return the command that runs one result again."""
    return " ".join([_start(record), *_selected([name])])


def what_failed(record: RunRecord, report: str) -> str:
    """Return the command that runs again what failed in a stored report."""
    return " ".join([_start(record), *_of_profiles(record), "--failed", quote(report)])


def suite_options(record: RunRecord) -> str:
    """Return the options of the command that name its suite, with a space before them."""
    _, found, rest = record.target_words.partition(" --suite ")
    return f"{found}{rest}".rstrip()


def _start(record: RunRecord) -> str:
    start = f"coda-conformance {record.target_words}"
    found = record.judged_set
    return f"{start} --requirements {quote(found.name)}" if found else start


def _of_profiles(record: RunRecord) -> list[str]:
    return [word for name in record.profiles for word in ("--profile", quote(name))]


def _selected(selection: Iterable[str]) -> list[str]:
    return [
        f"--exclude {quote(word.removeprefix(NOT))}" if word.startswith(NOT) else quote(word)
        for word in selection
    ]
