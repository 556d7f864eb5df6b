"""Tries the mutants of an exercise's reference answer: a good check finds nine of ten.

A mutant is *killed* when it does not earn all points at grading, for at least one of the seeds with which right answers are tried.
``answers/<exercise>/survivors.yaml`` lists the survivors, each with its reason. A survivor that is a right answer itself is listed as
``equivalent: ...`` and does not count.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from course.grading.errors import AnswerError, DefinitionError
from course.grading.evaluate import evaluate_here
from course.grading.exercise.answer import collect
from course.grading.exercise.exercise import Exercise
from course.grading.exercise.seeds import Draw
from course.grading.gate.exercise_trial import DRAWS, CandidateResult, ExerciseTrial, MutationScore
from course.grading.gate.mutants import Mutant, fingerprint, mutants
from course.grading.report import Report

MUTANTS = "mutants"
LEAST = 0.9  # the share to be killed of an exercise's mutants that are not equivalent
LISTED = "survivors.yaml"
EQUIVALENT = "equivalent:"
KILLED, SURVIVED, SAME = "killed", "survived", "hands over the same values"  # the outcomes of a mutant, unless its check raises an error


def listed(exercise: Exercise, graders: Path) -> dict[str, str]:
    """The mutants that are known to survive, with the reason of each.

    Raises
    ------
    DefinitionError
        When the list is malformed.
    """
    found: dict[str, str] = {}
    for path in graders.glob(f"*/answers/{exercise.id}/{LISTED}"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8")) or ():
            if not (isinstance(group, dict) and set(group) == {"reason", "mutants"} and str(group["reason"] or "").strip()):
                raise DefinitionError(f"{path.parent.name}/{path.name}: an entry has a `reason` and a list of `mutants`; got {group!r}.")
            found |= dict.fromkeys(group["mutants"], group["reason"].strip())
    return found


def findings(
    trial: ExerciseTrial, graders: Path, sample: int | None = None, on_progress: Callable[[int, int], None] = lambda done, of: None
) -> list[CandidateResult]:
    """Findings on the checks and on the list of survivors, from the mutants of the trial's reference.

    Parameters
    ----------
    trial : ExerciseTrial
        A trial whose reference has not run yet.
    graders : Path
    sample : int, optional
        How many mutants to try, always the same ones; all by default.
    on_progress : callable
        Called with the number of mutants done and the number of all.
    """
    known, made = listed(trial.exercise, graders), mutants(trial.answer.text)
    chosen = made if sample is None else _sample(made, known, sample, trial.exercise.id)
    tester, outcomes = MutantTester(trial), {}
    for number, mutant in enumerate(chosen):
        on_progress(number, len(chosen))
        outcomes[mutant.name] = tester.outcome(mutant)
    problems = {name: outcome for name, outcome in outcomes.items() if outcome not in (KILLED, SURVIVED, SAME)}
    problems |= _list_problems(known, {mutant.name for mutant in made}, outcomes)
    found = [trial.found(f"mutant {name}", 0.0, problem) for name, problem in problems.items()]
    score = _score(fingerprint(made), known, outcomes)
    weak = sample is None and score.share < LEAST
    said = f"only {score.share:.0%} of the mutants that differ are found, less than {LEAST:.0%}: correct the check" if weak else ""
    return [trial.found(MUTANTS, 0.0, said, score), *found]


def _sample(made: list[Mutant], known: Mapping[str, str], size: int, seed: str) -> list[Mutant]:
    """A sample of the mutants that should be killed."""
    unlisted = [mutant for mutant in made if mutant.name not in known]
    return random.Random(seed).sample(unlisted, min(size, len(unlisted)))


def _list_problems(known: Mapping[str, str], made: set[str], outcomes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, outcome in outcomes.items():
        if outcome == SURVIVED and name not in known:
            yield name, f"earns all points: correct the check, or list it in {LISTED} with a reason"
        elif outcome != SURVIVED and name in known:
            yield name, f"is listed in {LISTED} but does not survive any more; remove it"
    for name in known.keys() - made:
        yield name, f"is listed in {LISTED} but is not made any more; remove it"


def _score(of: str, known: Mapping[str, str], outcomes: Mapping[str, str]) -> MutationScore:
    """The score. Mutants that hand over the same values as the reference are not counted."""
    survived = [name for name, outcome in outcomes.items() if outcome == SURVIVED]
    equivalent = sum(known.get(name, "").startswith(EQUIVALENT) for name in survived)
    return MutationScore(of, sum(outcome != SAME for outcome in outcomes.values()), tuple(survived), equivalent)


class FirstFailure(Exception):
    """A part did not earn all its points."""


class FailFastReport(Report):
    """A report that ends the check at the first part that fails, since the mutant is killed then."""

    def part(self, name: str, passed_or_share: Any, message: str, hint: str | None = None) -> bool:
        if not super().part(name, passed_or_share, message, hint):
            raise FirstFailure
        return True


class MutantTester:
    """Tries mutants at their place in the notebook, each in a copy of the namespace of the cells before."""

    def __init__(self, trial: ExerciseTrial) -> None:
        self._trial = trial
        self._before = dict(trial.namespace)
        # No check can distinguish answers that hand over equal values and no function; many mutants change code that does not run.
        plain = len(trial.exercise.values) == len(trial.exercise.evidence)
        self._values = self._plain(trial.answer.text) if plain else None

    def outcome(self, mutant: Mutant) -> str:
        """`KILLED`, `SURVIVED` or `SAME`; otherwise the error of the check itself."""
        evidence = self._evidence(mutant.code)
        if isinstance(evidence, AnswerError):
            return KILLED
        try:
            if self._values is not None and self._values == _text(self._trial.exercise, evidence):
                return SAME
            return SURVIVED if all(self._earns_all(evidence, draw) for draw in DRAWS) else KILLED
        except (FirstFailure, AnswerError):
            return KILLED
        except Exception as error:
            return f"the check itself raised {type(error).__name__}: {error}"

    def _evidence(self, code: str) -> Mapping[str, Any] | AnswerError:
        return self._trial.evidence("mutant", code, dict(self._before))

    def _plain(self, code: str) -> str | None:
        evidence = self._evidence(code)
        return None if isinstance(evidence, AnswerError) else _text(self._trial.exercise, evidence)

    def _earns_all(self, evidence: Mapping[str, Any], draw: Draw) -> bool:
        """Whether the mutant earns all points. Hidden checks run first, since they create their own resources in AWS."""
        return not self._report("hidden", evidence, draw).problem and self._report("graded", evidence, draw).passed

    def _report(self, phase: str, evidence: Mapping[str, Any], draw: Draw) -> Report:
        exercise = self._trial.exercise
        return evaluate_here(exercise, phase, evidence, draw, self._trial.aws, FailFastReport(exercise, "graded"))


def _text(exercise: Exercise, evidence: Mapping[str, Any]) -> str:
    """The values handed over, as text that is equal when the values are equal, tables included."""
    return repr({name: value.to_csv() if hasattr(value, "to_csv") else value for name, value in collect(exercise, evidence).items()})
