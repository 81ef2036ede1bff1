"""The registry of requirements is well formed, and the chapters hold together."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

SPEC = Path(__file__).parents[2] / "spec"
CHAPTERS = sorted(path.name for path in SPEC.glob("*.md"))

FENCE = re.compile(r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
KEYWORD = re.compile(r"\b(MUST|SHALL|REQUIRED|SHOULD|RECOMMENDED|MAY|OPTIONAL)\b")
LEVEL_OF = {
    "MUST": "MUST",
    "SHALL": "MUST",
    "REQUIRED": "MUST",
    "SHOULD": "SHOULD",
    "RECOMMENDED": "SHOULD",
    "MAY": "MAY",
    "OPTIONAL": "MAY",
}
PROFILES = {
    "core", "compat", "hmac", "tokens", "resume", "replay", "heartbeat", "limits", "cluster",
}  # fmt: skip
KEYS = {"id", "level", "role", "profile", "anchor", "sentence"}


@cache
def registry() -> list[dict[str, Any]]:
    """Return the entries of requirements.yaml."""
    entries = yaml.safe_load((SPEC / "requirements.yaml").read_text("utf-8"))["requirements"]
    assert isinstance(entries, list)
    return entries


@cache
def prose(chapter: str) -> str:
    """Return a chapter without its fenced blocks."""
    return FENCE.sub("", (SPEC / chapter).read_text("utf-8"))


def mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield every mapping of a YAML document."""
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from mappings(value)


def targets(chapter: str) -> set[str]:
    """Return what a link into a chapter may name: its anchors and the slugs of its headings."""
    headings = re.findall(r"^#+ (.+)$", prose(chapter), flags=re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)"></a>', prose(chapter)))


def links(chapter: str) -> list[str]:
    """Return the destinations of a chapter's links to other places in this project."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(chapter))
    return [link for link in found if not link.startswith("https://")]


each_requirement = pytest.mark.parametrize("entry", registry(), ids=lambda entry: entry["id"])
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)


def test_no_mapping_of_the_registry_has_a_key_twice() -> None:
    document = yaml.compose((SPEC / "requirements.yaml").read_text("utf-8"))
    assert document is not None
    for mapping in mappings(document):
        counts = Counter(key.value for key, _ in mapping.value)
        assert set(counts.values()) == {1}, f"line {mapping.start_mark.line + 1}: {counts}"


def test_ids_are_unique() -> None:
    counts = Counter(entry["id"] for entry in registry())
    assert [name for name, count in counts.items() if count > 1] == []


def test_ids_are_numbered_from_1_without_gaps_in_each_area() -> None:
    areas: dict[str, list[int]] = {}
    for entry in registry():
        area, number = entry["id"].rsplit("-", 1)
        areas.setdefault(area, []).append(int(number))
    assert areas == {area: list(range(1, len(found) + 1)) for area, found in areas.items()}


@each_requirement
def test_a_requirement_has_the_members_that_it_needs_and_no_others(entry: dict[str, Any]) -> None:
    assert entry.keys() - {"claim", "excluded"} == KEYS
    assert re.fullmatch(r"[A-Z]+-[0-9]{2}", entry["id"])
    assert entry["level"] in {"MUST", "SHOULD", "MAY"}
    assert entry["role"] in {"server", "client"}
    assert entry["profile"] in PROFILES
    claims = {"challenge_token", "hmac_sha256", "permessage-deflate"}
    possible = claims if entry["role"] == "server" else {"comes_back"}
    assert entry.get("claim") in {None, *possible}


@each_requirement
def test_the_keywords_of_a_sentence_agree_with_its_level(entry: dict[str, Any]) -> None:
    keywords = KEYWORD.findall(entry["sentence"])
    assert {LEVEL_OF[keyword] for keyword in keywords} == {entry["level"]}


@each_requirement
def test_a_sentence_is_one_line_of_text_with_one_full_stop_at_its_end(
    entry: dict[str, Any],
) -> None:
    sentence = entry["sentence"]
    assert sentence == " ".join(sentence.split())
    assert sentence.endswith(".")
    assert ". " not in sentence


@each_requirement
def test_an_exclusion_says_why(entry: dict[str, Any]) -> None:
    reason = entry.get("excluded", "There is none.")
    assert isinstance(reason, str)
    assert len(reason.split()) >= 3


@each_requirement
def test_an_anchor_names_a_chapter_that_has_it(entry: dict[str, Any]) -> None:
    chapter, _, anchor = entry["anchor"].partition("#")
    assert anchor == entry["id"].lower()
    assert chapter in CHAPTERS
    assert f'<a id="{anchor}"></a>' in prose(chapter)


@each_chapter
def test_every_internal_link_of_a_chapter_resolves(chapter: str) -> None:
    for link in links(chapter):
        name, _, fragment = link.partition("#")
        target = SPEC / (name or chapter)
        assert target.exists(), link
        assert not fragment or fragment in targets(target.name), link


@each_chapter
def test_a_link_that_shows_an_id_leads_to_that_requirement(chapter: str) -> None:
    for shown, link in re.findall(r"\[([A-Z]+-[0-9]{2})\]\(([^)\s]+)\)", prose(chapter)):
        assert link.endswith(f"#{shown.lower()}")


def test_every_chapter_is_in_the_index() -> None:
    assert {"README.md", *links("README.md")} >= set(CHAPTERS)


def test_the_readme_lists_the_excluded_requirements_and_no_others() -> None:
    section = prose("README.md").partition("## What is not judged\n")[2]
    listed = re.findall(r"^- \[([A-Z]+-[0-9]{2})\]", section, flags=re.MULTILINE)
    assert listed == [entry["id"] for entry in registry() if "excluded" in entry]
