"""Runs the driver: `python -m coda_client URL`."""

import sys

from coda_client.driver import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
