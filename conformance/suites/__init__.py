"""Suites: a folder each, with the data and the few functions that judge one protocol."""
