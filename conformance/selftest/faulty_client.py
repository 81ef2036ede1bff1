"""`python -m conformance.selftest.faulty_client CHANGES URL`: the client with changes in it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from conformance.errors import Location
from conformance.selftest.changed import main_of
from conformance.selftest.subject import CLIENT
from conformance.selftest.variant import Change, Variant
from conformance.target.client import URL
from conformance.target.target import Command, Target

CONNECTS_WITHIN: Final = 20.0
"""Seconds within which a client connects, on a busy machine too."""

SCALE: Final = 0.05
"""By how much the waits of the client are shortened."""


CLAIMS: Final = frozenset(
    {"challenge_token", "hmac_sha256", "tokens", "resume", "replay", "heartbeat", "driver"}
)
"""What the client does."""


def target_of(changes: Sequence[Change], claims: frozenset[str] | None = None) -> Target:
    """Return the client with changes in it as a target; without claims, they show in what it does.

    They do not have to be found out then, which takes longer than most scenarios.
    """
    argv = (
        sys.executable,
        "-m",
        "conformance.selftest.faulty_client",
        msgspec.json.encode(changes).decode(),
        URL,
    )
    return Target(
        url="",
        name=CLIENT.name,
        parameters={"backoff_scale": SCALE},
        claims=claims,
        connect_timeout=CONNECTS_WITHIN,
        command=Command(argv, None, CONNECTS_WITHIN, Path()),
    )


def main() -> int:
    """Run the client with the changes that the first word lists as JSON."""
    changes = msgspec.json.decode(sys.argv[1], type=tuple[Change, ...])
    variant = Variant(id="", title="", changes=changes, location=Location(""))
    run = main_of(CLIENT, variant if changes else None)
    status: int = run(sys.argv[2:]) or 0
    return status


if __name__ == "__main__":
    sys.exit(main())
