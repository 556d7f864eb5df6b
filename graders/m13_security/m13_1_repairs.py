"""What both exercises with broken set-ups do: look at the form of repairs, make them, and report (m13_1_ex3, m13_2_ex2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from course.exercises.repairs import changed, repaired
from course.grading import Report
from course.grading.short_repr import cut


@dataclass
class Trial:
    """A set-up with its repair: why it does not work, what it opens, and how many values differ."""

    problem: str = ""
    opens: list[str] = field(default_factory=list)
    count: int = 0


@dataclass(frozen=True)
class Wording:
    """The words of one exercise for its set-ups.

    Attributes
    ----------
    thing : str
        What a set-up makes work, e.g. ``"call"``.
    fixed : str
        The member of a set-up that no repair may change.
    places : str
        What a repair may change.
    parts : str
        The parts that a set-up must keep.
    longest : int
        Characters of a learner's path, or of AWS's text.
    """

    thing: str
    fixed: str
    places: str
    parts: str
    longest: int


def form_problem(repairs: dict, names: Collection[str], words: Wording) -> str:
    """Why the values of `repairs` are no repairs; ``""`` if they are."""
    if set(repairs) != set(names):
        return f"`repairs` has the keys {sorted(map(str, repairs))}; expected the names of the three {words.thing}s."
    for each, repair in repairs.items():
        if not isinstance(repair, dict) or not repair or not all(isinstance(path, str) for path in repair):
            shown = cut(repr(repair), words.longest)
            return f"The repair of {each} is {shown}; expected a dict from a path of the set-up to its new value."
    return ""


def mended(broken: dict, repair: dict, trial: Trial, words: Wording) -> dict | None:
    """The set-up with its repair; None if there is a problem, which the trial then has."""
    paths = cut(", ".join(repair), words.longest)
    try:
        setup = repaired(broken, repair)
        differing = changed(broken, setup)
    except KeyError as error:
        trial.problem = f"its set-up has no such path: {paths}. Nothing is called {error} there."
        return None
    except (TypeError, AttributeError):
        trial.problem = f"its set-up has no such path: {paths}."
        return None
    trial.count = len(differing)
    if not differing:
        trial.problem = "your change leaves the set-up as it is: it has these values."
    elif setup.get(words.fixed) != broken[words.fixed]:
        trial.problem = f"your change is about another {words.fixed}; change {words.places}."
    elif {name: type(value) for name, value in setup.items()} != {name: type(value) for name, value in broken.items()}:
        trial.problem = f"the changed set-up lacks one of its {words.parts}."
    return None if trial.problem else setup


def report_trials(report: Report, trials: dict[str, Trial], said: str) -> None:
    """Report the parts ``works``, with ``said`` if all do, ``closed`` and ``smallest``."""
    total = len(trials)
    working = {each: trial for each, trial in trials.items() if not trial.problem}
    failed = [f"{each}: {trial.problem}" for each, trial in trials.items() if trial.problem]
    unfound = [f"{each} does not work yet." for each, trial in trials.items() if trial.problem]
    opened = [f"{each}: {', '.join(trial.opens[:2])}." for each, trial in working.items() if trial.opens]
    large = [
        f"The repair of {each} changes {trial.count} values: more than the fault." for each, trial in working.items() if trial.count > 1
    ]
    report.part("works", 1 - len(failed) / total, " ".join(failed) or said)
    report.part("closed", (len(working) - len(opened)) / total, " ".join([*opened, *unfound]) or "Nothing else is open.")
    report.part("smallest", (len(working) - len(large)) / total, " ".join([*large, *unfound]) or "Each repair is one value.")
