"""The command with a suite of few scenarios, for what a whole run does whatever its suite holds.

`python -m tests.support.narrowed AREA,AREA WORD...`, with the words of the command.
"""

import sys

from msgspec.structs import replace

from conformance.documents import locations
from conformance.loader import suite

whole = suite.load


def load(name: str = locations.DEFAULT, *, trusted: bool = False) -> suite.Suite:
    """The suite, without the scenarios of other areas."""
    found = whole(name)
    rows = {key: row for key, row in found.scenarios.items() if key.split("/")[0] in areas}
    return replace(found, scenarios=rows)


if __name__ == "__main__":
    areas = sys.argv.pop(1).split(",")
    suite.load = load  # before the command imports it
    from conformance.cli.main import main

    sys.exit(main())
