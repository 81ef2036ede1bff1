"""A server that sends no `error`, or wraps what it relays, is judged for all that it does."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from conformance.documents import locations
from conformance.documents.schemas import SchemaStore
from conformance.loader.contents import load_requirements
from conformance.selftest.fault import load
from conformance.selftest.judging import serving
from tests.support.kit import judge

OF_ITS_OWN = """\
faults:
  - id: errors-are-never-sent
    requirement: ERROR-06
    title: drops what it refuses without a word
    changes:
      - module: session
        replace: |
          send = self._subscription.send if self._subscription else self._write
          send(text_frame(action.text))
        by: |
          if action.text.startswith(b'{"type":"error"'):
              return
          send = self._subscription.send if self._subscription else self._write
          send(text_frame(action.text))
  - id: unauthenticated-messages-are-kept
    requirement: STATE-04
    title: keeps what comes before authentication, without a word, and processes it later
    changes:
      - module: connection
        replace: |
          return self._refuse(_fault(ErrorCode.UNAUTHENTICATED, "Authenticate first", envelope))
        by: |
          self._shared.__dict__.setdefault(self._challenge.nonce, []).append(envelope)
          return ()
      - module: connection
        replace: |
          return (Join(envelope.request_id, outcome.place),)
        by: |
          kept = self._shared.__dict__.pop(self._challenge.nonce, [])
          later = [action for item in kept for action in self._relay(item)]
          return (Join(envelope.request_id, outcome.place), *later)
"""
KEPT = (
    "authentication/foreign-token-gets-auth-failed",
    "order/invalid-json-is-no-attempt",
    "order/long-messages-are-told-apart",
    "order/size-before-invalid-json",
    "transport/duplicate-key-at-the-top-is-refused",
    "transport/duplicate-key-inside-is-refused",
    "transport/infinity-is-refused",
    "transport/lone-surrogate-is-refused",
    "transport/nesting-65-is-refused",
    "transport/not-a-number-is-refused",
    "transport/overflowing-number-is-refused",
)
BROKEN = (
    "errors/each-invalid-json-is-answered",
    "errors/each-unauthenticated-message-is-answered",
)
OPEN = (
    "order/invalid-json-before-unauthenticated",
    "transport/duplicate-keys-are-answered",
    "transport/outside-the-json-domain-is-answered",
    "transport/sixty-thousand-brackets",
)
UNCHANGED = (
    "client-messages/characters-are-relayed-unchanged",
    "client-messages/long-text-is-relayed-unchanged",
    "client-messages/names-are-relayed-unchanged",
    "client-messages/values-are-relayed-unchanged",
)


def outcomes(folder: Path, name: str, scenarios: Iterable[str]) -> dict[str, str]:
    """What the scenarios come to for a faulty server, by their ids."""
    schemas = SchemaStore(locations.schema_root())
    requirements, own = load_requirements(schemas), folder / "faults"
    own.mkdir()
    (own / "own.yaml").write_text(OF_ITS_OWN, encoding="utf-8")
    faults = load(schemas, requirements) | load(schemas, requirements, own)
    with serving(faults[name]) as where:
        done = judge(folder, where["url"], *scenarios, "--retries=0")
    found = done.outcomes()
    return {scenario: found[scenario] for scenario in scenarios}


def test_what_needs_no_error_is_judged_where_none_ever_comes(tmp_path: Path) -> None:
    wanted = {
        **dict.fromkeys(KEPT, "passed"),
        **dict.fromkeys(BROKEN, "failed"),
        **dict.fromkeys(OPEN, "inconclusive"),
    }
    assert outcomes(tmp_path, "errors-are-never-sent", wanted) == wanted


@pytest.mark.parametrize(
    ("fault", "scenarios", "outcome"),
    [
        ("message-is-wrapped-twice", UNCHANGED, "failed"),
        ("unknown-types-are-relayed", ("errors/each-kind-is-answered",), "passed"),
        ("unauthenticated-messages-are-kept", BROKEN[1:], "inconclusive"),
        ("errors-as-plain-text", (BROKEN[0], *OPEN[1:]), "inconclusive"),
    ],
)
def test_a_server_is_blamed_for_the_sentence_that_it_breaks_alone(
    tmp_path: Path, fault: str, scenarios: tuple[str, ...], outcome: str
) -> None:
    assert outcomes(tmp_path, fault, scenarios) == dict.fromkeys(scenarios, outcome)
