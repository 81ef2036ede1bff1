"""The judge: runs a suite against a target and leaves a record."""
