"""Messages made from the schemas: mostly valid ones, and the same with a change somewhere."""

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.reference_server.schemas import load

Schema = dict[str, Any]
Path = tuple[str | int, ...]

TEXTS = ["", "a", "a\n", " ", "x" * 64, "x" * 65, "x" * 128, "😀" * 129]
PROOFS = ["0" * 64, "F" * 64, "0" * 63, "g" * 64, "0" * 64 + "\n"]
AUDIENCES = [
    "ws://127.0.0.1:8765",
    "wss://[::1]",
    "WS://a",
    "ws://a/",
    "ws://a\n",
    "ws://" + "a" * 300,
]
WORDS = [
    "challenge_token",
    "hmac_sha256",
    "push_to_talk",
    "stop_listening",
    "stop_speaking",
    "text_input",
]
NUMBERS = [-0.5, 1.0, 7.5]
SCALARS: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([*TEXTS, *PROOFS, *AUDIENCES, *WORDS, *NUMBERS])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=3,
)


def messages(name: str) -> st.SearchStrategy[Any]:
    """Make messages of a type; only what a condition of the schema forbids may be wrong."""
    return made_from(load(f"{name}.json"), f"{name}.json")


def made_from(schema: Schema, file: str) -> st.SearchStrategy[Any]:
    """Make values that have the types, bounds and members of a schema in a file."""
    if "$ref" in schema:
        return made_from(*resolve(schema["$ref"], file))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type")
    if kinds is None:
        return VALUES
    chosen = [MAKERS[kind](schema, file) for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    return st.one_of(*chosen)


def resolve(reference: str, file: str) -> tuple[Schema, str]:
    """Find what a reference means, and in which file that stands."""
    name, _, pointer = reference.partition("#")
    home = name or file
    schema = load(home)
    for step in pointer.split("/")[1:]:
        schema = schema[step]
    return schema, home


def made_object(schema: Schema, file: str) -> st.SearchStrategy[Any]:
    """Make objects: required members always, the others sometimes, unknown ones as well."""
    parts = {name: made_from(part, file) for name, part in schema.get("properties", {}).items()}
    required = {name: parts.pop(name) for name in schema.get("required", ()) if name in parts}
    parts["unknown_member"] = VALUES
    made = st.fixed_dictionaries(required, optional=parts)
    needed = [branch["then"] for branch in schema.get("allOf", ()) if "then" in branch]
    return made.flatmap(lambda value: completed(value, needed, schema, file)) if needed else made


def completed(
    value: Schema, needed: list[Schema], schema: Schema, file: str
) -> st.SearchStrategy[Schema]:
    """Add to an object what one of the conditions of its schema may demand of it."""
    choices = []
    for demand in needed:
        names = [*demand.get("required", ()), *demand.get("properties", {})]
        parts = {
            name: made_from(
                demand.get("properties", {}).get(name) or schema["properties"][name], file
            )
            for name in names
        }
        choices.append(st.fixed_dictionaries(parts).map(lambda more: {**value, **more}))
    return st.one_of(st.just(value), *choices)


def made_string(schema: Schema, file: str) -> st.SearchStrategy[Any]:
    """Make strings of the length and pattern."""
    low, high = schema.get("minLength", 0), schema.get("maxLength", 200)
    if "pattern" in schema:
        return matching(schema["pattern"], low, high)
    return st.text(min_size=low, max_size=high) | st.sampled_from("a😀").map(lambda one: one * high)


@cache
def matching(pattern: str, low: int, high: int) -> st.SearchStrategy[str]:
    """Make strings that match a pattern; hypothesis reads each pattern once."""
    whole = st.from_regex(pattern.replace("$", r"\Z"))
    return whole.filter(lambda text: low <= len(text) <= high)


def made_number(schema: Schema, file: str) -> st.SearchStrategy[Any]:
    """Make integers and floats within the bounds."""
    low = schema.get("minimum", -1000)
    return st.integers(low, 2**53 - 1) | st.floats(low, 1e300)


def made_integer(schema: Schema, file: str) -> st.SearchStrategy[Any]:
    """Make integers within the bounds, also as floats."""
    low, high = schema.get("minimum", -1000), schema.get("maximum", 2**53 - 1)
    return st.integers(low, high) | st.integers(low, 1000).map(float)


MAKERS: dict[str, Callable[[Schema, str], st.SearchStrategy[Any]]] = {
    "object": made_object,
    "string": made_string,
    "number": made_number,
    "integer": made_integer,
    "boolean": lambda schema, file: st.booleans(),
    "null": lambda schema, file: st.none(),
    "array": lambda schema, file: st.lists(made_from(schema.get("items", {}), file), max_size=3),
}


@st.composite
def mutations(draw: st.DrawFn, message: Any) -> Any:
    """Change a message somewhere: a value replaced, or a member left out."""
    changed = copy.deepcopy(message)
    path = draw(st.sampled_from([path for path in places(changed) if path]))
    parent = changed
    for step in path[:-1]:
        parent = parent[step]
    if draw(st.booleans()) and isinstance(parent, dict):
        del parent[path[-1]]
    else:
        parent[path[-1]] = draw(VALUES)
    return changed


def places(value: Any, path: Path = ()) -> list[Path]:
    """List the paths to everything in a value."""
    found = [path]
    if isinstance(value, dict):
        found += [place for name, part in value.items() for place in places(part, (*path, name))]
    return found
