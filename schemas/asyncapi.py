"""Write asyncapi.json, the protocol as AsyncAPI 3.1 describes it, from the server's point of view.

`python schemas/asyncapi.py` writes; with `--check` it says if the file is stale and exits 1. All of
it comes from the schema files, the bundle, the chapters of the specification and its requirements.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from asyncapi_examples import named
from asyncapi_operations import EVENTS, OPERATIONS, TAGS, Operation, of, tags
from asyncapi_prose import descriptions, fence, ids, quotes, section, table, without_links
from bundle import sources
from draft07 import COMPONENTS, Schema, components, definitions

from conformance.documents.flat import BASE, definition_name
from conformance.text.json_layout import layout

FOLDER = Path(__file__).resolve().parent
SPEC = FOLDER.parent / "spec"
NAME = "asyncapi.json"
CHANNEL = "connection"
ANY = "any_event"
"""The message that stands for the events of all other types."""


@dataclass(frozen=True)
class Sources:
    """What the document is made from: schemas by bundled name, chapters by file name."""

    messages: Mapping[str, Schema]
    definitions: Mapping[str, Schema]
    requirements: dict[str, dict[str, Any]]
    chapters: Mapping[str, str]


def read() -> Sources:
    """Return the sources of this checkout."""
    files = {
        path.as_posix(): json.loads((FOLDER / path).read_text("utf-8")) for path in sources(FOLDER)
    }
    rows = yaml.safe_load((SPEC / "requirements.yaml").read_text("utf-8"))["requirements"]
    return Sources(
        {
            definition_name(BASE + file): schema
            for file, schema in files.items()
            if "x-sender" in schema and not file.startswith("commands/")
        },
        definitions(files),
        {row["id"]: row for row in rows},
        {path.name: path.read_text("utf-8") for path in SPEC.glob("*.md")},
    )


def document(given: Sources) -> Schema:
    """Return the AsyncAPI document; raise `ValueError` for a message that no operation has."""
    for name, schema in given.messages.items():
        if not of(name) and not _is_event(name):
            raise ValueError(f"no operation has the message {name} of {schema['$id']}")
    return {
        "asyncapi": "3.1.0",
        "info": _info(given),
        "defaultContentType": "application/json",
        "servers": _servers(given),
        "channels": {CHANNEL: _channel(given)},
        "operations": {row.name: _operation(row, given) for row in OPERATIONS},
        "components": {
            "messages": {name: _message(name, given) for name in _ordered(given)},
            "schemas": _schemas(given),
            "correlationIds": CORRELATIONS,
            "tags": {name: {"name": name, "description": text} for name, text in TAGS.items()},
        },
    }


def _is_event(name: str) -> bool:
    return name.endswith("_event")


def _is_known_event(name: str) -> bool:
    return _is_event(name) and name != ANY


def _ordered(given: Sources) -> list[str]:
    """Return the names of all messages in the order of the operations, events by name."""
    events = sorted(filter(_is_event, given.messages), key=lambda name: (name == ANY, name))
    found = (name for row in OPERATIONS for name in (*row.messages, *row.replies))
    named = (events if name == EVENTS else [name] for name in found)
    return list(dict.fromkeys(name for names in named for name in names))


def _info(given: Sources) -> Schema:
    readme, transport, states, errors = (
        given.chapters[f"{name}.md"] for name in ("README", "transport", "states", "errors")
    )
    parts = (
        without_links(readme.split("\n\n")[1].replace("\n", " ")).partition(" This is the ")[0],
        "This document takes the server's point of view: a server *receives* what clients send, "
        "and *sends* the rest; for a client it is the other way round. It is generated "
        "from the specification and its JSON Schemas; the specification is the authority. "
        "Requirements such as AUTH-01 are its sentences.",
        "**A whole conversation**",
        fence(readme, "A whole conversation"),
        "**The states of a connection**",
        table(states, "state | begins when"),
        "**How a handshake is answered**",
        table(transport, "status | when"),
        "**How a connection ends**",
        table(errors, "code | meaning | what a client does"),
        "**Versions**",
        without_links(section(readme, "Versions")),
    )
    return {
        "title": "Coda Lite protocol",
        "version": _version(given),
        "description": "\n\n".join(parts),
        "license": {
            "name": "Apache-2.0",
            "url": "https://www.apache.org/licenses/LICENSE-2.0",
        },
        "tags": _tag_references(TAGS),
    }


def _version(given: Sources) -> str:
    """Return the version of the protocol, as every event states it."""
    return str(given.messages[ANY]["properties"]["version"]["const"])


def _servers(given: Sources) -> Schema:
    sentence = given.requirements["ORIGIN-04"]["sentence"].strip()
    login = (
        "Clients authenticate by messages, after the handshake, and never by the URL or headers: "
        "see the operation receive_auth_response."
    )
    return {
        "local": {
            "host": "127.0.0.1:8765",
            "protocol": "ws",
            "protocolVersion": "13",
            "title": "On the user's own machine",
            "summary": "The default address.",
            "description": f"{login} A server checks `Origin` and `Host`; native clients send no "
            "`Origin`.",
        },
        "elsewhere": {
            "host": "{host}",
            "protocol": "wss",
            "protocolVersion": "13",
            "title": "Where its operator puts it",
            "summary": "Any other address, over TLS.",
            "description": f"{login} An operator may choose another path.\n\n"
            f"- **ORIGIN-04** (SHOULD): {sentence}",
            "variables": {
                "host": {
                    "description": "A name that the operator gives the server, and the port unless "
                    "it is 443.",
                    "examples": ["coda.example", "coda.example:8765"],
                }
            },
        },
    }


def _channel(given: Sources) -> Schema:
    return {
        "address": "/",
        "title": "The connection",
        "summary": "One WebSocket connection carries everything, both ways.",
        "messages": {
            name: {"$ref": f"#/components/messages/{name}"} for name in _ordered(given)
        },
        "bindings": {
            "ws": {"method": "GET", "headers": _headers(given), "bindingVersion": "0.1.0"}
        },
    }  # fmt: skip


def _headers(given: Sources) -> Schema:
    return {
        "type": "object",
        "properties": {
            "Sec-WebSocket-Protocol": {
                "type": "string",
                "description": "The subprotocols that the client offers.\n\n"
                + quotes(("TRANSPORT-02", "TRANSPORT-03"), given.requirements),
                "examples": ["coda.v1"],
            },
            "Origin": {
                "type": "string",
                "description": "The origin of the web page that connects.\n\n"
                + quotes(("ORIGIN-01", "ORIGIN-02"), given.requirements),
                "examples": ["http://127.0.0.1:8765"],
            },
            "Host": {
                "type": "string",
                "description": "The name under which the client reached the server.\n\n"
                + quotes(("ORIGIN-03", "ORIGIN-05"), given.requirements),
                "examples": ["127.0.0.1:8765"],
            },
        },
    }


def _operation(row: Operation, given: Sources) -> Schema:
    names = [
        n for n in _ordered(given) if n in row.messages or (_is_event(n) and EVENTS in row.messages)
    ]
    stated = {of for name in names for of in _named(name, given)} if len(names) == 1 else set()
    due = [of for of in row.requirements if of not in stated]
    found = {
        "action": row.action,
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "title": row.title,
        "summary": row.summary,
        "tags": _tag_references([row.tag]),
        "messages": [_of_channel(name) for name in names],
    }  # fmt: skip
    if due:
        found["description"] = quotes(due, given.requirements)
    if row.replies:
        found["reply"] = {
            "channel": {"$ref": f"#/channels/{CHANNEL}"},
            "messages": [_of_channel(name) for name in row.replies],
        }
    return found


def _of_channel(name: str) -> Schema:
    return {"$ref": f"#/channels/{CHANNEL}/messages/{name}"}


def _tag_references(names: Any) -> list[Schema]:
    return [{"$ref": f"#/components/tags/{name}"} for name in names]


CORRELATIONS: Schema = {
    "id": {
        "description": "The name that the client gives its message.",
        "location": "$message.payload#/id",
    },
    "request_id": {
        "description": "The id of the message that this answers, if that one can be read.",
        "location": "$message.payload#/request_id",
    },
    "relayed_id": {
        "description": "The id of the message that is relayed, if it had one.",
        "location": "$message.payload#/data/id",
    },
}


RELAYED = (
    "It has all that the client's `client_message` has, and more: a message with `version` and "
    "`seq` is an event."
)


def _named(name: str, given: Sources) -> list[str]:
    """Return the requirements that a message's own schema names."""
    return ids(" ".join(descriptions(given.messages[name])))


