"""The pages on scenarios: for each area all that judges, with titles and requirements."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from conformance.loader.glossary import folder
from conformance.model import Scenario
from conformance.rendering.explained.sources import Sources
from docs.site.navigation import below
from docs.site.requirements import anchor_of, folder_of, page_of
from docs.site.words import anchor, code, count, fenced, inline, table, term

LEADS: Final = {
    "passive": "Passive checks watch every connection of a run, whatever it is opened for.",
    "forms": "A form is another way to play any scenario, which must make no difference: what "
    "passes is played once more in one of them.",
    "schema": "These are generated from the schemas: each named member is dropped, mistyped and "
    "put out of bounds.",
}
"""What is said of the areas that are no folders of scenarios, or are not written by hand."""


_WATCHING: Final = frozenset({"passive", "forms"})
"""The areas that hold no scenarios."""


class Check(NamedTuple):
    """Something that judges: its id, what a conformant server does, more, and its requirements."""

    id: str
    title: str
    more: str
    requirements: tuple[str, ...]

    @property
    def area(self) -> str:
        """The area, which is the name of its page."""
        return folder(self.id)


def checks(sources: Sources) -> list[Check]:
    """Return all that judges, by area."""
    suite = sources.suite
    rows = [
        *(
            Check(row.id, row.title, _more(row), row.requirements)
            for row in suite.scenarios.values()
        ),
        *(Check(row.id, row.title, "", (row.requirement,)) for row in sources.monitors),
        *(Check(row.id, row.title, "", row.requirements) for row in suite.forms.values()),
    ]
    return sorted(rows, key=lambda row: (row.area in LEADS, row.area))


def _more(row: Scenario) -> str:
    hooks = f" Needs {'the hook' if len(row.hooks) == 1 else 'the hooks'} " if row.hooks else ""
    return row.description + hooks + ", ".join(sorted(row.hooks)) + "." * bool(row.hooks)


def pages(sources: Sources) -> dict[str, str]:
    """Return the pages on what a suite judges by, by their paths."""
    role = sources.suite.role
    place, language = folder_of(role), "language" if role == "server" else "language-of-clients"
    areas = {area: list(found) for area, found in groupby(checks(sources), lambda row: row.area)}
    found = {f"{place}/{area}": _page(sources, area, own) for area, own in areas.items()}
    total = sum(len(own) for area, own in areas.items() if area not in _WATCHING)
    counts = [(f"[{area}]({area}.md)", str(len(own)), _of(own)) for area, own in areas.items()]
    generated = "Most are files", ", the others are made from the schemas"
    written, made = generated if role == "server" else ("Each is a file", "")
    lead = (
        f"{total} scenarios for {role}s in {len(areas.keys() - _WATCHING)} areas, with the checks "
        f"that watch. {written} in [the scenario language](../{language}.md){made}; the id is what "
        f"`{sources.run.split()[1]}` and `explain` take."
    )
    title = "Scenarios" if role == "server" else "Scenarios for clients"
    index = f"# {title}\n\n{lead}\n\n{table(('area', 'checks', 'requirements'), counts)}"
    return {f"{place}/index": index + below(found), **found}


def _of(rows: Iterable[Check]) -> str:
    """Return the areas of the requirements that are judged."""
    found = dict.fromkeys(page_of(name) for row in rows for name in row.requirements)
    return ", ".join(f"[{name.partition('/')[2]}](../{name}.md)" for name in found)


def _page(sources: Sources, area: str, rows: list[Check]) -> str:
    lead = LEADS.get(area, f"{count(len(rows), 'scenario')} about {area.replace('-', ' ')}.")
    return "\n".join(
        (
            f"# Scenarios: {area.replace('-', ' ')}\n\n{lead} Run them alone:\n",
            fenced([f"{sources.run} {area}/"], "sh"),
            *_terms(rows, sources.suite.role),
        )
    )


def _terms(rows: Iterable[Check], role: str) -> Iterator[str]:
    for row in rows:
        name = f"[{code(row.id)}]{{#{anchor_of(row.id, role)}}}"
        links = ", ".join(
            f"[{one}](../{page_of(one)}.md#{anchor(one)})" for one in row.requirements
        )
        yield term(name, (f"{inline(row.title)}. {links}".strip(), inline(row.more)))
