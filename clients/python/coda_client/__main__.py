"""Runs the driver: `python -m coda_client URL`."""

import sys

from coda_client.driver import main

sys.exit(main(sys.argv[1:]))
