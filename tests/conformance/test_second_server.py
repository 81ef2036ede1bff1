"""A server in another language, written from the specification alone, keeps all of it.

It has the smallest values that the protocol allows: less room than by default.
"""

from pathlib import Path

from tests.conformance.test_small_ends import NODE, PENDING, SECOND, SMALL, is_conformant
from tests.support.kit import judge_unhurried
from tests.support.targets import altered

PROFILES = ("core", "compat", "hmac", "tokens", "resume", "replay", "heartbeat", "limits")


@NODE
def test_the_second_server_is_conformant_in_every_profile(tmp_path: Path) -> None:
    done = judge_unhurried(tmp_path, altered(SECOND, tmp_path, SMALL | PENDING))
    assert is_conformant(done)
    wrong = [row for row in done.report["results"] if row["outcome"] != "passed"]
    # Its WebSocket library takes lengths that are not in their shortest form (TRANSPORT-26), and
    # loses the context of compression after a final block (TRANSPORT-27).
    assert {row["id"]: row["outcome"] for row in wrong} == {
        "transport/lengths-beyond-the-shortest-form": "warned",
        "transport/final-blocks-end-no-context": "warned",
        # It only ever finds too few bits (AUTH-03).
        "passive/nonce-bits": "not applicable",
    }
    verdicts = {row["name"]: row["verdict"] for row in done.report["profiles"]}
    assert verdicts == dict.fromkeys(PROFILES, "conformant")
