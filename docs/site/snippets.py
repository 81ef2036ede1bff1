"""Snippets: a few lines in Python and JavaScript for each message, with the clients to copy.

They are made from the schema's first example; `docs/examples/snippets.yaml` has those that say more
when written by hand. `docs/examples/run.py` runs all of them and keeps what they print.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance.documents import yaml_source
from conformance.documents.schemas import SchemaStore

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
WRITTEN: Final = EXAMPLES / "snippets.yaml"
PRINTED: Final = EXAMPLES / "printed.json"

MOST: Final = 3
"""Members of an event that a snippet prints."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*")
_WORDS: Final = {True: "True", False: "False", None: "None"}


class Event(msgspec.Struct, frozen=True):
    """An event that the server raises while a snippet listens."""

    type: str
    data: dict[str, Any]


class Snippet(msgspec.Struct, frozen=True, omit_defaults=True):
    """The same in both languages, and the events that happen once the client has joined."""

    python: str
    javascript: str
    events: tuple[Event, ...] = ()


class Printed(msgspec.Struct, frozen=True):
    """What a snippet prints in each language."""

    python: str
    javascript: str


def snippets(store: SchemaStore) -> dict[str, Snippet]:
    """Return the snippet of every message, event and command, by the name of its schema."""
    text = WRITTEN.read_text("utf-8")
    written = msgspec.convert(yaml_source.parse(text, str(WRITTEN)).value, dict[str, Snippet])
    found = {name: _made(name, store.document(name)) for name in messages(store)}
    made = {name: row for name, row in found.items() if row is not None}
    return {name: {**made, **written}[name] for name in found}


def messages(store: SchemaStore) -> list[str]:
    """Return the names of the schemas that describe a message, an event or a command."""
    names = [name for name in store.names() if not name.startswith("kit/")]
    return [name for name in names if "x-sender" in store.document(name)]


def printed() -> dict[str, Printed]:
    """Return what the snippets have printed, by the names of the schemas."""
    return msgspec.json.decode(PRINTED.read_bytes(), type=dict[str, Printed])


def _made(name: str, schema: Mapping[str, Any]) -> Snippet | None:
    folder, _, stem = name.rpartition("/")
    if folder == "events":
        return _listening(stem, schema)
    return _asking(stem, schema["examples"][0]) if folder == "commands" else None


def _listening(kind: str, schema: Mapping[str, Any]) -> Snippet:
    """Return a snippet that prints the members that every such event has, or else its type."""
    data = schema["examples"][0]["data"]
    shape = schema["properties"]["data"]
    names = list(shape.get("required", ()))[:MOST] or list(data)[:MOST]
    python = [f'data["{name}"]' for name in names] or ['event["type"]']
    script = [f"data.{name}" for name in names] or ["type"]
    taken = '        data = event["data"]\n' if names else ""
    return Snippet(
        f'async with Client(url, "{kind}") as client:\n'
        "    async for event in client:\n"
        f"{taken}        print({', '.join(python)})\n",
        "const client = new Client(url);\n"
        f'client.on("{kind}", ({{ {"data" if names else "type"} }}) => {{\n'
        f"  console.log({', '.join(script)});\n"
        "});\n",
        (Event(kind, data),),
    )


def _asking(command: str, data: Any) -> Snippet:
    """Return a snippet that sends a command and prints the answer."""
    return Snippet(
        f'command = {{"message_type": "{command}", "message_data": {python_text(data)}}}\n'
        "async with Client(url) as client:\n"
        '    answer = await client.send("client_message", command)\n'
        '    print(answer["type"], answer["data"]["message_data"])\n',
        "const client = new Client(url);\n"
        "await client.joined;\n"
        'const answer = await client.send("client_message", {\n'
        f'  message_type: "{command}",\n'
        f"  message_data: {script_text(data)},\n"
        "});\n"
        "console.log(answer.type, answer.data.message_data);\n"
        "client.close();\n",
    )


def python_text(value: Any) -> str:
    """Return a JSON value as Python writes it."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(k)}: {python_text(v)}' for k, v in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(python_text, value))}]"
    return _WORDS[value] if value is None or isinstance(value, bool) else _plain(value)


def script_text(value: Any) -> str:
    """Return a JSON value as JavaScript writes it."""
    if isinstance(value, dict):
        rows = [f"{k if _NAME.fullmatch(k) else _plain(k)}: {script_text(v)}"
                for k, v in value.items()]  # fmt: skip
        return f"{{ {', '.join(rows)} }}" if rows else "{}"
    return f"[{', '.join(map(script_text, value))}]" if isinstance(value, list) else _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
