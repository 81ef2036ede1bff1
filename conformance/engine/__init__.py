"""How it is judged: a suite is run against a target, and leaves a record."""
