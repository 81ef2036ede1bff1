"""Draws plans: random, and weighted towards what was tried least."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any, Final

from conformance.explore.plan import Composer, Planned, Script
from conformance.loader.exploration import Action, Facts, ProtocolModel

LENGTHS: Final = (6, 8, 10, 12, 16, 20, 24, 30, 40)
"""How many actions a dialogue has."""

TRIES: Final = 12
"""Draws for each action: many draw what cannot be done at the moment."""

AMONG: Final = 2
"""How many possible actions it chooses from; it takes the one that was tried least."""

SWARM: Final = (0.1, 0.5, 1, 1, 3, 8)
"""Factors of how often the kinds of actions are done, drawn for each dialogue.

Dialogues that do a few things often find what those that do a bit of everything do not (swarm
testing).
"""

SETTLED: Final = 0.6
"""How often all that is due is awaited before an action."""


class Generator:
    """Draws the dialogues of a seed, always the same."""

    def __init__(self, model: ProtocolModel, facts: Facts, seed: int) -> None:
        self._model, self._facts, self._seed = model, facts, seed
        self.tried: Counter[tuple[str, str]] = Counter()
        """How often something was done right after something of a kind."""

    def dialogues(self) -> Iterator[Script]:
        """Yield dialogue after dialogue."""
        number = 0
        while True:
            number += 1
            yield self._dialogue(Random(f"{self._seed} {number}"))  # noqa: S311

    def _dialogue(self, random: Random) -> Script:
        composer, before = Composer(self._model, self._facts), ""
        rows = list(self._model.draws.values())
        weights = [row.weight * random.choice(SWARM) for row in rows]
        for _ in range(random.choice(LENGTHS)):
            action = self._action(before, random, composer.state, weights)
            if action is None:
                continue
            if composer.add(Planned(action, random.random() < SETTLED)) is not None:
                self.tried[before, action.branch] += 1
                before = action.kind
        return composer.finished()

    def _action(
        self, before: str, random: Random, state: Any, weights: Sequence[float]
    ) -> Action | None:
        """Draw some actions; return the one that was done least after what was done before."""
        rows = list(self._model.draws.values())
        drawn = (row.draw(state, random) for row in random.choices(rows, weights, k=TRIES))
        found = islice((action for action in drawn if action is not None), AMONG)
        return min(found, key=lambda row: self.tried[before, row.branch], default=None)
