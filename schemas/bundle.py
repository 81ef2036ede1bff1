"""Lay out the schema files and generate the unions of messages and bundle.json, the flat form.

`python schemas/bundle.py` writes; with `--check` it names what is stale and exits 1.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conformance.documents.flat import (
    BASE,
    ENVELOPE,
    definition_name,
    flatten,
    is_event,
    with_envelope,
)
from conformance.text.json_layout import layout

FOLDER = Path(__file__).resolve().parent
DRAFT = "https://json-schema.org/draft/2020-12/schema"
BUNDLE = "bundle.json"
UNIONS = {
    "client": ("client_to_server", "Message from a client"),
    "server": ("server_to_client", "Message from a server"),
}
"""By who sends the messages: the name and the title of their union."""

UNKNOWN = {
    "client": "Every message that a client may send; the server refuses others.",
    "server": "Every message that a server may send, the known events included. An event of a "
    "type that is not here is legal as well, and is ignored: choose by type first.",
}
GENERATED = {BUNDLE, "asyncapi.json", *(f"{name}.json" for name, _ in UNIONS.values())}
ANYTHING = {
    "description": "JSON value. Any value.",
    "anyOf": [
        {"type": "object"},
        {"type": "array"},
        {"type": "string"},
        {"type": "number"},
        {"type": "boolean"},
        {"type": "null"},
    ],
}
"""What generators of types understand better than a schema without any rule."""


def sources(folder: Path = FOLDER) -> list[Path]:
    """Return the protocol's schema files in stable order, without generated and the kit's own."""
    found = (path.relative_to(folder) for path in folder.rglob("*.json"))
    return sorted(path for path in found if path.parts[0] not in {"kit", *GENERATED})


def unions(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the unions of all messages from one side, by file name."""
    senders = {
        file: schema.get("x-sender")
        for file, schema in schemas.items()
        if not file.startswith("commands/") and BASE + file != ENVELOPE
    }
    return {
        f"{name}.json": {
            "$schema": DRAFT,
            "$id": f"{BASE}{name}.json",
            "title": title,
            "description": UNKNOWN[side],
            "oneOf": [{"$ref": file} for file, sender in senders.items() if sender == side],
        }
        for side, (name, title) in UNIONS.items()
    }


def definitions(schemas: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the name and flat schema of every message, event, command and common definition."""
    envelope = flatten(schemas["event.json"], ENVELOPE)
    for file, schema in schemas.items():
        base = BASE + file
        if "$defs" in schema:
            for name, definition in schema["$defs"].items():
                yield name, flatten(definition, base)
        else:
            flat = flatten(schema, base)
            event = is_event(schema, base)
            yield definition_name(base), with_envelope(flat, envelope) if event else flat


def bundle(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the flat bundle of schemas by file name; raise ValueError when two share a name."""
    flat: dict[str, Any] = {"json_value": ANYTHING}
    named = list(definitions({**schemas, **unions(schemas)}))
    for name, definition in named:
        _add(flat, name, definition)
    for name, definition in named:
        stem = name.removesuffix("_event")
        _hoist(flat, definition, name if stem in flat else stem)
    for definition in flat.values():
        _untitle(definition)
    return {
        "$schema": DRAFT,
        "$id": BASE + BUNDLE,
        "title": "Coda message",
        "description": "Every message that the protocol knows. Each schema of the protocol is a "
        "definition of this flat file, which bundle.py generates.",
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name, _ in UNIONS.values()],
        "$defs": dict(sorted(flat.items())),
    }


def _add(flat: dict[str, Any], name: str, definition: Any) -> None:
    if name in flat:
        raise ValueError(f"two schemas are named {name}")
    flat[name] = definition


def _hoist(flat: dict[str, Any], schema: Any, stem: str) -> None:
    """Make definitions of the titled schemas inside a flat one: `data` is named after its stem."""
    for key, row in schema.get("properties", {}).items():
        if row.keys() == {"description"}:
            row["allOf"] = [{"$ref": "#/$defs/json_value"}]
        if "title" in row:
            _hoist(flat, row, stem)
            said = {"description": row["description"]}
            if key == "data":
                row["title"] = f"Data of {stem}"
            name = f"{stem}_data" if key == "data" else re.sub(r"\W+", "_", row["title"].lower())
            _add(flat, name, row)
            schema["properties"][key] = {**said, "allOf": [{"$ref": f"#/$defs/{name}"}]}


def _untitle(definition: dict[str, Any]) -> None:
    """Let a definition be named by nothing but its key: its title begins its description."""
    title = definition.pop("title", "")
    if title:
        definition["description"] = f"{title}. {definition['description']}"


def rendered(folder: Path = FOLDER) -> dict[Path, str]:
    """Return the text that each schema file, the unions and the bundle must have."""
    schemas = {
        path.as_posix(): json.loads((folder / path).read_text("utf-8")) for path in sources(folder)
    }
    wanted = {**schemas, **unions(schemas), BUNDLE: bundle(schemas)}
    return {folder / name: layout(schema) + "\n" for name, schema in wanted.items()}


def stale(wanted: dict[Path, str]) -> list[Path]:
    """Return the files whose bytes are not the wanted text."""
    return [
        path
        for path, text in wanted.items()
        if not path.is_file() or path.read_bytes() != text.encode()
    ]


def main() -> int:
    """Write what is stale, or with --check name it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when a file is stale")
    check = parser.parse_args().check
    wanted = rendered()
    outdated = stale(wanted)
    for path in outdated:
        if not check:
            path.write_bytes(wanted[path].encode())
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(FOLDER)}\n")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
