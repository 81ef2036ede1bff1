"""Inconclusive scenarios: each reason why nothing was proved, and whether to try again."""

from typing import ClassVar

from conformance.model import Cause


class NotJudged(Exception):
    """Nothing was proved either way."""

    cause: ClassVar[Cause] = "not provable"


class TooLarge(NotJudged):
    """The target states a value that is beyond what the kit tries."""

    cause = "out of reach"


class NotAsked(Exception):
    """Raised where the rest of a scenario asks nothing of this target."""


class TryAgain(NotJudged):
    """Nothing was proved, but another attempt may prove something."""


class TooSlow(TryAgain):
    """It came too late to prove anything: this machine or the network was too busy."""

    cause = "too busy"

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: this machine, or the network to the target, was too busy")


class Refused(TryAgain):
    """The target refused a message for want of room, which the scenario is not about."""

    cause = "rate limited"


class Disturbed(TryAgain):
    """Others caused events, and the scenario relies on silence."""

    cause = "disturbed"


class Collateral(NotJudged):
    """The connection lacks messages, which a passive check blames by itself."""

    cause = "collateral"


class Crowded(TryAgain):
    """The target accepts no more connections at the moment."""

    cause = "crowded"
