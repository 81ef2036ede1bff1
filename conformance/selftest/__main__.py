"""`python -m conformance.selftest FAULT [OPTION …]`: runs one faulty server, to look at."""

import sys

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.loader.suite import load_requirements
from conformance.selftest.changed import main_of
from conformance.selftest.fault import load
from conformance.selftest.subject import SERVER
from conformance.text.streams import complain, guarded


def main() -> int:
    """Start the reference server with the fault that the first word names."""
    words = sys.argv[1:]
    if not words or words[0].startswith("-"):
        return _refuse("usage: python -m conformance.selftest FAULT [OPTION …]")
    schemas = SchemaStore(locations.schema_root())
    try:
        faults = load(schemas, load_requirements(schemas))
    except InputError as error:
        return _refuse(str(error))
    name, *options = words
    if name not in faults:
        return _refuse(f'there is no fault "{name}"{did_you_mean(name, faults)}')
    status: int = main_of(SERVER, faults[name])(options)
    return status


def _refuse(why: str) -> int:
    with guarded():
        complain(why)
    return 2


if __name__ == "__main__":
    sys.exit(main())
