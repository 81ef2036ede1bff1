"""The suite for Coda Lite's WebSocket protocol: what of it only code can say."""

from collections.abc import Mapping
from typing import Any, Final

from conformance.monitors import Monitor
from conformance.suite import Suite
from conformance.suites.coda.event_monitors import event_monitors
from conformance.suites.coda.message_monitors import message_monitors
from conformance.suites.coda.state_monitors import state_monitors
from conformance.values import Function

FUNCTIONS: Final[Mapping[str, Function]] = {}


def make_monitors(suite: Suite) -> list[Monitor]:
    """A fresh set of the passive checks, for one run."""
    return [*state_monitors(), *message_monitors(suite.schemas), *event_monitors()]


def claims(stated: Mapping[str, Any]) -> frozenset[str]:
    """What a target claims: the methods of its challenge and the features of its session.

    A challenge that names no methods but carries a token is the original's: challenge_token.
    """
    methods = stated.get("methods")
    if not isinstance(methods, list):
        methods = ["challenge_token"] if "token" in stated else []
    features = stated.get("features")
    named = [*methods, *(features if isinstance(features, list) else [])]
    return frozenset(name for name in named if isinstance(name, str))
