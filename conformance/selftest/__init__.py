"""The kit proves itself: servers whose faults are known beforehand, and what it finds in them."""
