"""PyYAML's loaders, with libyaml and without: both read alike, and neither guesses types."""

import re
from typing import Any, Final

import yaml

STAND_IN: Final = "\ufdd0"
"""A noncharacter, which no text contains."""
INSIDE: Final = re.compile(r"(?<=[^\s,\[\]{}])\?|(?<=[^\s,\[\]{}:?-] )\?")
"""A question mark within a plain scalar: one that introduces a key follows no other text."""


class _Untyped:
    """Leaves the types of plain scalars to the caller."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """Return the tag of a node: always the same, so that no scalar is examined twice."""
        return "tag:yaml.org,2002:str"


class PortableLoader(_Untyped, yaml.SafeLoader):
    """The loader for a PyYAML without libyaml.

    PyYAML's own scanner ends a plain scalar in braces or brackets at a question mark, unlike YAML
    1.2 and libyaml, so another character stands in for it meanwhile.
    """

    def __init__(self, text: str) -> None:
        super().__init__(INSIDE.sub(STAND_IN, text))

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """Return the next scalar, with its question marks."""
        node: yaml.ScalarNode = super().compose_scalar_node(anchor)
        node.value = node.value.replace(STAND_IN, "?")
        return node


LOADER: Final[Any] = (
    type("FastLoader", (_Untyped, yaml.CSafeLoader), {})
    if hasattr(yaml, "CSafeLoader")
    else PortableLoader
)
"""The loader of libyaml, if it is available."""
