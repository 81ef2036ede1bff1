"""Clients to copy, and the snippets that use them; every line is run, and its output kept."""
