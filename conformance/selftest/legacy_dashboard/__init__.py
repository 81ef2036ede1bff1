"""The legacy dashboard: what the original's dashboard does on the wire, as a client to be judged.

`python -m conformance.selftest.legacy_dashboard URL` starts it, to be driven by lines of JSON.
"""

from conformance.selftest.legacy_dashboard.dashboard import Dashboard

__all__ = ["Dashboard"]
