"""The pages on scenarios: for each area all that judges, with titles and requirements."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from conformance.loader.glossary import folder
from conformance.model import Scenario
from conformance.rendering.explained.sources import COMMAND, Sources
from docs.site.navigation import below
from docs.site.requirements import page_of
from docs.site.words import anchor, code, count, fenced, inline, table, term

LEADS: Final = {
    "passive": "Passive checks watch every connection of a run, whatever it is opened for.",
    "forms": "A form is another way to play any scenario, which must make no difference: what "
    "passes is played once more in one of them.",
    "schema": "These are generated from the schemas: each named member is dropped, mistyped and "
    "put out of bounds.",
}
"""What is said of the areas that are no folders of scenarios, or are not written by hand."""


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


def pages(rows: Iterable[Check]) -> dict[str, str]:
    """Return the pages by their paths."""
    areas = {area: list(found) for area, found in groupby(rows, lambda row: row.area)}
    found = {f"scenarios/{area}": _page(area, own) for area, own in areas.items()}
    total = sum(len(own) for area, own in areas.items() if area not in ("passive", "forms"))
    counts = [(f"[{area}]({area}.md)", str(len(own)), _of(own)) for area, own in areas.items()]
    lead = (
        f"{total} scenarios in {len(areas)} areas, with the checks that watch and the forms. Each "
        "is a file in [the scenario language](../language.md); its id is what `run` and `explain` "
        "take."
    )
    index = f"# Scenarios\n\n{lead}\n\n{table(('area', 'checks', 'requirements'), counts)}"
    return {"scenarios/index": index + below(found), **found}


def _of(rows: Iterable[Check]) -> str:
    """Return the areas of the requirements that are judged."""
    found = dict.fromkeys(page_of(name) for row in rows for name in row.requirements)
    return ", ".join(f"[{name.partition('/')[2]}](../{name}.md)" for name in found)


def _page(area: str, rows: list[Check]) -> str:
    lead = LEADS.get(area, f"{count(len(rows), 'scenario')} about {area.replace('-', ' ')}.")
    return "\n".join(
        (
            f"# Scenarios: {area.replace('-', ' ')}\n\n{lead} Run them alone:\n",
            fenced([f"{COMMAND} run TARGET {area}/"], "sh"),
            *_terms(rows),
        )
    )


def _terms(rows: Iterable[Check]) -> Iterator[str]:
    for row in rows:
        name = f"[{code(row.id)}]{{#{anchor(row.id)}}}"
        links = ", ".join(
            f"[{one}](../{page_of(one)}.md#{anchor(one)})" for one in row.requirements
        )
        yield term(name, (f"{inline(row.title)}. {links}".strip(), inline(row.more)))
