"""What proves nothing: each reason why a scenario is inconclusive, and whether to try again."""

from typing import ClassVar

from conformance.model import Cause


class NotJudged(Exception):
    """What was seen proves nothing either way."""

    cause: ClassVar[Cause] = "not provable"


class TryAgain(NotJudged):
    """What was seen proves nothing, but another try may prove something."""


class TooSlow(TryAgain):
    """What was seen came too late to prove anything: this machine or the line was too busy."""

    cause = "too busy"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: this machine, or the line to the target, was too busy")


class Refused(TryAgain):
    """The target refused a message for its rate, which the scenario is not about."""

    cause = "rate limited"


class Disturbed(TryAgain):
    """Others caused events, and the scenario counts on nobody doing so."""

    cause = "disturbed"


class Crowded(TryAgain):
    """The target takes no more connections at the moment."""

    cause = "crowded"
