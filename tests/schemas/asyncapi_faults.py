"""What can be wrong with an AsyncAPI document of the protocol: each check returns what it finds."""

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import SchemaError, ValidationError

from conformance.documents.flat import definition_name
from tests.schemas.schema_files import FILES, SCHEMAS

Document = dict[str, Any]

MODULES = SCHEMAS.parent / "docs" / "node_modules"
OFFICIAL = MODULES / "@asyncapi" / "specs" / "schemas" / "3.1.0-without-$id.json"
PARSER = MODULES / "@asyncapi" / "parser"
NODE = shutil.which("node")
INSTALL = "npm install --no-audit --no-fund --prefix docs"

PARSE = """
const { Parser } = require(process.argv[1]);
let text = "";
process.stdin.on("data", (part) => { text += part; }).on("end", async () => {
  const { document, diagnostics } = await new Parser().parse(text);
  const rows = diagnostics.map((row) => `${row.code} /${row.path.join("/")}: ${row.message}`);
  console.log(JSON.stringify({ rows, messages: document ? document.allMessages().length : 0 }));
});
"""

# Keywords of 2020-12 that a reader of draft-07 ignores without a word.
LATER = frozenset({
    "$defs", "$anchor", "$dynamicRef", "$dynamicAnchor", "dependentRequired", "dependentSchemas",
    "maxContains", "minContains", "prefixItems", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip


def of_the_official_schema(document: Document) -> list[str]:
    """What the schema of AsyncAPI's authors finds."""
    schema = json.loads(OFFICIAL.read_bytes())
    return [
        f"{leaf.json_path}: {leaf.message[:200]}"
        for error in Draft7Validator(schema).iter_errors(document)
        for leaf in _leaves(error)
    ]


def _leaves(error: ValidationError) -> Iterator[ValidationError]:
    if not error.context:
        yield error
    for inner in error.context or ():
        yield from _leaves(inner)


def of_the_official_parser(document: Document) -> list[str]:
    """What the parser of AsyncAPI's authors finds, hints included."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", PARSE, str(PARSER)],
        input=json.dumps(document),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found = json.loads(done.stdout)
    rows: list[str] = found["rows"]
    wanted = len(document["components"]["messages"])
    if not rows and found["messages"] != wanted:
        rows = [f"{found['messages']} of {wanted} messages were read"]
    return rows


def nodes(value: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a value, with its place; what examples hold is not looked into."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from nodes(item, f"{where}/{index}")
    elif isinstance(value, dict):
        yield where, value
        for key, item in value.items():
            if key not in ("examples", "const", "enum"):
                yield from nodes(item, f"{where}/{key}")


def resolved(document: Document, reference: str) -> Any:
    """What a reference leads to; raises `KeyError` if it leads nowhere."""
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    return found


def dangling(document: Document) -> list[str]:
    """References that lead nowhere or out of the document."""
    found = []
    for where, node in nodes(document):
        if isinstance(reference := node.get("$ref"), str):
            try:
                resolved(document, reference)
            except KeyError:
                found.append(f"{where}: {reference}")
    return found


def beside_references(document: Document) -> list[str]:
    """Members beside a reference, which draft-07 ignores."""
    return [
        f"{where}: {sorted(node)}"
        for where, node in nodes(document)
        if isinstance(node.get("$ref"), str) and len(node) > 1
    ]


def validator(document: Document, name: str) -> Draft7Validator:
    """A validator of the payload of a message."""
    payload = document["components"]["messages"][name]["payload"]
    return Draft7Validator(payload | {"components": document["components"]})


def wrong_examples(document: Document) -> list[str]:
    """Messages without an example, examples that break their payload or have another's name."""
    found = []
    for name, message in document["components"]["messages"].items():
        rows = message.get("examples", [])
        if not rows:
            found.append(f"{name}: no example")
        judge = validator(document, name)
        found += [f"{name}: {row['name']}" for row in rows if not judge.is_valid(row["payload"])]
        names = Counter(row["name"] for row in rows)
        found += [f"{name}: {row} is the name of {n}" for row, n in names.items() if n > 1]
    return found


def wrong_examples_of_schemas(document: Document) -> list[str]:
    """Schemas that are no draft-07, have keywords of later drafts, or break their own examples."""
    found = []
    for where, schema in nodes(document["components"]["schemas"]):
        found += [f"{where}: {key}" for key in schema.keys() & LATER if "type" in schema]
        for value in schema.get("examples", ()):
            judge = Draft7Validator(schema | {"components": document["components"]})
            if not judge.is_valid(value):
                found.append(f"{where}: {value}")
    for name, schema in document["components"]["schemas"].items():
        try:
            Draft7Validator.check_schema(schema)
        except SchemaError as error:
            found.append(f"/{name}: {error.message}")
    return found


def sent_by(document: Document, sender: str) -> list[str]:
    """The messages that a side sends, as the operations of the server say."""
    found: list[str] = []
    for row in document["operations"].values():
        asked = [_last(of["$ref"]) for of in row["messages"]]
        replies = [_last(of["$ref"]) for of in row.get("reply", {}).get("messages", ())]
        of_client, of_server = (asked, replies) if row["action"] == "receive" else ([], asked)
        found += of_client if sender == "client" else of_server
    return found


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def wrong_messages(document: Document) -> list[str]:
    """Messages of the schemas that are not there once, by name, in the right direction."""
    wanted = {
        definition_name(schema["$id"]): schema["x-sender"]
        for path, schema in FILES.items()
        if "x-sender" in schema and not path.startswith("commands/")
    }
    (channel,) = document["channels"].values()
    listed = [_last(row["$ref"]) for row in channel["messages"].values()]
    found = [f"{name}: not a message of the schemas" for name in listed if name not in wanted]
    found += [f"{n}: {listed.count(n)} times" for n in wanted if listed.count(n) != 1]
    for name, schema in document["components"]["messages"].items():
        kind = resolved(document, schema["payload"]["$ref"]).get("properties", {}).get("type", {})
        if kind.get("const", name) != schema["name"]:
            found.append(f"{name}: called {schema['name']}")
    for sender, other in (("client", "server"), ("server", "client")):
        said, swapped = sent_by(document, sender), sent_by(document, other)
        for name in (name for name, of in wanted.items() if of == sender):
            if name not in said or name in swapped:
                found.append(f"{name}: not sent by the {sender} alone")
    received = Counter(sent_by(document, "client"))
    return found + [f"{name}: received by {n} operations" for name, n in received.items() if n > 1]


def ambiguous(document: Document) -> list[str]:
    """Examples that are also another message of the same side."""
    found = []
    for sender in ("client", "server"):
        names = list(dict.fromkeys(sent_by(document, sender)))
        judges = {name: validator(document, name) for name in names}
        for name in names:
            for row in document["components"]["messages"][name]["examples"]:
                also = [key for key, judge in judges.items() if judge.is_valid(row["payload"])]
                if also != [name]:
                    found.append(f"{name}: {row['name']} is {also}")
    return found


def other_than_the_schemas(document: Document) -> list[str]:
    """Examples of the schema files, valid and invalid, that the payloads judge otherwise."""
    found = []
    for name in document["components"]["messages"]:
        if name == "any_event":  # narrower: it stands for types that are not in the catalogue
            continue
        judge = validator(document, name)
        schema = next(row for row in FILES.values() if definition_name(row["$id"]) == name)
        found += [f"{name}: refuses {row}" for row in schema["examples"] if not judge.is_valid(row)]
        found += [
            f"{name}: accepts what is wrong: {row['reason']}"
            for row in schema["x-invalid-examples"]
            if judge.is_valid(row["value"])
        ]
    return found


def wrong_correlations(document: Document) -> list[str]:
    """Correlation ids that point to no member of the payload."""
    found = []
    for name, message in document["components"]["messages"].items():
        if "correlationId" in message:
            row = resolved(document, message["correlationId"]["$ref"])
            part = resolved(document, message["payload"]["$ref"])
            for key in row["location"].removeprefix("$message.payload#/").split("/"):
                part = part.get("properties", {}).get(key)
                if part is None:
                    found.append(f"{name}: {row['location']}")
                    break
    return found
