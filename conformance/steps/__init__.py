"""The steps of a scenario, performed: what each verb does, and how it can fail."""

from conformance.steps.action import Crowded, Disturbed, NotJudged, StepFailed, TooSlow, TryAgain
from conformance.steps.performer import VERBS, Performer

__all__ = [
    "VERBS",
    "Crowded",
    "Disturbed",
    "NotJudged",
    "Performer",
    "StepFailed",
    "TooSlow",
    "TryAgain",
]
