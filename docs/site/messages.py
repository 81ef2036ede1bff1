"""The pages of messages: one for each message, event and command, and an index of them."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jinja2
import msgspec

from conformance.json_text import encode
from conformance.loader.chapters import has
from conformance.loader.glossary import Word, words
from conformance.model import Requirement
from conformance.rendering.explained.codes import tables
from conformance.rendering.explained.messages import DIRECTIONS
from conformance.rendering.explained.sources import COMMAND, Sources
from docs.site import navigation
from docs.site.conditions import conditions
from docs.site.refusals import Refusal, refusals
from docs.site.shapes import Member, members
from docs.site.snippets import Printed, Snippet, printed, snippets
from docs.site.specification import CHAPTERS

FOLDER: Final = "messages"
INDEX: Final = f"{FOLDER}/index"

LONGEST: Final = 400
"""Characters of an invalid example that are shown."""

MOST: Final = 30
"""Scenarios that are listed."""

_ENVIRONMENT: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # noqa: S701 - what it makes is Markdown
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_ID: Final = re.compile(r"\b[A-Z]+-\d{2}\b")
_SPECIAL: Final = re.compile(r"[\\*\[\]<>|]|(?<!\w)_|_(?!\w)")
_AS: Final = {"command": "client_message", "event type": ""}
"""The message that is refused where one of these kinds is."""

_STATES: Final = {"server": "the server sends", "client": "a client may send"}
"""The columns of the table of states, by who sends."""


class Invalid(msgspec.Struct, frozen=True):
    """A value that breaks a schema, as text in a language; the only reason, and where it is."""

    text: str
    language: str
    reason: str
    pointer: str


class Message(msgspec.Struct, frozen=True):
    """What the page of one message says; texts are Markdown."""

    name: str
    schema: str
    title: str
    kind: str
    sender: str
    direction: str
    feature: str
    chapters: Sequence[str]
    description: str
    when: Sequence[str]
    members: Sequence[Member]
    conditions: Sequence[str]
    refusals: Sequence[Refusal]
    examples: Sequence[str]
    invalid: Sequence[Invalid]
    snippet: Snippet
    printed: Printed
    tables: Sequence[str]
    requirements: Sequence[str]
    scenarios: Sequence[str]
    more: int
    command: str
    source: str


def page_name(schema: str) -> str:
    """Return the name of the page and the anchor of what the schema of this name describes.

    It is the type; only the event that has the type of a message is told from it.
    """
    return "event_client_message" if schema == "events/client_message" else Path(schema).name


def pages(sources: Sources) -> dict[str, str]:
    """Return the Markdown of the pages by their paths on the site, without extension.

    Raises `KeyError` or `ValueError` for what is in a schema and cannot be shown.
    """
    found = list(_messages(sources))
    message, index = map(_ENVIRONMENT.get_template, ("message.md.jinja", "messages.md.jinja"))
    made = {f"{FOLDER}/{row.name}": message.render(page=row) for row in found}
    links = {row.schema: f"[`{row.title}`]({row.name}.md)" for row in found}
    made[INDEX] = index.render(
        rows=found,
        links=links,
        states=[_linked(found, row) for row in _table("the server sends")],
        answers=[_linked(found, row) for row in _table("answer, on the same connection")],
        tree=navigation.tree([f"{FOLDER}/{row.name}" for row in found]),
    )
    return made


def _messages(sources: Sources) -> Iterator[Message]:
    suite = sources.suite
    kinds = {word.schema: word for word in words(suite) if word.kind in suite.vocabulary.messages}
    made, outputs = snippets(suite.schemas), printed()
    for name, snippet in made.items():
        yield _message(sources, kinds[name], snippet, outputs[name])


def _message(sources: Sources, word: Word, snippet: Snippet, output: Printed) -> Message:
    suite, name = sources.suite, word.schema
    schema = suite.schemas.document(name)
    shape = members(suite.schemas, name)
    named = _related(sources, word, [schema["description"], *(row.means for row in shape)])
    judged = {row.id for row in named}
    scenarios = [row for row in suite.scenarios.values() if judged & set(row.requirements)]
    by_title = sorted(scenarios, key=lambda row: not has(row.title, word.name))
    feature = schema.get("x-feature", "")
    return Message(
        name=page_name(name),
        schema=name,
        title=word.name,
        kind=word.kind.capitalize(),
        sender=schema["x-sender"],
        direction=DIRECTIONS[schema["x-sender"]],
        feature=_feature(sources, feature) if feature else "",
        chapters=list(_chapters(sources, word, schema["description"])),
        description=_prose(sources, schema["description"]),
        when=list(_when(word, schema)),
        members=[_shown(sources, row) for row in shape],
        conditions=conditions(suite.schemas, name, _to_page),
        refusals=refusals(suite, _AS.get(word.kind, word.name)),
        examples=[_pretty(value) for value in schema["examples"]],
        invalid=[_invalid(row) for row in schema["x-invalid-examples"]],
        snippet=snippet,
        printed=output,
        tables=list(_rows(sources, word.name)),
        requirements=[
            f"{_reference(row)} {row.level}: {_prose(sources, row.sentence)}" for row in named
        ],
        scenarios=[f"`{row.id}`: {_plain(row.title)}" for row in by_title[:MOST]],
        more=max(0, len(by_title) - MOST),
        command=f"{COMMAND} run TARGET {' '.join(_judged(named))}",
        source=_pretty({k: v for k, v in schema.items() if not k.endswith("examples")}),
    )


def _related(sources: Sources, word: Word, texts: Sequence[str]) -> list[Requirement]:
    """Return the requirements that name a message, and those that its descriptions name."""
    told = {name for text in texts for name in _ID.findall(text)}
    named = sources.named_in(word.name)
    everything = sources.suite.requirements.values()
    return [*named, *(row for row in everything if row.id in told and row not in named)]


def _chapters(sources: Sources, word: Word, description: str) -> Iterator[str]:
    """Yield links to the chapters of a message: those it names, and where most is said of it."""
    known = sources.suite.requirements
    told = [known[name] for name in _ID.findall(description)]
    most = Counter(_file(row) for row in sources.named_in(word.name)).most_common(1)
    others = [name for name, _ in most] if word.kind != "event type" else ["events.md"]
    for file in dict.fromkeys([*map(_file, told), *others]):
        yield f"[{CHAPTERS.chapter(file.removesuffix('.md')).title}](../spec/{file})"


def _file(row: Requirement) -> str:
    return row.anchor.partition("#")[0]


def _judged(named: Sequence[Requirement]) -> list[str]:
    return [row.id for row in named if row.role == "server" and not row.excluded]


def _when(word: Word, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield in which states of a connection a message may come, by the table of states."""
    column = _STATES[schema["x-sender"]]
    kinds = {"event type": "events", "command": "client_message"}
    known = "events" if word.schema == "event" else kinds.get(word.kind, word.name)
    who = {"server": "The server sends it", "client": "A client may send it"}[schema["x-sender"]]
    for row in _table(column):
        if has(row[column], known):
            state, begins = row["state"], row["begins when"]
            yield f"{who} in the state [{state}](../spec/states.md), which begins when {begins}."
    if "x-feature" in schema:
        yield "It belongs to a feature: a server that does not name it neither sends nor knows it."


