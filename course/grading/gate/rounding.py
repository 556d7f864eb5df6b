"""Tries right answers with numbers as honest learners have them: rounded as the text's example is, or wrong in their last binary digits.

An answer may compute the same number in another order, and the same comparison the other way round: ``best - x <= 0.002`` and
``x >= best - 0.002`` differ for some floats. So a check must accept numbers on both sides of the right one, and draw no case in which
such a digit decides. Every right answer is tried over many draws, in turn in the `WAYS`. In exercises on a rule, each case is also
given to the answer with its numbers moved by `NUDGE`, which must not change what the rule says.
"""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from course.grading import render
from course.grading.exercise.evidence_types import Function
from course.grading.exercise.seeds import Draw
from course.grading.gate.exercise_trial import CandidateResult, ExerciseTrial, draw
from course.grading.report import Report

NUDGE = 1e-12  # relative; larger than what rounding in a few operations comes to (2e-16 each), and below all digits that are given
SIGNIFICANT = 6  # digits that are enough where a definition names no other number
RULES = (None, 1, 5)  # patterns in which a case has one right answer, that does not move with its numbers
SECONDS = 1.0  # for each draw of one answer, on average; slower exercises are tried on fewer draws

Change = Callable[[float], float]


def rounded(digits: int | None) -> Change:
    """Rounds to decimals, or to `SIGNIFICANT` digits."""
    return (lambda number: float(f"{number:.{SIGNIFICANT}g}")) if digits is None else (lambda number: round(number, digits))


WAYS: dict[str, Callable[[int | None], Change]] = {
    "rounded": rounded,
    "larger by a rounding error": lambda digits: lambda number: number * (1 + NUDGE),
    "smaller by a rounding error": lambda digits: lambda number: number * (1 - NUDGE),
}


class AlteredFunction:
    """A learner's function with altered results.

    Parameters
    ----------
    function : callable
    change : callable
        Changes each fraction among the results. Fractions that are also among the arguments are handed on unchanged.
    rng : random.Random or None
        Moves the arguments of a second call, which must say the same; None to make no second call.

    Attributes
    ----------
    fractions : bool
        Whether an argument or a result has held a fraction.
    border : str
        The first case in which the second call said something else; empty when there was none.
    """

    def __init__(self, function: Callable, change: Change, rng: random.Random | None) -> None:
        self._function, self._change, self._rng = function, change, rng
        self.fractions, self.border = False, ""

    def __call__(self, *arguments: Any) -> Any:
        given: set[float] = set()
        kept = altered(arguments, lambda number: given.add(number) or number)
        result = self._function(*arguments)
        made: list[float] = []

        def change(number: float) -> float:
            made.append(number)
            return number if number in given else self._change(number)

        changed = altered(result, change)
        self.fractions = self.fractions or bool(given or made)
        if self._rng and given and not self.border:
            self._look_for_border(kept, result)
        return changed

    def _look_for_border(self, arguments: tuple, result: Any) -> None:
        def move(number: float) -> float:  # not 0.5 and the like, which are exact, and so is what is computed of them
            return number if (8 * number).is_integer() else number * (1 + self._rng.choice((-NUDGE, NUDGE)))

        moved = altered(arguments, move)
        if not same(self._function(*moved), result) and same(self._function(*copy.deepcopy(arguments)), result):
            self.border = f"for {arguments!r}"[:1000]


def altered(value: Any, change: Change) -> Any:
    """A copy of plain data in which each fraction is changed: each finite float that is not whole."""
    if isinstance(value, float):  # numpy's too
        return change(float(value)) if math.isfinite(value) and value != int(value) else value
    if isinstance(value, (list, tuple)):
        return type(value)([altered(item, change) for item in value])
    if isinstance(value, Mapping):
        return {key: altered(item, change) for key, item in value.items()}
    if hasattr(value, "columns"):  # a table
        return value.assign(**{name: altered(value[name], change) for name in value.columns if value[name].dtype.kind == "f"})
    if hasattr(value, "dtype") and hasattr(value, "map"):  # a column
        return value.map(lambda item: altered(item, change)) if value.dtype.kind == "f" else value.copy()
    if hasattr(value, "dtype") and hasattr(value, "flat"):  # an array
        changed = value.copy()
        if value.dtype.kind == "f":
            changed.flat = [altered(item, change) for item in value.flat]
        return changed
    return copy.deepcopy(value)


