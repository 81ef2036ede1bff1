"""Write the generated tables of the page on the scenario language, or check that they are there.

`python schemas/language.py` rewrites every generated block in place; with `--check` it names what
is stale and exits 1.
"""

import argparse
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conformance.engine.dialogue import Dialogue
from conformance.engine.pace import Pace
from conformance.json_text import encode
from conformance.loader import functions
from conformance.loader.expressions import Function
from conformance.loader.suite import load
from conformance.suites import coda

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent / "conformance" / "suites" / "README.md"
BLOCK = re.compile(
    r"(?P<begin><!-- generated: (?P<name>[a-z-]+) -->\n)(?P<text>.*?)(?P<end><!-- end -->\n)",
    flags=re.DOTALL,
)
OF_DIALOGUE: Mapping[str, Function] = {
    "unique": Dialogue.unique,
    "affordable": Pace.affordable,
    "pacing": Pace.duration,
}
FEW = 5
"""Verbs up to which those are named that lack a modifier, and not those that have it."""

MEMBERS = ("member", "what it says")

Row = Sequence[str]


def read(name: str) -> dict[str, Any]:
    """Return a schema of the kit's own files."""
    schema: dict[str, Any] = json.loads((FOLDER / "kit" / f"{name}.json").read_text("utf-8"))
    return schema


SCENARIO = read("scenario")
PARTS: dict[str, Any] = SCENARIO["$defs"]
VERBS = [row["$ref"].rpartition("/")[2] for row in PARTS["step"]["oneOf"]]


