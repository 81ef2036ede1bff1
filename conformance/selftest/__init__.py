"""The kit tests itself on servers whose faults are known beforehand."""