def _message(name: str, given: Sources) -> Schema:
    schema = given.messages[name]
    kind = schema["properties"]["type"].get("const", name)
    summary = re.split(r" \((?=[A-Z]+-|feature)|; |: ", schema["description"])[0].rstrip(".") + "."
    parts = [schema["description"], quotes(_named(name, given), given.requirements)]
    if name == "client_message_event":
        parts.insert(1, RELAYED)
    title = schema["title"]
    if name == ANY:
        title, summary = _OTHER["title"], _OTHER["description"]
        parts.insert(0, summary)
    found = {
        "name": kind,
        "title": title,
        "summary": summary,
        "description": "\n\n".join(filter(None, parts)),
        "contentType": "application/json",
        "tags": _tag_references(tags(name, schema)),
        "payload": {"$ref": COMPONENTS + (OTHER if name == ANY else name)},
        "examples": named(_examples(name, given)),
    }
    if correlation := _correlation(name, schema):
        found["correlationId"] = {"$ref": f"#/components/correlationIds/{correlation}"}
    return found


def _correlation(name: str, schema: Schema) -> str | None:
    if name == "client_message_event":
        return "relayed_id"
    return next((key for key in ("id", "request_id") if key in schema["properties"]), None)


_OTHER: Schema = {
    "title": "Other event",
    "description": "An event of a type that is not in the catalogue.",
}
OTHER = "other_event"
"""The schema of events that are not in the catalogue, so that each message has one schema only."""


