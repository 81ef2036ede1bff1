"""The pages of messages: nothing of a schema is missing on its page, and nothing is there twice."""

import json
import re
from collections import Counter
from posixpath import dirname, normpath
from typing import Any

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.json_text import encode
from conformance.loader.suite import load
from conformance.record.exchange import NAME, read
from conformance.rendering.explained.sources import Sources
from conformance.selftest.titles import titles
from docs.site.conditions import conditions
from docs.site.markdown import headings, slug
from docs.site.messages import INDEX, page_name, pages
from docs.site.shapes import members
from docs.site.snippets import messages, printed, snippets

STORE = SchemaStore(locations.schema_root())
NAMES = messages(STORE)
MEANS = "x-enum-descriptions"
WORDS = {
    MEANS, "type", "const", "enum", "anyOf", "not", "required", "description", "pattern", "minimum",
    "maximum", "exclusiveMinimum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
}  # fmt: skip
Facts = dict[tuple[str, str], Any]
"""What a schema says, by the path of the member and the word."""


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    suite = load()
    exchanges = read(locations.suite_root(suite.name) / NAME)
    return pages(Sources(suite, titles(), exchanges))


def rows_of(page: str) -> dict[str, str]:
    """The rows of the table of members, by the path of the member."""
    table = re.search(r"^\| member \| .*\n\| --- .*\n((?:\|.*\n)+)", page, re.MULTILINE)
    found = re.findall(r"^\| `([^`|]+)` \| (.+) \|$", table[1] if table else "", re.MULTILINE)
    return {path: row.replace("\\|", "|") for path, row in found}


def plainly(text: str) -> str:
    """Markdown without links and escapes."""
    return re.sub(r"\\([\\*\[\]<>|_])", r"\1", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text))


def collect(name: str, schema: Any, path: str, found: Facts) -> None:
    """Collect what the words of a schema say of each member; what is nearer to it counts."""
    for word in WORDS & set(schema):
        found.setdefault((path, word), schema[word])
    for key, row in schema.get("properties", {}).items():
        collect(name, row, f"{path}.{key}".lstrip("."), found)
    if "items" in schema:
        collect(name, schema["items"], f"{path}[]", found)
    if isinstance(schema.get("additionalProperties"), dict):
        collect(name, schema["additionalProperties"], f"{path}.*", found)
    if "$ref" in schema:
        file, _, place = schema["$ref"].partition("#")
        home = (
            normpath(f"{dirname(name)}/{file}").lstrip("/").removesuffix(".json") if file else name
        )
        value = json.loads(STORE.text(home))
        for key in filter(None, place.split("/")):
            value = value[key]
        collect(home, value, path, found)
    for part in schema.get("allOf", ()):
        if "if" not in part:
            collect(name, part, path, found)


def shown(word: str, value: Any) -> list[str]:
    """The texts by which a row shows what a word says."""
    if word == "not":
        return [text for inner, row in value.items() for text in shown(inner, row)]
    if word == "enum":
        return [f"`{row}`" for row in value]
    if word == MEANS:
        return []
    if word == "uniqueItems":
        return ["no two alike"]
    if word == "anyOf":
        return [row["type"] for row in value]
    if word == "type":
        return [value] if isinstance(value, str) else value
    return [value if word in ("pattern", "description") else encode(value)]


@pytest.mark.parametrize("name", NAMES)
def test_every_member_bound_and_value_is_in_the_row_of_its_member(
    name: str, made: dict[str, str]
) -> None:
    rows, found = rows_of(made[f"messages/{page_name(name)}"]), Facts()
    collect(name, STORE.document(name), "", found)
    chosen = {path for path, word in found if word in ("const", "enum")}
    for (path, word), value in found.items():
        at = path.removesuffix("[]")
        if word == "required":
            for key in value:
                assert rows[f"{path}.{key}".lstrip(".")].startswith("**required**"), (path, key)
        elif path and not (path in chosen and word not in ("const", "enum", "description")):
            for text in shown(word, value) if at == path or word != "description" else ():
                assert text in rows[at] or text in plainly(rows[at]), (path, word)
    meanings = [text for word, texts in found.items() if word[1] == MEANS for text in texts]
    assert all(text in plainly(made[f"messages/{page_name(name)}"]) for text in meanings)
    assert rows.keys() == {path.removesuffix("[]") for path, _ in found} - {""}


