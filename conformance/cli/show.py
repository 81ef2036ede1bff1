"""`schema`: the JSON Schemas of the protocol."""

import argparse

from conformance.documents import locations
from conformance.documents.declared import schemas_of
from conformance.documents.schemas import SchemaStore
from conformance.documents.standalone import standalone
from conformance.errors import InputError, did_you_mean
from conformance.text.excerpts import cut
from conformance.text.json_layout import layout
from conformance.text.streams import say


def schema(arguments: argparse.Namespace) -> int:
    """Print one schema, the bundle of all, or their names."""
    store = schemas_of(locations.home_of(arguments.suite or locations.DEFAULT))
    if arguments.bundle and (arguments.name is not None or arguments.full):
        raise InputError("--bundle prints all schemas; do not name one, and leave out --full")
    if arguments.bundle and arguments.suite:
        raise InputError("--bundle is of the kit's own schemas; leave out --suite")
    if arguments.bundle:
        say(*store.text("bundle").splitlines())
    elif arguments.name is not None:
        name = _found(store, arguments.name)
        text = store.text(name) if arguments.full else layout(standalone(store, name))
        say(*text.splitlines())
    elif arguments.full:
        raise InputError("--full prints one schema; name it")
    else:
        for name, document in store.documents.items():
            say(f"{name:<34} {document['title']}")
    return 0


def _found(store: SchemaStore, word: str) -> str:
    """Return the name of the schema that is meant: its last part is enough where it is unique."""
    known = store.names()
    if word in known:
        return word
    alike = [name for name in known if name.rpartition("/")[2] == word]
    if len(alike) == 1:
        return alike[0]
    raise InputError(f'there is no schema "{cut(word)}"{did_you_mean(word, known)}')
