"""The target: the server under test, its process and its hooks."""
