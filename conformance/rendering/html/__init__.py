"""The HTML report: one file for the server's authors, with everything in it."""
