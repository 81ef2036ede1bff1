"""PyYAML's loaders, with libyaml and without: both read the same, and neither guesses types."""

import re
from typing import Any, Final

import yaml

STAND_IN: Final = "\ufdd0"
"""A noncharacter, which no text holds."""
INSIDE: Final = re.compile(r"(?<=[^\s,\[\]{}])\?|(?<=[^\s,\[\]{}:?-] )\?")
"""A question mark within a plain scalar: one that introduces a key stands behind no other text."""


class _Untyped:
    """What a plain scalar means is not the loader's to decide."""

    def resolve(self, kind: type[yaml.Node], value: Any, implicit: Any) -> str:
        """The tag of a node: always the same, so that no scalar is looked at twice."""
        return "tag:yaml.org,2002:str"


class PortableLoader(_Untyped, yaml.SafeLoader):
    """The loader where PyYAML comes without libyaml.

    PyYAML's own scanner ends a plain scalar in braces or brackets at a question mark, unlike YAML
    1.2 and libyaml; so another character stands in for it meanwhile.
    """

    def __init__(self, text: str) -> None:
        super().__init__(INSIDE.sub(STAND_IN, text))

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        """The next scalar, with its question marks."""
        node: yaml.ScalarNode = super().compose_scalar_node(anchor)
        node.value = node.value.replace(STAND_IN, "?")
        return node


LOADER: Final[Any] = (
    type("FastLoader", (_Untyped, yaml.CSafeLoader), {})
    if hasattr(yaml, "CSafeLoader")
    else PortableLoader
)
"""The loader of libyaml, where it is there."""
