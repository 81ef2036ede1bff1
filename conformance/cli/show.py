"""`schema`: the JSON Schemas of the protocol."""

import argparse
import json

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.text.excerpts import cut
from conformance.text.streams import say


def schema(arguments: argparse.Namespace) -> int:
    """Print one schema, the bundle of all, or their names."""
    store = SchemaStore(locations.schema_root())
    if arguments.bundle and arguments.name is not None:
        raise InputError("--bundle prints all schemas; do not name one")
    if arguments.bundle:
        say(*(store.root / "bundle.json").read_text(encoding="utf-8").splitlines())
    elif arguments.name is None:
        for name, document in store.documents.items():
            say(f"{name:<34} {document['title']}")
    elif arguments.name in store.documents:
        text = json.dumps(store.documents[arguments.name], ensure_ascii=False, indent=2)
        say(*text.splitlines())
    else:
        hint = did_you_mean(arguments.name, store.documents)
        raise InputError(f'there is no schema "{cut(arguments.name)}"{hint}')
    return 0
