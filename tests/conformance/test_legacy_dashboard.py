"""The kit finds in the original's dashboard what it lacks, and nothing else."""

import json
from pathlib import Path

from tests.support.kit import ROOT, call

TARGET = ROOT / "conformance" / "selftest" / "legacy_dashboard" / "target.yaml"

LACKS = {
    "CLIENT-05": "sending/ids-of-its-own",  # it knows no ids
    "CLIENT-06": "sending/repeats-under-the-id-after-an-error",
    "CLIENT-09": "joining/offers-the-subprotocol",
    "CLIENT-11": "joining/no-method-that-it-knows",  # it answers every challenge
    "CLIENT-12": "joining/another-major-version",
    "CLIENT-13": "joining/a-second-challenge-in-a-session",
    "CLIENT-14": "joining/closes-after-a-failure",  # it closes without a code
    "CLIENT-31": "numbers/each-event-once",  # it looks at no number
    "CLIENT-33": "numbers/gap-is-told",
    "CLIENT-41": "sending/outside-the-json-domain",
    "CLIENT-42": "hostile/useless-challenges",
    "CLIENT-43": "sending/longer-than-the-session-allows",
    "CLIENT-55": "sending/waits-after-rate-limited",
    "CLIENT-58": "sending/refusals-are-told",
    "CLIENT-59": "sending/gives-up-when-its-user-leaves",
    "CLIENT-63": "connecting-again/short-sessions-change-nothing",
    "CLIENT-66": "connecting-again/again-after-an-end-without-a-code",
    "CLIENT-69": "connecting-again/one-attempt-for-its-user",
    "CLIENT-70": "connecting-again/ended-by-its-user-while-it-waits",
    "CLIENT-71": "connecting-again/ended-by-its-user",
    "CLIENT-81": "state/connecting-while-the-server-is-busy",
    "CLIENT-82": "state/ended-by-its-user",
    "CLIENT-83": "signs-of-life/asks-after-silence-in-its-own-time",
}
"""What it breaks, with a scenario that shows it."""

KEEPS = {
    "CLIENT-01": "joining/answers-before-anything-else",
    "CLIENT-02": "listening/unknown-messages",
    "CLIENT-10": "joining/redirect-to-another-path",
    "CLIENT-26": "listening/unknown-methods",
    "CLIENT-27": "listening/no-session",
    "CLIENT-28": "listening/longest-event",
    "CLIENT-30": "listening/keeps-the-connection",
    "CLIENT-32": "numbers/every-type-counts",
    "CLIENT-44": "sending/equal-values",
    "CLIENT-61": "connecting-again/waits-after-lost-connections",
    "CLIENT-86": "passive/frames",
}
"""What it keeps, with a check that tries it."""

NOT_SHOWN = {
    "CLIENT-29": "listening/carries-on-later",
    "CLIENT-50": "sending/an-event-of-an-earlier-identity-acknowledges",
    "CLIENT-53": "sending/as-many-as-the-server-remembers",
    "CLIENT-56": "sending/waits-after-errors",
    "CLIENT-65": "connecting-again/ten-seconds-after-4429",
    "CLIENT-84": "signs-of-life/lets-go-of-a-server-that-reads-nothing",
}
"""What asks nothing of a client that does not come back after a close frame, repeats nothing, waits
for no acknowledgement and asks for no answer."""


def test_what_it_lacks_is_found_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    names = [*LACKS.values(), *KEEPS.values(), *NOT_SHOWN.values()]
    done = call("client", str(TARGET), *names, "--retries=0", "--json", str(path), "--quiet")
    assert done.status == 1, done.errors
    report = json.loads(path.read_text("utf-8"))
    found = {row["id"]: row["status"] for row in report["requirements"]}
    assert {name: found[name] for name in LACKS} == {
        name: "failed" if level(report, name) == "MUST" else "warned" for name in LACKS
    }
    assert {name: found[name] for name in KEEPS} == dict.fromkeys(KEEPS, "passed")
    assert {name: found[name] for name in NOT_SHOWN} == dict.fromkeys(NOT_SHOWN, "inconclusive")
    broken = {name for name, status in found.items() if status in ("failed", "warned")}
    assert broken == LACKS.keys()
    sentences = [cause["sentence"] for cause in report["causes"]]
    assert "`client_message` lacks `/id`." in sentences
    assert "The client does not report `gap`." in sentences
    assert "The client does not connect again." in sentences


def level(report: dict[str, list[dict[str, str]]], name: str) -> str:
    """MUST or SHOULD."""
    return next(row["level"] for row in report["requirements"] if row["id"] == name)
