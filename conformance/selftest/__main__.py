"""`python -m conformance.selftest FAULT [OPTION …]`: runs a faulty server or client."""

import sys

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.errors import InputError, did_you_mean
from conformance.loader.contents import load_requirements
from conformance.selftest.changed import main_of
from conformance.selftest.fault import load
from conformance.selftest.subject import SUBJECTS
from conformance.selftest.titles import titles
from conformance.text.streams import complain, guarded


def main() -> int:
    """Start the reference server, or the client, with the fault that the first word names."""
    words = sys.argv[1:]
    if not words or words[0].startswith("-"):
        return _refuse("usage: python -m conformance.selftest FAULT [OPTION …]")
    name, *options = words
    known = {row.id: subject for subject in SUBJECTS.values() for row in titles(subject.faults)}
    if name not in known:
        return _refuse(f'there is no fault "{name}"{did_you_mean(name, known)}')
    subject, schemas = known[name], SchemaStore(locations.schema_root())
    try:
        fault = load(schemas, load_requirements(schemas), subject=subject)[name]
    except InputError as error:
        return _refuse(str(error))
    status: int = main_of(subject, fault)(options)
    return status


def _refuse(why: str) -> int:
    with guarded():
        complain(why)
    return 2


if __name__ == "__main__":
    sys.exit(main())
