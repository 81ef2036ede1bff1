"""The record of a run, and what it is compared with."""
