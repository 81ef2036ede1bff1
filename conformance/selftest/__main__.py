"""`python -m conformance.selftest FAULT [OPTION …]`: one faulty server, to look at."""

import sys

from conformance import bundle
from conformance.problems import InputError
from conformance.schemas import SchemaStore
from conformance.selftest.fault import load
from conformance.selftest.faulty_server import main_of
from conformance.streams import complain, guarded
from conformance.suite import load_requirements


def main() -> int:
    """Starts the reference server with the fault that the first word names."""
    words = sys.argv[1:]
    schemas = SchemaStore(bundle.schema_root())
    try:
        faults = load(schemas, load_requirements(schemas))
        fault = faults[words[0]]
    except InputError as error:
        return _refuse(str(error))
    except LookupError:
        return _refuse("usage: python -m conformance.selftest FAULT [OPTION …]")
    status: int = main_of(fault)(words[1:])
    return status


def _refuse(why: str) -> int:
    with guarded():
        complain(why)
    return 2


if __name__ == "__main__":
    sys.exit(main())
