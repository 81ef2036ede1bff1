"""Explores a target: dialogues that nobody scripted, written and judged by a suite's model."""
