"""The steps of a scenario: what each verb does and how it can fail."""

from conformance.engine.steps.action import StepFailed
from conformance.engine.steps.performer import VERBS, Performer

__all__ = ["VERBS", "Performer", "StepFailed"]
