"""Judges a message or a notice: its members, a schema, and the values that a step saves."""

from collections.abc import MutableMapping, Sequence
from typing import Any, NamedTuple, NoReturn

from conformance.documents.schemas import Fault
from conformance.engine.matching import Difference
from conformance.engine.steps.action import Action
from conformance.json_text import at
from conformance.model import Evidence
from conformance.transport import Message


class Subject(NamedTuple):
    """A message or a notice to judge; `noun` names it in sentences."""

    noun: str
    value: Any
    message: Message | None = None

    @classmethod
    def of(cls, message: Message) -> "Subject":
        """Return a message as a subject."""
        return cls("message", message.value, message)

    def fail(self, action: Action, summary: str, **evidence: Any) -> NoReturn:
        """Fail the step, with the subject as what was received."""
        if self.message is None:
            evidence["received"] = Evidence("", self.value)
        action.fail("other message", f"the {self.noun} {summary}", self.message, **evidence)


def like(pattern: Any, says: str = "a message like") -> Evidence:
    """Return the evidence that something with these members is due."""
    return Evidence(says, pattern)


def differs(action: Action, subject: Subject, expected: Any, found: Difference) -> NoReturn:
    """Fail because a member is not as expected."""
    subject.fail(
        action,
        f"differs at {found.pointer or 'the top level'}: "
        f"expected {found.expected}, received {found.received}",
        expected=like(expected, f"a {subject.noun} like"),
        pointer=found.pointer,
    )


def schema_faults(action: Action, value: Any, option: str = "schema") -> Sequence[Fault]:
    """Return where a value breaks the inline schema that an option of the step gives, if any."""
    schema = action.option(option)
    return () if schema is None else action.world.suite.schemas.explain_inline(schema, value)


def judge_schema(action: Action, subject: Subject) -> None:
    """Fail unless the subject satisfies the inline schema of the step, if it has one."""
    faults = schema_faults(action, subject.value)
    if faults:
        subject.fail(
            action,
            f"breaks the schema at {faults[0].pointer or 'the top level'}: {faults[0].message}",
            # As it is written: computed values may be parts of secrets, which nothing recognises.
            expected=Evidence(
                f"a {subject.noun} that satisfies the schema", action.step.modifiers["schema"]
            ),
            pointer=faults[0].subject,
        )


def save(action: Action, subject: Subject, into: MutableMapping[str, Any]) -> None:
    """Keep what the step saves; fail where it is missing, unless its name ends in `?`."""
    for name, path in action.step.modifiers.get("save", {}).items():
        try:
            into[name.removesuffix("?")] = at(subject.value, path)
        except LookupError:
            action.dialogue.not_given.add(name.removesuffix("?"))
            if not name.endswith("?"):
                subject.fail(
                    action,
                    f"has no {path}",
                    expected=Evidence(f"a value at {path}"),
                    pointer=path,
                )
