"""The names that the search finds as a whole: ids, codes, messages, commands, options."""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from conformance.cli.commands import COMMANDS
from conformance.loader.glossary import AREA, FORM, PASSIVE, REQUIREMENT, SCENARIO, words
from conformance.rendering.explained.sources import Sources
from docs.site import commands, options
from docs.site.specification import CHAPTERS
from docs.site.words import anchor

Name = tuple[str, str, str, str]
"""A kind, a name, a page and an anchor on it."""

STATUSES: Final[Sequence[Name]] = (
    ("HTTP status", "403", "guides/clients", "origin-and-why-you-may-get-a-403"),
    *(("HTTP status", status, "spec/transport", "connection") for status in ("404", "426", "503")),
)
"""Numbers, which the search would pass over."""


def names(sources: Sources, pages: Collection[str]) -> list[Name]:
    """Return the names, each once for every meaning; `pages` are those on messages, if any."""
    return [*dict.fromkeys((*_glossary(sources, pages), *_commands(), *STATUSES))]


def _glossary(sources: Sources, pages: Collection[str]) -> Iterator[Name]:
    for word in words(sources.suite):
        if word.kind == REQUIREMENT:
            home, _, place = sources.suite.requirements[word.name].anchor.partition(".md#")
            yield (word.kind, word.name, f"spec/{home}", place)
        elif word.kind in (SCENARIO, PASSIVE, FORM):
            yield (
                word.kind,
                word.name,
                f"scenarios/{word.name.partition('/')[0]}",
                anchor(word.name),
            )
        elif word.kind != AREA:
            yield from _others(word.kind, word.name, pages)


def _others(kind: str, name: str, pages: Collection[str]) -> Iterator[Name]:
    """Yield where a message or a code is described: its page, or else a row of a table."""
    if f"messages/{name}" in pages:
        yield (kind, name, f"messages/{name}", name)
        return
    for row in CHAPTERS.rows:
        if row.is_about(name):
            home, _, place = row.place.removeprefix("spec/").partition(".md#")
            yield (kind, name, f"spec/{home}", place)


def _commands() -> Iterator[Name]:
    yield from (("command", f"coda-conformance {row}", f"commands/{row}", "") for row in COMMANDS)
    for option, command in commands.options():
        yield (f"option of {command}", option, f"commands/{command}", anchor(option))
    for option, _ in options.rows():
        yield ("option of pytest", option, "guides/pytest", anchor(option))
