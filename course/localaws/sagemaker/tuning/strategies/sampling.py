"""Searches that do not learn from losses: random search and grid search."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from course.localaws.sagemaker.tuning.strategies.space import Space, Values, key

TRIES = 64  # random draws before the rest of a finite space is enumerated


@dataclass(frozen=True, slots=True)
class LossObservation:
    """The loss of a combination; ``source`` names the objective that the loss belongs to."""

    values: Values
    loss: float
    source: str = ""


class SearchStrategy:
    """Chooses the combinations to try."""

    def suggest(self, observations: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        """The next combination; None if the whole space was suggested.

        Parameters
        ----------
        observations : sequence of LossObservation
            All observations until now, including those of a warm start.
        pending : sequence of Values
            Combinations that are running.
        """
        raise NotImplementedError

    def prepare(self) -> None:
        """Do slow work now that the first suggestions would otherwise wait for."""

    def close(self) -> None:
        """Called after the last suggestion."""


class RandomSearch(SearchStrategy):
    """Uniform in the scaled space, without repetition while untried combinations are left. The same seed gives the same combinations."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._chance = space, random.Random(seed)
        self._seen: set[tuple] = set()

    def suggest(self, observations: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        tried = self._seen | {key(each.values) for each in observations} | {key(values) for values in pending}
        values = self._new(tried)
        if values is not None:
            self._seen.add(key(values))
        return values

    def _new(self, tried: set[tuple]) -> Values | None:
        for _ in range(TRIES):
            values = self._space.draw(self._chance)
            if key(values) not in tried:
                return values
        if self._space.count > len(tried) + TRIES:
            return self._space.draw(self._chance)
        left = [values for values in self._space.every() if key(values) not in tried]
        return self._chance.choice(left) if left else None


class GridSearch(SearchStrategy):
    """Every combination of a finite space once, in order."""

    def __init__(self, space: Space) -> None:
        self._left = space.every()

    def suggest(self, observations: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        return next(self._left, None)