@pytest.mark.parametrize("name", NAMES)
def test_every_example_is_there_as_it_is_and_is_valid(name: str, made: dict[str, str]) -> None:
    page = made[f"messages/{page_name(name)}"]
    body = page.partition("\n## Examples\n")[2]
    blocks = [
        json.loads(row)
        for row in re.findall(r"^```json\n(.*?)^```$", body, re.DOTALL | re.MULTILINE)
    ]
    schema = STORE.document(name)
    assert blocks[: len(schema["examples"])] == schema["examples"]
    assert all(STORE.is_valid(name, value) for value in schema["examples"])


@pytest.mark.parametrize("name", NAMES)
def test_every_value_that_is_invalid_is_there_with_its_reason(
    name: str, made: dict[str, str]
) -> None:
    page = made[f"messages/{page_name(name)}"]
    rows = STORE.document(name)["x-invalid-examples"]
    assert f"What is invalid, and why ({len(rows)})" in page
    for row in rows:
        assert f"- {row['reason']}" in plainly(page), row["reason"]
        assert encode(row["value"])[:400] in page
        assert not STORE.is_valid(name, row["value"])


@pytest.mark.parametrize("name", NAMES)
def test_the_snippets_and_what_they_print_are_there(name: str, made: dict[str, str]) -> None:
    page, snippet, output = (
        made[f"messages/{page_name(name)}"], snippets(STORE)[name], printed()[name]
    )  # fmt: skip
    assert f"```python\n{snippet.python}```\n\nIt prints:\n\n```text\n{output.python}```" in page
    assert (
        f"```js\n{snippet.javascript}```\n\nIt prints:\n\n```text\n{output.javascript}```" in page
    )
    assert output.python
    assert output.javascript


def test_no_page_has_an_anchor_twice_and_no_two_pages_the_same(made: dict[str, str]) -> None:
    targets: Counter[str] = Counter()
    for page, text in made.items():
        own = re.findall(r"^\(([^)\s]+)\)=$", text, re.MULTILINE)
        targets.update(own)
        anchors = Counter(slug(title) for _, title in headings(text))
        anchors.update(name for name in own if page == INDEX and name == "the-examples")
        assert {name for name, count in anchors.items() if count > 1} <= {"the-examples"}, page
    assert set(targets.values()) == {1}
    assert targets.keys() >= {page_name(name) for name in NAMES}


def test_there_is_a_page_for_each_and_the_index_names_them_all(made: dict[str, str]) -> None:
    assert made.keys() == {INDEX, *(f"messages/{page_name(name)}" for name in NAMES)}
    for name in NAMES:
        assert f"]({page_name(name)}.md)" in made[INDEX]
        assert f"/messages/{page_name(name)}\n" in made[INDEX]


def test_every_requirement_in_the_text_is_a_link_to_its_place(made: dict[str, str]) -> None:
    requirements = load().requirements
    for page, text in made.items():
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        for name, place in re.findall(r"\[([A-Z]+-\d\d)\]\((.*?)\)", prose):
            assert place == f"../spec/{requirements[name].anchor}"
        assert re.findall(r"(?<!\[)\b[A-Z]+-\d\d\b", prose) == [], page


def test_who_may_send_what_in_which_state_is_that_of_the_table(made: dict[str, str]) -> None:
    def when(name: str) -> list[tuple[str, str]]:
        part = made[f"messages/{name}"].partition("\n## When\n")[2].partition("\n## ")[0]
        return re.findall(r"^- (The server|A client) .*in the state \[(\w+)\]", part, re.MULTILINE)

    assert when("auth_challenge") == [("The server", "connected")]
    assert when("auth_response") == [("A client", "challenged")]
    assert when("auth_result") == [("The server", "challenged"), ("The server", "authenticated")]
    assert when("error") == [("The server", "challenged"), ("The server", "authenticated")]
    assert when("ping") == when("text_input") == [("A client", "authenticated")]
    assert all(when(page_name(name)) for name in NAMES)
    assert all(
        when(page_name(n)) == [("The server", "authenticated")] for n in NAMES if "events/" in n
    )


