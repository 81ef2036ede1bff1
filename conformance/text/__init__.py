"""Text as a person reads it: cut, escaped, written to the standard streams."""
