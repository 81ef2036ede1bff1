"""The legacy server: the original implementation's behaviour, with every fault it is known for.

`python -m conformance.selftest.legacy --port 0` starts it; `FAULTS` lists what a judge must find.
"""

from conformance.selftest.legacy.faults import FAULTS, Fault
from conformance.selftest.legacy.server import LegacyServer
from conformance.selftest.legacy.settings import Settings

__all__ = ["FAULTS", "Fault", "LegacyServer", "Settings"]
