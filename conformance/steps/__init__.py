"""The steps of a scenario, performed: what each verb does, and how it can fail."""

from conformance.steps.action import NotJudged, StepFailed, TooSlow
from conformance.steps.performer import VERBS, Performer

__all__ = ["VERBS", "NotJudged", "Performer", "StepFailed", "TooSlow"]
