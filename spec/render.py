"""Write the sentences of requirements.yaml into the chapters, or check that they are there.

`python spec/render.py` rewrites every requirement block in place; `--check` only compares. Both
exit with 1 when something is wrong that rewriting cannot mend.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

SPEC = Path(__file__).resolve().parent

BLOCK = re.compile(
    r'^<a id="(?P<anchor>[a-z]+-[0-9]+)"></a>\n(?P<quote>(?:>.*\n)*)', flags=re.MULTILINE
)


@dataclass(frozen=True)
class Requirement:
    """One entry of the registry, as far as a chapter shows it."""

    id: str
    level: str
    profile: str
    anchor: str
    sentence: str
    excluded: str | None = None

    @property
    def quote(self) -> str:
        """The Markdown quotation that belongs under this requirement's anchor."""
        text = f"> **{self.id}** · {self.level} · {self.profile} — {self.sentence}\n"
        return text if self.excluded is None else f"{text}>\n> *Not judged:* {self.excluded}\n"


@dataclass(frozen=True)
class Rendering:
    """What the chapters should be, the blocks that differ, and the faults to mend by hand."""

    chapters: dict[str, str]
    stale: list[str]
    faults: list[str]


def read_registry(text: str) -> dict[str, Requirement]:
    """Return the requirements of a registry by the last part of their anchors, `auth-05`."""
    names = Requirement.__dataclass_fields__
    entries = yaml.safe_load(text)["requirements"]
    rows = ({key: entry[key] for key in names if key in entry} for entry in entries)
    return {row["id"].lower(): Requirement(**row) for row in rows}


def render(chapters: dict[str, str], registry: dict[str, Requirement]) -> Rendering:
    """Return the chapters, texts by file name, with every block as the registry says."""
    rendering = Rendering({}, [], [])
    seen: set[str] = set()
    for name, text in chapters.items():
        block = partial(_block, chapter=name, registry=registry, seen=seen, rendering=rendering)
        rendering.chapters[name] = BLOCK.sub(block, text)
    for anchor, requirement in registry.items():
        if anchor not in seen:
            rendering.faults.append(f"{requirement.anchor}: {requirement.id} has no block")
    return rendering


def _block(
    match: re.Match[str],
    chapter: str,
    registry: dict[str, Requirement],
    seen: set[str],
    rendering: Rendering,
) -> str:
    anchor = match["anchor"]
    place = f"{chapter}#{anchor}"
    requirement = registry.get(anchor)
    if requirement is None:
        rendering.faults.append(f"{place}: {anchor.upper()} is not in requirements.yaml")
        return match[0]
    if anchor in seen:
        rendering.faults.append(f"{place}: {requirement.id} has a second block")
    if requirement.anchor != place:
        rendering.faults.append(f"{place}: {requirement.id} belongs to {requirement.anchor}")
    if match["quote"] != requirement.quote:
        rendering.stale.append(f"{place}: {requirement.id} differs from requirements.yaml")
    seen.add(anchor)
    return match[0].removesuffix(match["quote"]) + requirement.quote


def main() -> int:
    """Render or check the chapters beside this file and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only, and write nothing")
    check = parser.parse_args().check
    registry = read_registry((SPEC / "requirements.yaml").read_text("utf-8"))
    before = {path.name: path.read_text("utf-8") for path in sorted(SPEC.glob("*.md"))}
    rendering = render(before, registry)
    for name, text in rendering.chapters.items():
        if not check and text != before[name]:
            (SPEC / name).write_text(text, "utf-8")
    problems = rendering.faults + (rendering.stale if check else [])
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
