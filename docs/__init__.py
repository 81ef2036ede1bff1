"""The documentation: `build.py` makes a site of the specification and the guides."""
