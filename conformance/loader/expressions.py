"""Variables and functions in a step: `$name`, `${name}` in a text, `{$fn: name, …}`."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from conformance.errors import InputError, OutOfReach, did_you_mean
from conformance.model import Step

Function = Callable[..., Any]

OF_DIALOGUE: Final = frozenset({"unique", "affordable", "pacing"})
"""The functions that each dialogue adds."""

_NAME: Final = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?"
_WHOLE: Final = re.compile(rf"\$(?:({_NAME})|\{{({_NAME})\}})")
_INSIDE: Final = re.compile(rf"\$\$|\$\{{({_NAME})\}}")


def resolve(value: Any, lookup: Callable[[str], Any], functions: Mapping[str, Function]) -> Any:
    """Return the value with every variable replaced and every function called."""
    if isinstance(value, str):
        return _resolve_text(value, lookup) if "$" in value else value
    if isinstance(value, list):
        return [resolve(item, lookup, functions) for item in value]
    if isinstance(value, dict):
        if "$fn" in value:
            return _call(value, lookup, functions)
        return {key: resolve(item, lookup, functions) for key, item in value.items()}
    return value


def names(value: Any) -> list[str]:
    """Return the names of the variables in a value, in the order in which they appear."""
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        found = [whole[1] or whole[2]] if whole else _INSIDE.findall(value)
        return [name for name in found if name]
    if isinstance(value, dict):
        value = list(value.values())
    return [name for item in value for name in names(item)] if isinstance(value, list) else []


def variables_of(steps: Iterable[Step]) -> set[str]:
    """Return the names of all variables in steps, including nested ones."""
    found: set[str] = set()
    for step in steps:
        found.update(names(step.argument), names(dict(step.modifiers)))
        for branch in step.nested:
            found |= variables_of(branch)
    return found


def _resolve_text(text: str, lookup: Callable[[str], Any]) -> Any:
    whole = _WHOLE.fullmatch(text) if text[0] == "$" else None
    if whole:
        return lookup(whole[1] or whole[2])
    return _INSIDE.sub(lambda m: "$" if m[0] == "$$" else str(lookup(m[1])), text)


def _call(
    call: dict[str, Any], lookup: Callable[[str], Any], functions: Mapping[str, Function]
) -> Any:
    name = call["$fn"]
    if not isinstance(name, str) or name not in functions:
        raise InputError(f'there is no function "{name}"{did_you_mean(str(name), functions)}')
    given = {key: resolve(v, lookup, functions) for key, v in call.items() if key != "$fn"}
    try:
        return functions[name](**given)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if names(call):  # the arguments may come from the target
            raise OutOfReach(f"{name} cannot be computed from the target's values") from None
        raise InputError(f"invalid call of function {name}: {error}") from None