def same(one: Any, other: Any) -> bool:
    """Whether two results decide the same: they are equal but for floats, which the check's tolerance judges."""
    if isinstance(one, float) and isinstance(other, float):
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and same(list(one.values()), list(other.values()))
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if hasattr(one, "to_dict") and type(one) is type(other):  # a table or a column
        return same(one.to_dict(), other.to_dict())
    if hasattr(one, "tolist") and type(one) is type(other):  # an array
        return same(one.tolist(), other.tolist())
    return type(one) is type(other) and one == other


def findings(trial: ExerciseTrial, name: str, evidence: Any, draws: int) -> Iterator[CandidateResult]:
    """What the right answer ``name`` earns in each of the ways: one finding, or none for an exercise without fractions."""
    if not isinstance(evidence, Mapping) or not any(isinstance(wanted, Function) for wanted in trial.exercise.evidence.values()):
        return
    started = time.monotonic()
    problem, tried, uses_aws = "", 0, True  # until the first draw has shown that it does not
    for number in range(draws):
        if number and time.monotonic() - started > SECONDS * draws:
            break
        way = list(WAYS)[number % len(WAYS)]
        one = _Trial(trial, evidence, way, random.Random(number), uses_aws)
        problem = one.problem(draw(number), with_practice=number < len(WAYS))
        tried, uses_aws = number + 1, one.uses_aws
        if problem or not one.fractions:
            break
    if problem or tried > 1 or (tried and one.fractions):
        yield trial.found(f"{name}, fractions in {tried} of {draws} draws", 0.0 if problem else float(trial.exercise.points), problem)


class _Trial:
    """One draw of one answer in one way."""

    def __init__(self, trial: ExerciseTrial, evidence: Mapping[str, Any], way: str, rng: random.Random, uses_aws: bool) -> None:
        self._trial, self._way, self.uses_aws = trial, way, False
        # An answer that works on AWS is not called a second time: its first call has changed what the check looks at.
        rule = trial.exercise.pattern in RULES and not uses_aws
        self._evidence = dict(evidence)
        for name, wanted in trial.exercise.evidence.items():
            if isinstance(wanted, Function) and callable(evidence.get(name)):
                self._evidence[name] = AlteredFunction(evidence[name], WAYS[way](wanted.digits), rng if rule else None)

    @property
    def fractions(self) -> bool:
        return any(given.fractions for given in self._functions)

    @property
    def _functions(self) -> list[AlteredFunction]:
        return [given for given in self._evidence.values() if isinstance(given, AlteredFunction)]

    def problem(self, drawn: Draw, with_practice: bool) -> str:
        try:
            reports = [self._report("hidden", drawn)]
            # Not in practice: it may have cases on a border on purpose, and right answers have been seen to hold on these.
            border = "" if self.uses_aws else next((given.border for given in self._functions if given.border), "")
            reports += [self._report("practice", Draw())] if with_practice and self.fractions else []
        except Exception as error:
            return f"{self._way}, {drawn.seed}: the check itself raised {type(error).__name__}: {error}"
        for report in reports:
            if report.problem or any(part.share not in (None, 1) for part in report.parts):
                return f"a right answer whose fractions are {self._way} fails, {drawn.seed}: {render.as_text(report)}"
        return f"a rounding error of an argument decides, {drawn.seed}, {border}" if border else ""

    def _report(self, phase: str, drawn: Draw) -> Report:
        report = self._trial.report(phase, self._evidence, drawn, self._client)
        report.phase = "graded"  # by which it is shown
        return report

    def _client(self, service: str) -> Any:
        self.uses_aws = True
        return self._trial.aws(service)
