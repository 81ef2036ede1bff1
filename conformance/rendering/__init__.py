"""Views of a run record: each renders the same facts for a different reader."""
