"""One row of the table: a measurement and its baseline, how the two are compared, and the target."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

TURN = 10  # calls
Compared = Literal["ratio", "difference", "measured"]


@dataclass(frozen=True, slots=True)
class Row:
    """Several runs of one measurement.

    Attributes
    ----------
    name : str
    unit : str
        Of ``measured`` and ``baseline``, e.g. ``"ms"``.
    measured, baseline : list of float
        One number per run. The two numbers of a run were measured in turns, so that other load on the machine affects both.
    beside : str
        The name of the baseline.
    compared : "ratio", "difference" or "measured"
        How the two numbers of a run are combined; ``"measured"`` leaves the baseline out. The row's `value` is the median over the runs.
    limit : float
        The target is met when `value` is at most this.
    optional : bool
        Whether this is the row of an optional package that is not installed. It is neither met nor missed.
    """

    name: str
    unit: str
    measured: list[float]
    baseline: list[float]
    beside: str
    compared: Compared
    limit: float
    optional: bool = False

    @property
    def value(self) -> float:
        return statistics.median(self._compare(ours, theirs) for ours, theirs in zip(self.measured, self.baseline, strict=True))

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def _compare(self, ours: float, theirs: float) -> float:
        match self.compared:
            case "ratio":
                return ours / theirs
            case "difference":
                return ours - theirs
            case "measured":
                return ours

    def cells(self) -> list[str]:
        """The row as the table shows it, without the verdict."""
        value, limit = (
            f"{number:.2f} ×" if self.compared == "ratio" else f"{number:.3g} {self.unit}" for number in (self.value, self.limit)
        )
        medians = (f"{statistics.median(numbers):.3g} {self.unit}" for numbers in (self.measured, self.baseline))
        return [self.name, *medians, self.beside, value, f"≤ {limit}"]

    @property
    def verdict(self) -> Literal["met", "missed", "not measured"]:
        return "not measured" if self.optional else "met" if self.met else "missed"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"value": self.value, "met": self.met}


def not_measured(name: str, unit: str, why: str, optional: bool = False) -> Row:
    """A row without a measurement. It counts as missed, unless what it needs is an optional package."""
    return Row(name, unit, [0.0], [0.0], f"nothing: {why}", "measured", -1.0, optional)


def seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def p50_in_turns(
    ours: Callable[[], object], theirs: Callable[[], object], runs: int = 5, calls: int = 100
) -> tuple[list[float], list[float]]:
    """The median milliseconds of two calls, one pair of numbers per run.

    They take turns of ten calls each, so that other load on the machine affects both. The first call of a turn is not counted, because
    the server was idle before it.
    """
    medians: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        turns = [(_turn(ours), _turn(theirs)) for _ in range(calls // TURN)]
        for found, times in zip(medians, zip(*turns, strict=True), strict=True):
            found.append(statistics.median(itertools.chain(*times)) * 1000)
    return medians


def _turn(call: Callable[[], object]) -> list[float]:
    call()
    return [seconds(call) for _ in range(TURN)]
