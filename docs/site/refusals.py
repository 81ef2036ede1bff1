"""Refusals: the codes with which a server answers a message that it does not accept."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from conformance.documents import yaml_source
from conformance.documents.shape import resolved
from conformance.loader.suite import Suite
from docs.site.specification import CHAPTERS

FILE: Final = Path(__file__).with_name("answers.yaml")

KINDS: Final[Mapping[str, str]] = {
    "error": "error code",
    "auth_result": "authentication failure code",
    "token_result": "token failure code",
}
"""The kind of code that an answer has, as the suite calls it."""

ANY: Final = "internal_error"
"""The code that may answer any message."""


class Refusal(msgspec.Struct, frozen=True):
    """A code: the message that has it, what it means, and what becomes of the connection."""

    answer: str
    code: str
    means: str
    connection: str


def table() -> dict[str, dict[str, list[str]]]:
    """Return the codes that refuse each message of a client, by the message that has the code."""
    return msgspec.convert(
        yaml_source.parse(FILE.read_text("utf-8"), FILE.name).value, dict[str, dict[str, list[str]]]
    )


def refusals(suite: Suite, message: str) -> list[Refusal]:
    """Return the codes that answer a message of a client, or none for any other.

    Raises `KeyError` for a code that the schemas or the tables of the specification do not have.
    """
    rows = table().get(message, {})
    asked = [(answer, code) for answer, codes in rows.items() for code in codes]
    if rows:
        asked.append(("error", ANY))
    return [_refusal(suite, answer, code) for answer, code in asked]


def _refusal(suite: Suite, answer: str, code: str) -> Refusal:
    codes = suite.vocabulary.codes[KINDS[answer]]
    _, schema = resolved(suite.schemas, "", codes.schema)
    means = dict(zip(schema["enum"], schema["x-enum-descriptions"], strict=True))[code]
    ends = {
        row.cells[0][1].strip("`"): dict(row.cells).get("the connection", "stays open")
        for row in CHAPTERS.rows
        if row.place == f"spec/{codes.table}"
    }
    return Refusal(answer, code, means, ends[code])
