"""Text as a person reads it: cut, escaped, and written to the standard streams."""
