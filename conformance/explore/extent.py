"""How much is explored."""

from typing import Final

import msgspec

AREA: Final = "explored"
"""Where the ids of explored dialogues begin."""


class Extent(msgspec.Struct, frozen=True):
    """How much is explored: dialogues of a seed, for so many seconds at most.

    With `only`, only that dialogue of the seed is played.
    """

    seed: int = 1
    dialogues: int | None = None
    seconds: float = 60.0
    only: int | None = None
    finds: int = 20
