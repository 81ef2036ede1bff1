"""Behaviours of targets that are broken, careless or malicious, by what is wrong with them."""
