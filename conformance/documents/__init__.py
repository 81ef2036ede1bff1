"""Files that people write: read strictly, with the place of every mistake."""
