"""The space of a search: ranges of hyperparameters, scaled to the unit interval, and their values as text for a job.

Scalings are those of "Define Hyperparameter Ranges" in the SageMaker developer guide
(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html), read 2026-11-25. Which one ``Auto`` picks
is not documented; here it is a logarithmic one for a range over `SEVERAL_ORDERS` of magnitude, as that page advises.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

Values = dict[str, str]
"""One combination: the name of each hyperparameter and its value."""

SEVERAL_ORDERS = 1000.0
SCALES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "Linear": (float, float),
    "Logarithmic": (math.log, math.exp),
    "ReverseLogarithmic": (lambda value: -math.log1p(-value), lambda scaled: -math.expm1(-scaled)),
}


@dataclass(frozen=True, slots=True)
class Numeric:
    """A range of numbers.

    Attributes
    ----------
    name : str
    low, high : float or int
        Both inclusive; int for a range of integers.
    scaling : str
        One of `SCALES`; ``Logarithmic`` needs ``low > 0``, ``ReverseLogarithmic`` ``0 <= low`` and ``high < 1``.
    """

    name: str
    low: float
    high: float
    scaling: str
    integer: bool = False

    @property
    def width(self) -> int:
        return 1

    @property
    def count(self) -> float:
        """The number of values; infinity for a range of real numbers."""
        return self.high - self.low + 1 if self.integer else (1 if self.low == self.high else math.inf)

    def every(self) -> Iterator[str]:
        """All values, if their number is finite."""
        return map(str, range(self.low, self.high + 1)) if self.integer else iter([repr(self.low)])

    def value(self, unit: float) -> str:
        """The value at a point of the unit interval."""
        begin, end = self._ends()
        number = SCALES[self.scaling][1](begin + unit * (end - begin))
        if self.integer:
            return str(min(max(round(number), self.low), self.high))
        return repr(min(max(number, self.low), self.high))

    def unit(self, text: str) -> float | None:
        """The point of a value; outside [0, 1] for a value outside the range, None if it is no number or cannot be scaled."""
        begin, end = self._ends()
        try:
            scaled = SCALES[self.scaling][0](float(text))
        except ValueError:
            return None
        if not math.isfinite(scaled):
            return None
        return (scaled - begin) / (end - begin) if end > begin else 0.5

    def coordinates(self, unit: float) -> list[float]:
        return [unit]

    def _ends(self) -> tuple[float, float]:
        # Extend a range of integers by half a step, so that its ends are drawn as often as the other values.
        margin = 0.5 if self.integer else 0.0
        to_scale = SCALES[self.scaling][0]
        return to_scale(self.low - margin), to_scale(self.high + margin)


@dataclass(frozen=True, slots=True)
class Categorical:
    """A choice between strings."""

    name: str
    values: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.values)

    @property
    def count(self) -> int:
        return len(self.values)

    def every(self) -> Iterator[str]:
        return iter(self.values)

    def value(self, unit: float) -> str:
        return self.values[min(int(unit * len(self.values)), len(self.values) - 1)]

    def unit(self, text: str) -> float | None:
        return (self.values.index(text) + 0.5) / len(self.values) if text in self.values else None

    def coordinates(self, unit: float) -> list[float]:
        """One-hot coordinates, so that all values have the same distance."""
        return [float(value == self.value(unit)) for value in self.values]


Parameter = Numeric | Categorical


@dataclass(frozen=True, slots=True)
class Space:
    """All combinations of some hyperparameters."""

    parameters: tuple[Parameter, ...]

    @property
    def count(self) -> float:
        return math.prod(parameter.count for parameter in self.parameters)

    def every(self) -> Iterator[Values]:
        """All combinations, if their number is finite. The last hyperparameter changes fastest."""
        names = [parameter.name for parameter in self.parameters]
        for values in itertools.product(*(parameter.every() for parameter in self.parameters)):
            yield dict(zip(names, values, strict=True))

    def values(self, units: Sequence[float]) -> Values:
        """The combination at a point of the unit cube, whose axes are the hyperparameters in order."""
        return {parameter.name: parameter.value(unit) for parameter, unit in zip(self.parameters, units, strict=True)}

    def units(self, values: Values) -> list[float] | None:
        """The point of a combination; None if a hyperparameter is missing or a value has no point."""
        places = [parameter.unit(values[parameter.name]) for parameter in self.parameters if parameter.name in values]
        return None if len(places) < len(self.parameters) or None in places else places

    def coordinates(self, values: Values) -> list[float] | None:
        """The point of a combination with one-hot categories, as input of a model of the loss. None as with `units`."""
        places = self.units(values)
        if places is None:
            return None
        return [place for parameter, unit in zip(self.parameters, places, strict=True) for place in parameter.coordinates(unit)]

    def draw(self, chance: random.Random) -> Values:
        """A random combination."""
        return self.values([chance.random() for _ in self.parameters])


def key(values: Values) -> tuple:
    """A hashable key that is equal for equal combinations."""
    return tuple(sorted(values.items()))


def automatic(low: float, high: float, integer: bool = False) -> str:
    """The scaling that ``Auto`` chooses."""
    if low > 0 and high / low >= SEVERAL_ORDERS:
        return "Logarithmic"
    if not integer and low >= 0 and high < 1 and (1 - low) / (1 - high) >= SEVERAL_ORDERS:
        return "ReverseLogarithmic"
    return "Linear"
