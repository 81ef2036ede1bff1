"""`python -m conformance` runs the command `coda-conformance`."""

from conformance.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
