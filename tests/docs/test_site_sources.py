"""Pages as Markdown, before Sphinx: sections, links, ids, pictures, files, options."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from docs.site import dialogues, drawing, files, markdown, mentions, options, states
from docs.site.assembly import parts
from docs.site.places import OWN, Part, Places, rewritten
from docs.site.specification import CHAPTERS
from docs.site.words import code, table
from tests.support.kit import LIMIT, ROOT

TEXT = """\
# Title

## One

first

```sh
# no heading
```

### Below

more

## Two

[x](#one) and `[no](link)`
"""


def test_a_section_ends_at_the_next_one_and_its_headings_move_up() -> None:
    assert markdown.section(TEXT, "One").splitlines()[0] == "first"
    assert "\n## Below\n" in markdown.section(TEXT, "One")
    assert "# no heading" in markdown.section(TEXT, "One")
    assert "Two" not in markdown.section(TEXT, "One")
    assert "Below" not in markdown.section(TEXT, "One", only_top=True)


def test_a_section_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        markdown.section(TEXT, "Three")


@pytest.mark.parametrize("mark", ["include: README.md § No such section", "site: nonsense"])
def test_a_comment_that_stands_for_nothing_is_an_error(tmp_path: Path, mark: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text("# Title\n")
    (tmp_path / "docs" / "page.md").write_text(f"# Page\n\n<!-- {mark} -->\n")
    with pytest.raises(KeyError):
        parts(tmp_path, "docs/page.md", {})


PAGES = {
    "spec/index": [Part("spec/README.md", "# Spec\n\n## Terms\n")],
    "guides/ci": [Part("docs/guides/ci.md", "# CI\n"), Part("README.md", "x\n", "In CI")],
    "made": [Part(OWN, "# Made\n")],
}
PLACES = Places.of(PAGES, {"schemas/kit": "files/index"}, ["schemas/x.json", "reports/r.png"])


@pytest.mark.parametrize(
    ("link", "as_it_is"),
    [
        ("[a](../../spec/README.md#terms)", "[a](../spec/index.md#terms)"),
        ("[a](../../spec/)", "[a](../spec/index.md)"),
        ("[a](../../README.md#in-ci)", "[a](#)"),
        ("[a](../../schemas/kit/)", "[a](../files/index.md)"),
        ("[`a`](../../schemas/x.json)", '<a href="../schemas/x.json">`a`</a>'),
        ("![a](../../reports/r.png)", '<img src="../reports/r.png" alt="a">'),
        ("[`a` b](../../.ci/run)", "`a` b"),
        ("[a](https://x.example/)", "[a](https://x.example/)"),
        ("`[a](../../.ci/run)`", "`[a](../../.ci/run)`"),
    ],
)
def test_a_link_leads_to_where_the_site_has_it(link: str, as_it_is: str) -> None:
    part = Part("docs/guides/ci.md", link)
    assert rewritten("guides/ci", part, PLACES) == as_it_is


def test_an_anchor_becomes_a_target_but_not_in_code() -> None:
    text = '<a id="a-01"></a>\n> x\n\n```text\n<a id="a-02"></a>\n```\n'
    assert markdown.targets(text) == '(a-01)=\n> x\n\n```text\n<a id="a-02"></a>\n```\n'


def test_ids_become_links_outside_code_links_and_headings() -> None:
    known = {
        "A-01": "spec/x#a-01",
        "area/one": "scenarios/area#area-one",
        "area/": "scenarios/area",
    }
    text = "## A-01\n\nA-01, `area/one`, `area/`, [A-01](y.md), `A-02`\n\n```sh\nA-01\n```\n"
    assert mentions.linked("guides/p", text, known) == (
        "## A-01\n\n[A-01](../spec/x.md#a-01), [`area/one`](../scenarios/area.md#area-one), "
        "[`area/`](../scenarios/area.md), [A-01](y.md), `A-02`\n\n```sh\nA-01\n```\n"
    )


def test_the_picture_of_the_states_has_every_transition_of_the_table() -> None:
    rows = states.transitions(row.cells for row in CHAPTERS.rows)
    table = (ROOT / "spec" / "states.md").read_text("utf-8").partition("| what happens |")[2]
    assert len(rows) == len(re.findall(r"^\| (?!---)", table.partition("\n## ")[0], re.MULTILINE))
    drawn = re.sub(r"</?text[^>]*>", " ", states.drawn(rows))
    shown = " ".join(drawn.split())
    for row in rows:
        for text in (row.happens, row.answer):
            assert shown.count(text.split(",")[0]) >= 1, text


def test_lines_of_a_picture_fit_and_lose_no_word() -> None:
    text = "a client that is authenticated sends client_message after client_message"
    found = drawing.broken(text, 150)
    assert len(found) > 1
    assert " ".join(found) == text
    assert all(drawing.width(line) <= 150 for line in found)


def test_a_dialogue_shows_every_message_and_note() -> None:
    diagram = (
        "sequenceDiagram\n participant A as Ada\n participant B as Bob\n A->>B: one <1>\n"
        " Note over A,B: two\n alt three\n B-->>A: four\n else five\n A->>B: six\n end\n"
    )
    drawn = dialogues.drawn(diagram)
    for text in ("Ada", "Bob", "one &lt;1&gt;", "two", "if three", "four", "or if five", "six"):
        assert drawn.count(f">{text}</text>") == len(drawing.WIDTHS), text


def test_a_diagram_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(ValueError, match="no line of a sequence diagram"):
        dialogues.drawn("sequenceDiagram\n participant A as A\n loop x\n")


def test_every_file_of_the_kit_has_a_page_with_each_of_its_members() -> None:
    store = SchemaStore(locations.schema_root())
    pages = files.pages(store)
    for path in (ROOT / "schemas" / "kit").glob("*.json"):
        page = pages[f"files/{path.stem}"]
        schema = store.document(f"kit/{path.stem}")
        for name, part in {"": schema, **schema.get("$defs", {})}.items():
            assert not name or f"## `{name}`" in page
            assert all(f"`{row}`\n: " in page for row in part.get("properties", {}))


def test_the_options_of_the_plugin_are_listed() -> None:
    text = options.markdown()
    is_installed = "codaconformance" in {row.name for row in entry_points(group="pytest11")}
    named = ["-p", "conformance.pytest_plugin.plugin"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *([] if is_installed else named), "--help"],
        cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False,
    )  # fmt: skip
    told = set(re.findall(r"^ +(--coda[a-z-]*)", done.stdout, re.MULTILINE))
    assert len(told) > 5
    assert told == set(re.findall(r"^\[`+ ?(--[a-z-]+)", text, re.MULTILINE))
    assert "[`--coda-inconclusive={exit,fail,skip}`]" in text


def test_bars_and_backquotes_of_data_stay_in_their_cells() -> None:
    assert table(("a",), [("x | y",)]).splitlines()[-1] == r"| x \| y |"
    assert code("a`b") == "`` a`b ``"