def table(heads: Row, rows: Iterable[Row]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def code(*words: str) -> str:
    """Return words in code, with commas between."""
    return ", ".join(f"`{word}`" for word in words)


def described(schema: Mapping[str, Any]) -> str:
    """Return what a schema says of its values: itself, or where it refers to."""
    if "description" in schema:
        return str(schema["description"])
    return described(PARTS[schema["$ref"].rpartition("/")[2]])


def members(schema: Mapping[str, Any]) -> str:
    """Return a table of an object's members; those that may be left out have a default, or none."""
    needed, rows = schema.get("required", ()), schema["properties"]
    if len(needed) == len(rows):
        return table(MEMBERS, [(code(name), described(row)) for name, row in rows.items()])
    defaults = ["required" if name in needed else _default(row) for name, row in rows.items()]
    return table(
        (MEMBERS[0], "default", MEMBERS[1]),
        [
            (code(name), default, described(row))
            for (name, row), default in zip(rows.items(), defaults, strict=True)
        ],
    )


def _default(schema: Mapping[str, Any]) -> str:
    return code(encode(schema["default"]).strip('"')) if "default" in schema else ""


def enumeration(schema: Mapping[str, Any], heads: Row) -> str:
    """Return a table of the values of an enumeration."""
    rows = zip(schema["enum"], schema["x-enum-descriptions"], strict=True)
    return table(heads, [(code(value), text) for value, text in rows])


def verbs() -> str:
    """Return the table of verbs."""
    rows = [
        (code(verb), described(PARTS[verb]), described(PARTS[verb]["properties"][verb]))
        for verb in VERBS
    ]
    return table(("verb", "what it does", "its argument"), rows)


def arguments() -> str:
    """Return the table of what the arguments of verbs consist of, and frames."""
    found = [(code(verb), PARTS[verb]["properties"][verb]) for verb in VERBS]
    found.insert(VERBS.index("send_raw") + 1, ("a frame of `frames`", PARTS["frame"]))
    rows = [
        (of, code(name), described(row))
        for of, schema in found
        for name, row in schema.get("properties", {}).items()
    ]
    return table(("argument of", "member", "what it says"), rows)


def modifiers() -> str:
    """Return the table of modifiers, those of the most verbs first."""
    found: dict[tuple[str, str], list[str]] = {}
    for verb in VERBS:
        for name, row in PARTS[verb]["properties"].items():
            if name != verb:
                found.setdefault((name, described(row)), []).append(verb)
    rows = sorted(found.items(), key=lambda row: -len(row[1]))
    return table(
        ("modifier", "of", "what it says"),
        [(code(name), _verbs(name, having), text) for (name, text), having in rows],
    )


def _verbs(modifier: str, having: Sequence[str]) -> str:
    """Return the verbs that have a modifier, in the fewest words."""
    others = [verb for verb in VERBS if verb not in having]
    if not others:
        return "all"
    if len(others) <= FEW:
        return f"all but {code(*others)}"
    needed = [modifier in PARTS[verb]["required"] for verb in having]
    return ", ".join(
        code(verb) + (" (required)" if is_needed else "")
        for verb, is_needed in zip(having, needed, strict=True)
    )


def calls(named: Mapping[str, Function]) -> str:
    """Return a table of functions, each with its arguments."""
    rows = [(code(_call(name, f)), (inspect.getdoc(f) or "").partition("\n")[0])
            for name, f in named.items()]  # fmt: skip
    return table(("call", "what it gives"), rows)


def _call(name: str, function: Function) -> str:
    found = inspect.signature(function).parameters.values()
    words = [
        f"{row.name}{'' if row.default is row.empty else '?'}: …"
        for row in found
        if row.name != "self"
    ]
    return "{" + ", ".join([f"$fn: {name}", *words]) + "}"


def variables() -> str:
    """Return the table of the variables that come from the suite's header."""
    suite = load()
    rows = [
        (code(f"${name}"), f"stated at {code(row['stated'])}", _otherwise(row))
        for name, row in suite.parameters.items()
    ]
    rows += [(code(f"${name}"), "computed, or fixed", "") for name in suite.variables]
    return table(("variable", "where it comes from", "otherwise"), rows)


def _otherwise(row: Mapping[str, Any]) -> str:
    if "instead" in row:
        return code(f"${row['instead']}")
    return code(encode(row["default"])) if "default" in row else "only a target file can say it"


def procedures() -> str:
    """Return the table of procedures."""
    rows = [
        (code(name), code(*procedure.parameters), procedure.title)
        for name, procedure in sorted(load().procedures.items())
    ]
    return table(("procedure", "parameters", "what it does"), rows)


BLOCKS: Mapping[str, Callable[[], str]] = {
    "header": lambda: members(SCENARIO),
    "isolation": lambda: enumeration(
        SCENARIO["properties"]["isolation"], ("isolation", "what runs beside it")
    ),
    "verbs": verbs,
    "arguments": arguments,
    "modifiers": modifiers,
    "functions": lambda: calls({**functions.FUNCTIONS, **OF_DIALOGUE}),
    "functions-of-the-suite": lambda: calls(coda.FUNCTIONS),
    "variables": variables,
    "forms": lambda: table(
        ("form", "what makes no difference"),
        [(code(form.id), form.title) for form in load().forms.values()],
    ),
    "barrier": lambda: members(read("suite")["properties"]["barrier"]),
    "causes": lambda: enumeration(
        read("report")["$defs"]["result"]["properties"]["cause"], ("cause", "when")
    ),
    "negatives": lambda: members(read("negatives")["$defs"]["negative"]),
    "procedures": procedures,
    "suite": lambda: members(read("suite")),
}


def rendered(page: str) -> str:
    """Return the page with every generated block as the schemas and the code say.

    Raises `KeyError` for a block of an unknown name.
    """
    return BLOCK.sub(
        lambda found: f"{found['begin']}\n{BLOCKS[found['name']]()}\n{found['end']}", page
    )


def stale(before: str, after: str) -> Iterator[str]:
    """Yield the names of the blocks that differ."""
    blocks = zip(BLOCK.finditer(before), BLOCK.finditer(after), strict=True)
    return (old["name"] for old, new in blocks if old["text"] != new["text"])


def main() -> int:
    """Write what is stale, or with --check name it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when a block is stale")
    check = parser.parse_args().check
    before = PAGE.read_text("utf-8")
    after = rendered(before)
    for name in stale(before, after):
        sys.stdout.write(f"{'stale' if check else 'written'}: {name}\n")
    if not check:
        PAGE.write_text(after, "utf-8")
    return 1 if check and after != before else 0


if __name__ == "__main__":
    sys.exit(main())
