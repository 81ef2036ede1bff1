"""The command `python -m conformance.selftest.legacy_dashboard`."""

import sys

from conformance.selftest.legacy_dashboard.driver import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
