"""The names in the header of a suite: each must be of something that there is."""

from collections.abc import Collection, Mapping
from typing import Any

from conformance.documents.yaml_source import Pointer, Source
from conformance.errors import did_you_mean


def check(source: Source, procedures: Collection[str], scenarios: Collection[str]) -> None:
    """Refuse unknown procedures and scenarios; raise `InputError` with the place."""
    header = source.value
    for i, name in enumerate(header.get("discovery", ())):
        _check_name(source, name, procedures, ("discovery", i))
    duty = header.get("handshake", {})
    for status, name in duty.get("judged_by", {}).items():
        _check_name(source, name, scenarios, ("handshake", "judged_by", status))
    for i, row in enumerate(duty.get("variants", ())):
        for j, name in enumerate(row["judged_by"]):
            _check_name(source, name, scenarios, ("handshake", "variants", i, "judged_by", j))


def _check_name(source: Source, name: str, known: Collection[str], at: Pointer) -> None:
    if name not in known:
        raise source.error(f'there is no "{name}"{did_you_mean(name, known)}', at)


def check_requirements(source: Source, requirements: Collection[str]) -> None:
    """Refuse unknown requirements; raise `InputError` with the place."""
    value = source.value
    named: dict[Pointer, str] = {
        ("owed", kind, number, place): name
        for kind, groups in value.get("owed", {}).items()
        for number, group in enumerate(groups)
        for place, name in enumerate(group)
    }
    named |= {
        ("shapes", name, "requirement"): row["requirement"]
        for name, row in value.get("shapes", {}).items()
    }
    if "messages" in value:
        named |= {("messages",): value["messages"]}
    if "handshake" in value:
        named |= {("handshake", "broken"): value["handshake"]["broken"]}
    for place, name in named.items():
        if name not in requirements:
            hint = did_you_mean(name, requirements)
            raise source.error(f'there is no requirement "{name}"{hint}', place)


def variants_of(
    source: Source, header: Mapping[str, Any], procedures: Collection[str]
) -> dict[str, list[str]]:
    """Return the procedures that are the forms of each variant in a header.

    Raises `InputError` with the place for one in its own file that there is not.
    """
    for name, forms in source.value.get("variants", {}).items():
        for i, row in enumerate(forms):
            _check_name(source, row["procedure"], procedures, ("variants", name, i, "procedure"))
    variants: Mapping[str, Any] = header.get("variants", {})
    return {name: [row["procedure"] for row in forms] for name, forms in variants.items()}
