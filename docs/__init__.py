"""The documentation: `build.py` makes a site of the specification, the guides and the kit's data."""