def _table(column: str) -> list[dict[str, str]]:
    """Return the rows of the table of the specification that has such a column."""
    found = [dict(row.cells) for row in CHAPTERS.rows]
    return [row for row in found if column in row]


def _rows(sources: Sources, word: str) -> Iterator[str]:
    """Yield what the tables of the specification say of a word, as `explain` does."""
    for row in tables(sources, word).rows:
        if row.name:
            yield f"- {_cell(row.text)}"
        elif row.text.startswith("spec/"):
            yield f"\n{_place(row.text)}\n"
        else:
            yield f"- {row.text}"


def _place(place: str) -> str:
    file, _, anchor = place.removeprefix("spec/").partition("#")
    title = CHAPTERS.chapter(file.removesuffix(".md")).title
    section = anchor.replace("-", " ")
    return f"[{title}: {section}](../{place})" if section else f"[{title}](../{place})"


def _cell(text: str) -> str:
    """Return a text that is Markdown already, but for what a cell of a table need not escape."""
    return text.replace("<", "\\<")


def _linked(found: Sequence[Message], row: Mapping[str, str]) -> list[str]:
    """Return the cells of a row with links where they name messages."""
    pages_of = {
        row.title: row.name for row in found if row.kind != "Event type" and row.kind != "Command"
    }

    def link(match: re.Match[str]) -> str:
        name = pages_of.get(match[1])
        return f"[{match[0]}]({name}.md)" if name else match[0]

    return [re.sub(r"`(\w+)`", link, cell).replace("|", "\\|") for cell in row.values()]


_METHODS: Final[Mapping[str, str]] = {"hmac": "hmac_sha256"}
"""Profiles that are claimed like a feature, but that a challenge names as a method."""


def _shown(sources: Sources, row: Member) -> Member:
    """Return a member with its texts as Markdown."""
    needed = "**required**" if row.is_required else "optional"
    word = "method" if row.feature in _METHODS else "feature"
    feature = f"; {word} {_feature(sources, row.feature)}" if row.feature else ""
    kinds = f"{needed}, {row.holds or 'any value'}"
    return msgspec.structs.replace(
        row,
        holds=kinds + feature,
        means=_prose(sources, row.means),
        choices=tuple(
            msgspec.structs.replace(part, means=_prose(sources, part.means)) for part in row.choices
        ),
    )


def _feature(sources: Sources, name: str) -> str:
    """Return a link to where a feature, or what is claimed like one, is specified."""
    rows = sources.suite.requirements.values()
    chapter = next(row.anchor.partition("#")[0] for row in rows if row.profile == name)
    return f"[`{_METHODS.get(name, name)}`](../spec/{chapter})"


def _prose(sources: Sources, text: str) -> str:
    """Return a description as Markdown, with links where it names requirements."""
    known = sources.suite.requirements
    return _ID.sub(lambda found: _reference(known[found[0]]), _plain(text))


def _reference(row: Requirement) -> str:
    return f"[{row.id}](../spec/{row.anchor})"


def _plain(text: str) -> str:
    """Return a text as Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _to_page(reference: str) -> str:
    """Return a link to the page of what a reference between schemas names."""
    name = page_name(reference.removesuffix(".json"))
    return f"[`{name}`]({name}.md)"


def _invalid(row: Mapping[str, Any]) -> Invalid:
    text = encode(row["value"])
    is_long = len(text) > LONGEST
    cut, language = (f"{text[:LONGEST]}…", "text") if is_long else (text, "json")
    return Invalid(cut, language, _plain(row["reason"]), row["pointer"])


def _pretty(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else json.dumps(value, ensure_ascii=False, indent=2)
