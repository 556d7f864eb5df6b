"""Searches that learn nothing: random combinations, and all of them in turn."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from course.localaws.sagemaker.tuning.strategies.space import Space, Values, key

TRIES = 64  # random draws before a finite space is gone through for what is left


@dataclass(frozen=True, slots=True)
class LossObservation:
    """What was found out about a combination: its loss, ``source`` naming the objective that the loss belongs to."""

    values: Values
    loss: float
    source: str = ""


class SearchStrategy:
    """Chooses the combinations to try."""

    def suggest(self, told: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        """The next combination, None when every one of the space was suggested.

        Parameters
        ----------
        told : sequence of LossObservation
            What is known until now, one's own tries and earlier ones.
        pending : sequence of Values
            Combinations that are being tried.
        """
        raise NotImplementedError

    def prepare(self) -> None:
        """Do now what takes time and would be done at the first suggestion, or one soon after it."""

    def close(self) -> None:
        """It is not going to be asked again."""


class RandomSearch(SearchStrategy):
    """Uniform in the scaled space, no combination twice while there is another. The same seed gives the same combinations."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._chance = space, random.Random(seed)
        self._seen: set[tuple] = set()

    def suggest(self, told: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        tried = self._seen | {key(each.values) for each in told} | {key(values) for values in pending}
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

    def suggest(self, told: Sequence[LossObservation], pending: Sequence[Values]) -> Values | None:
        return next(self._left, None)
