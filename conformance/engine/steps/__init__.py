"""The steps of a scenario, performed: what each verb does, and how it can fail."""

from conformance.engine.steps.action import (
    Crowded,
    Disturbed,
    NotJudged,
    StepFailed,
    TooSlow,
    TryAgain,
)
from conformance.engine.steps.performer import VERBS, Performer

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
