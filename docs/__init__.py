"""The documentation: `build.py` makes a site of specification, guides and the kit's data."""
