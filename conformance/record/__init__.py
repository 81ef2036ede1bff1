"""What was seen: the record of a run, and what it is compared with."""
