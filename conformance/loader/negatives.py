"""Scenarios generated from the schemas: each member dropped, mistyped or out of bounds.

A suite says in `negatives.yaml` which messages to generate them for, what answers a valid one and
what a refused one. Every mutation is checked against the schema first: one that the schema accepts
is left out.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.documents.schemas import SchemaStore
from conformance.documents.validation import header_faults
from conformance.documents.yaml_source import Source
from conformance.errors import did_you_mean
from conformance.json_text import at
from conformance.loader.script import ScriptReader
from conformance.model import Scenario

TYPES: Final[Mapping[str, Any]] = {
    "null": None,
    "boolean": True,
    "integer": 7,
    "fraction": 0.5,
    "text": "7",
    "array": [],
    "object": {},
}

OUT_OF_BOUNDS: Final[Mapping[str, Any]] = {
    "empty": "",
    "too long": "x" * 129,
    "far too long": "x" * 5000,
    "negative": -1,
    "no such value": "no-such-value",
    "spaced": "a b",
    "not ASCII": "é" * 64,
}

TITLES: Final[Mapping[str, str]] = {
    "missing": "{schema} without {member} is refused",
    "mistyped": "{schema} whose {member} has the wrong type is refused",
    "out-of-bounds": "{schema} whose {member} is out of bounds is refused",
}


def negatives(source: Source, schemas: SchemaStore, reader: ScriptReader) -> Iterator[Scenario]:
    """Yield the scenarios that a suite's `negatives.yaml` asks for."""
    header_faults(reader.schemas, "kit/negatives", source)
    for i, row in enumerate(source.value["negatives"]):
        if row["schema"] not in schemas.names():
            hint = did_you_mean(row["schema"], schemas.names())
            told = f'there is no schema "{row["schema"]}"{hint}'
            raise source.error(told, ("negatives", i, "schema"))
        if not schemas.is_valid(row["schema"], _plain(row["valid"])):
            message = f"the valid {row['name']} breaks schemas/{row['schema']}.json"
            raise source.error(message, ("negatives", i, "valid"))
        for j, member in enumerate(row["members"]):
            if not _is_in(row["valid"], member):
                message = f'the valid {row["name"]} has no member "{member}"'
                raise source.error(message, ("negatives", i, "members", j))
            for kind, mutants in _mutants(row, member, schemas).items():
                if not mutants:
                    continue
                value = _scenario(row, member, kind, mutants)
                written = Source(source.file, value, source.root.value[0][1].value[i])
                yield reader.checked(written, f"schema/{row['name']}/{member}/{kind}")


def _mutants(row: Mapping[str, Any], member: str, schemas: SchemaStore) -> dict[str, list[Any]]:
    """Return the messages in which one member is invalid, by kind."""
    valid = row["valid"]
    value = at(valid, f"/{member}")
    of_its_type = [
        v for v in OUT_OF_BOUNDS.values() if isinstance(v, str) == isinstance(value, str)
    ]
    other_types = [v for v in TYPES.values() if not isinstance(value, type(v)) or v is None]
    found = {
        "missing": [_without(valid, member)],
        "mistyped": [_with(valid, member, v) for v in other_types],
        "out-of-bounds": [_with(valid, member, v) for v in of_its_type if _scalar(value)],
    }
    return {
        kind: [m for m in mutants if not schemas.is_valid(row["schema"], _plain(m))]
        for kind, mutants in found.items()
    }


def _is_in(message: Any, member: str) -> bool:
    try:
        at(message, f"/{member}")
    except LookupError:
        return False
    return True


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _scenario(row: Mapping[str, Any], member: str, kind: str, mutants: list[Any]) -> dict[str, Any]:
    """Return the scenario as a file would have it: the valid twin first, then each mutant."""
    article = "An" if row["name"][0] in "aeiou" else "A"
    title = f"{article} {TITLES[kind]}".format(schema=row["name"], member=member.replace("/", "."))
    twin = row["twin"]
    steps: list[dict[str, Any]] = []
    for i, mutant in enumerate(mutants):
        on = {"on": f"m{i}"} if row.get("alone") else {}
        steps += [{**step, **on} for step in row["before"]] if on else []
        steps += [{"send": mutant, **on}, {"expect": row["refused"], **on}]
    value = {"title": title, "requirements": [row["requirement"]], "steps": steps}
    value["setup"] = ([] if row.get("alone") else row["before"]) + twin
    value["claims"] = row.get("claims", [])
    value["steps"] = steps + row.get("after", [])
    return value


def _plain(message: Any) -> Any:
    """Return the message with a text in place of every variable, as the schema will see it."""
    if isinstance(message, dict):
        return {key: _plain(value) for key, value in message.items()}
    return "probe" if isinstance(message, str) and message.startswith("$") else message


def _with(message: Any, member: str, value: Any) -> Any:
    changed = copy.deepcopy(message)
    *parents, last = member.split("/")
    at(changed, "".join(f"/{name}" for name in parents))[last] = value
    return changed


def _without(message: Any, member: str) -> Any:
    changed = copy.deepcopy(message)
    *parents, last = member.split("/")
    del at(changed, "".join(f"/{name}" for name in parents))[last]
    return changed
