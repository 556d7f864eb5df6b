"""Measures how many points an exercise gives to guessers who do not understand it (`docs/exercise-patterns.md`).

The three guessers: one calls `check` 200 times and reads its output, one answers with a constant, one hands in the right answer to
another seed.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args, get_origin

from course.grading.exercise.definition import ExerciseDefinition
from course.grading.exercise.evidence_types import Function
from course.grading.report import Report

CALLS = 200
LIMIT = 0.2  # share of an exercise's points
CONSTANTS = 20  # how many distinct results of the reference are tried as a constant
TOKEN = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)*|-?\d+(?:\.\d+)?")  # the full stop of a sentence is not part of a word

Judge = Callable[[Mapping[str, Any]], Report]
Evidence = dict[str, Any]


@dataclass
class LookupFunction:
    """A function that looks its answers up. ``seen`` maps the text of arguments to them, in the order of the first calls."""

    known: dict[str, Any] = field(default_factory=dict)
    default: Any = None
    seen: dict[str, tuple] = field(default_factory=dict)

    def __call__(self, *arguments: Any) -> Any:
        key = repr(arguments)
        self.seen.setdefault(key, arguments)
        return self.known.get(key, self.default)

    def generalised(self) -> LookupFunction:
        """The same table, with its most frequent result as the answer to unknown arguments."""
        texts = [repr(value) for value in self.known.values()]
        commonest = max(texts, key=texts.count, default=None)
        default = next((value for value in self.known.values() if repr(value) == commonest), self.default)
        return LookupFunction(self.known, default)


class Recorder:
    """A learner's function that records its arguments and results by the text of the arguments."""

    def __init__(self, function: Callable) -> None:
        self.function = function
        self.results: dict[str, Any] = {}
        self.arguments: dict[str, tuple] = {}

    def __call__(self, *arguments: Any) -> Any:
        key = repr(arguments)
        self.arguments[key] = copy.deepcopy(arguments)  # the function may change them
        self.results[key] = self.function(*arguments)
        return self.results[key]


def scripted(exercise: ExerciseDefinition, practice: Judge, report_text: Callable[[Report], str]) -> Evidence:
    """The best of `CALLS` answers made of words that the check printed or passed in. A change is kept unless it lowers the score."""
    rng = random.Random(exercise.id)
    words = set(TOKEN.findall(f"{exercise.title} {' '.join(exercise.hints)}"))
    best: Evidence = {name: LookupFunction() if isinstance(wanted, Function) else None for name, wanted in exercise.evidence.items()}
    best_score = -1.0
    for _ in range(CALLS):
        trial = _mutated(exercise, best, sorted(words), rng)
        report = practice(trial)
        words |= set(TOKEN.findall(report_text(report)))
        for given in trial.values():
            if isinstance(given, LookupFunction):
                words |= {token for arguments in given.seen for token in TOKEN.findall(arguments)}
        if report.score >= best_score:
            best, best_score = trial, report.score
    return {name: given.generalised() if isinstance(given, LookupFunction) else given for name, given in best.items()}


def constants(reference: Evidence, graded: Judge) -> Iterator[Evidence]:
    """Evidence with the reference's values and, for each function, a constant: one of the reference's results."""
    recorded = _record(reference, graded)
    results = {repr(value): value for recorder in recorded.values() for value in recorder.results.values()}
    for value in list(results.values())[:CONSTANTS]:
        yield {name: LookupFunction(default=value) if name in recorded else given for name, given in reference.items()}


def replayed(reference: Evidence, graded_elsewhere: Judge) -> Evidence:
    """The right answer to another seed: the same values, and functions that look up the recorded results, else the most frequent one."""
    recorded = _record(reference, graded_elsewhere)
    replay = dict(reference)
    for name, recorder in recorded.items():
        replay[name] = LookupFunction(recorder.results).generalised()
    return replay


def recorded(evidence: Mapping[str, Any]) -> Evidence:
    """The same evidence with each function wrapped in a `Recorder`."""
    return {name: Recorder(given) if callable(given) else given for name, given in evidence.items()}


def _record(reference: Evidence, judge: Judge) -> dict[str, Recorder]:
    evidence = recorded(reference)
    judge(evidence)
    return {name: given for name, given in evidence.items() if isinstance(given, Recorder)}


def _mutated(exercise: ExerciseDefinition, best: Evidence, words: list[str], rng: random.Random) -> Evidence:
    """A copy of ``best`` with one new value or one new result of a function."""
    trial = dict(best)
    name = rng.choice(list(exercise.evidence))
    wanted = exercise.evidence[name]
    if not isinstance(wanted, Function):
        trial[name] = _draw(wanted.kind, best[name], words, rng)
        return trial
    table = LookupFunction(dict(best[name].known), best[name].default, dict(best[name].seen))
    if table.seen and rng.random() < 0.8:
        key = rng.choice(list(table.seen))
        table.known[key] = _draw(wanted.returns, table.known.get(key), words, rng)
    else:
        table.default = _draw(wanted.returns, table.default, words, rng)
    trial[name] = table
    return trial


def _draw(kind: Any, old: Any, words: list[str], rng: random.Random) -> Any:
    """A value of that kind made of words. Lists and dicts change by one item, so that a better answer can grow."""
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if origin is str or kind is Any:
        return rng.choice(words) if words else ""
    if origin is bool:
        return rng.random() < 0.5
    if origin in (int, float):
        numbers = [float(word) for word in words if re.fullmatch(r"-?\d+(\.\d+)?", word)]
        number = rng.choice([*numbers, rng.uniform(0, 1), rng.uniform(0, 100)])
        return origin(number)
    if origin is list:
        items = list(old or [])
        if items and rng.random() < 0.3:
            items.pop(rng.randrange(len(items)))
        else:
            items.append(_draw(arguments[0] if arguments else str, None, words, rng))
        return items
    if origin is dict:
        key, value = arguments or (str, str)
        return {**(old or {}), _draw(key, None, words, rng): _draw(value, None, words, rng)}
    if arguments:  # a union
        return _draw(rng.choice(arguments), old, words, rng)
    return old
