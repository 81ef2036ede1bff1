"""Markdown as a reader renders it: which tables it has, what they show, and what else it holds."""

from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

ENDS: Final = ("open", "close")
BLOCKS: Final = (
    "table", "thead", "tbody", "tr", "th", "td", "heading", "paragraph", "strong", "bullet_list",
    "ordered_list", "list_item",
)  # fmt: skip
WITHIN: Final = ("inline", "text", "code_inline", "fence", "hardbreak", "softbreak")
HARMLESS: Final = frozenset({*WITHIN, *(f"{name}_{end}" for name in BLOCKS for end in ENDS)})
"""What the kit's own documents are made of: no links, images, HTML or emphasis."""

_PARSER: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(text: str) -> Iterator[Token]:
    """Every token, those within lines too."""
    for token in _PARSER.parse(text):
        yield token
        yield from token.children or ()


def strange(text: str) -> set[str]:
    """The kinds of markup in a document that the kit writes nowhere."""
    return {token.type for token in tokens(text)} - HARMLESS


def bare(text: str) -> str:
    """The text that stands outside code, where GitHub makes links, mentions and formulas."""
    return "\n".join(token.content for token in tokens(text) if token.type == "text")


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each row of each table, as they are shown."""
    found: list[list[list[str]]] = []
    for token, inner in _pairs(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("th_open", "td_open"):
            found[-1][-1].append("".join(child.content for child in inner.children or ()))
    return found


def _pairs(text: str) -> Iterator[tuple[Token, Token]]:
    parsed = _PARSER.parse(text)
    return zip(parsed, [*parsed[1:], Token("", "", 0)], strict=True)
