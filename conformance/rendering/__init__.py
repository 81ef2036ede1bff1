"""Views of a run record: each renders the same facts for another reader."""