def _schemas(given: Sources) -> Schema:
    """Return the payloads and what they refer to; examples are those of the messages."""
    names = list(_ordered(given))
    found = components(names, given.definitions)
    for name in names:
        found[name].pop("examples", None)
    found[OTHER] = {
        **_OTHER,
        "allOf": [
            {"$ref": COMPONENTS + ANY},
            {"properties": {"type": {"not": {"enum": _catalogue(given)}}}},
        ],
    }
    return dict(sorted(found.items()))


def _examples(name: str, given: Sources) -> list[Schema]:
    """Return the examples of a message; those of the catalogue are not of any other event."""
    found: list[Schema] = given.messages[name]["examples"]
    known = _catalogue(given)
    return [row for row in found if name != ANY or row["type"] not in known]


def _catalogue(given: Sources) -> list[str]:
    """Return the types of the events that have schemas of their own."""
    rows = (row for name, row in given.messages.items() if _is_known_event(name))
    return sorted(str(row["properties"]["type"]["const"]) for row in rows)


def rendered() -> str:
    """Return the text that asyncapi.json must have."""
    return layout(document(read())) + "\n"


def main() -> int:
    """Write the document if it is stale, or with --check say so; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit 1 when the file is stale")
    check = parser.parse_args().check
    path, text = FOLDER / NAME, rendered().encode()
    outdated = not path.is_file() or path.read_bytes() != text
    if outdated:
        if not check:
            path.write_bytes(text)
        sys.stdout.write(f"{'stale' if check else 'written'}: {NAME}\n")
    return 1 if check and outdated else 0


if __name__ == "__main__":
    sys.exit(main())
