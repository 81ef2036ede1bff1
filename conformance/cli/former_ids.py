"""Former ids: what a command is given by a name that has changed is understood, with a note."""

from collections.abc import Iterable

from conformance.loader.renames import Renames, note, present
from conformance.text.streams import complain


def understood(what: str, words: Iterable[str], renames: Renames) -> list[str]:
    """Return the words with present ids in place of former ones; a note says in what they were."""
    given = list(words)
    tell(note(what, given, renames))
    return present(given, renames)


def tell(note: str) -> None:
    """Print a note where it disturbs no report, if there is one."""
    if note:
        complain(note)
