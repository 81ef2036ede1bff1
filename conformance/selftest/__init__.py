"""Servers that the kit is tried on: what it finds in them is known beforehand."""