def test_a_page_links_to_its_chapters(made: dict[str, str]) -> None:
    assert "· chapter [Events](../spec/events.md)\n" in made["messages/stt_result"]
    assert (
        "· chapter [Authentication](../spec/authentication.md)\n" in made["messages/auth_response"]
    )
    assert "(../spec/replay.md)\n" in made["messages/replay"]
    assert all("· chapter [" in text for page, text in made.items() if page != INDEX)


class _Store(SchemaStore):
    """A store whose one schema is given."""

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(locations.schema_root())
        self.schema = schema

    def document(self, name: str) -> Any:
        return self.schema if name == "made-up" else super().document(name)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"multipleOf": 2}}},
        {"properties": {"a": {"not": {"const": 1}}}},
        {"oneOf": []},
    ],
)
def test_what_there_are_no_words_for_is_an_error(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="pages have no words for"):
        members(_Store(schema), "made-up")


def test_a_sibling_of_a_reference_wins_and_a_reference_is_relative_to_its_file() -> None:
    confidence = "events/stt_result.json#/properties/data/properties/confidence"
    own = {"$ref": confidence, "maximum": 0.5, "description": "Own."}
    (row,) = members(_Store({"properties": {"n": own}}), "made-up")
    assert (row.holds, row.means) == ("number, 0 to 0.5", "Own.")


def test_pipes_in_patterns_do_not_end_a_cell() -> None:
    (row,) = members(_Store({"properties": {"a": {"pattern": "^(x|y)$"}}}), "made-up")
    assert row.holds == "matches `^(x\\|y)$`"


class One:
    """A store with one schema."""

    def __init__(self, **schema: Any) -> None:
        self.schema = schema

    def document(self, name: str) -> dict[str, Any]:
        """Return the schema."""
        return self.schema


@pytest.mark.parametrize(
    ("case", "then", "said"),
    [
        (
            {"enum": [1, 2]},
            {"required": ["b"]},
            "If `a` is one of `1`, `2`, or absent, `b` is required.",
        ),
        ({"const": None}, {"required": ["b"]}, "If `a` is `null`, or absent, `b` is required."),
        (
            {"const": 1},
            {"properties": {"b": {"type": "string"}}},
            "If `a` is `1`, or absent, `b` holds string.",
        ),
        (
            {"const": 1},
            {"properties": {"b": {"const": None}}},
            "If `a` is `1`, or absent, `b` is `null`.",
        ),
    ],
)
def test_what_a_condition_says_is_in_its_sentence(case: Any, then: Any, said: str) -> None:
    store: Any = One(**{"if": {"properties": {"a": case}}, "then": then})
    assert conditions(store, "it", str) == [said]


@pytest.mark.parametrize(
    ("case", "then"),
    [
        ({"pattern": "x"}, {"required": ["b"]}),
        ({"minItems": 2}, {"required": ["b"]}),
        ({"const": 1}, {"anyOf": [{"required": ["b"]}]}),
        ({"const": 1}, {"properties": {"b": {"anyOf": [{"const": 1}]}}}),
    ],
)
def test_a_condition_without_words_is_an_error(case: Any, then: Any) -> None:
    store: Any = One(**{"if": {"properties": {"a": case}}, "then": then})
    with pytest.raises(ValueError, match="no words"):
        conditions(store, "it", str)


def test_conditions_have_sentences_of_their_own() -> None:
    found = {name: conditions(STORE, name, lambda to: to) for name in NAMES}
    assert found["auth_challenge"] == [
        "If `data.methods` names `challenge_token`, `data.token` and `data.message` are required.",
        "Otherwise, `data.token` must be absent.",
    ]
    assert found["replay"] == [
        "If `data` is absent, `events` holds 1 to 50 items.",
        "If `data` is present and `events` is not empty,"
        " `data.from_seq` and `data.to_seq` are required.",
        "If `data` is present and `events` is empty,"
        " `data.from_seq` and `data.to_seq` must be absent.",
    ]
    conditional = [name for name in NAMES if '"if"' in STORE.text(name)]
    assert len(conditional) >= 6
    assert all(found[name] for name in conditional)
