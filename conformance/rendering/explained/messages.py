"""What a message is: who sends it and when, its members, an example."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.documents.shape import members
from conformance.json_text import encode
from conformance.loader.glossary import Word
from conformance.rendering.explained.codes import commands, requirements_block, tables
from conformance.rendering.explained.page import Block, Page, Row
from conformance.rendering.explained.sources import COMMAND, Sources

DIRECTIONS: Final = {"server": "server → client", "client": "client → server"}

EXAMPLES: Final = 2


def page(sources: Sources, word: Word) -> Page:
    """Return what there is to say of a message."""
    schema = sources.suite.schemas.document(word.schema)
    named = sources.named_in(word.name)
    blocks = [
        Block("Members", tuple(_members(sources, word.schema))),
        tables(sources, word.name),
        Block("Examples", tuple(_examples(schema))),
        requirements_block(named),
        Block("In the schemas", (Row(f"{COMMAND} schema {word.schema}", whole=True),)),
        commands(named),
    ]
    sender = DIRECTIONS.get(schema.get("x-sender", ""), "")
    feature = schema.get("x-feature")
    facts = (word.kind, sender, f"feature {feature}" if feature else "")
    return Page(
        word.name,
        tuple(filter(None, facts)),
        schema.get("description", ""),
        tuple(blocks),
    )


def _members(sources: Sources, name: str) -> Iterator[Row]:
    for row in members(sources.suite.schemas, name):
        must = "required" if row.required else "optional"
        kind = ", ".join(filter(None, (must, row.holds)))
        yield Row(f"{kind}. {row.means}".rstrip(), f"{row.path}:")


def _examples(schema: Mapping[str, Any]) -> Iterator[Row]:
    shortest = sorted(schema.get("examples", ()), key=lambda row: len(encode(row)))
    yield from (Row(encode(row)) for row in shortest[:EXAMPLES])
