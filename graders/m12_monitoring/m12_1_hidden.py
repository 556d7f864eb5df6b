# canary-4f1c9e-never-release: reference answers and hidden checks stay out of everything that learners receive
"""The graded checks of m12_1."""

import random
from collections.abc import Sequence

import numpy as np

from course.exercises.repairs import changed_by
from course.grading import Answer, Report
from course.grading.exercise import seeds

from .m12_1 import ex1, ex2, ex3, ex4
from .m12_1_broken import broken_setups, judge_form
from .m12_1_faults_hidden import FAULTS as CHANGES
from .m12_1_faults_hidden import planted
from .m12_1_guard import GRADED, QUARTERS, UNUSED, Fault, Model, faulty, judge_guard, model, sound
from .m12_1_paging import FAULTS, PRACTICE, Case, cases, cost, judge_choices
from .m12_1_paging import GRADED as DRAWN
from .m12_1_past import drawn_requests, judge_past

SOUND = 2  # months of a model


@ex1.graded
def graded_ex1(answer: Answer, report: Report) -> None:
    report.doing("makes a baseline of other captured requests with your function")
    judge_past(answer, report, f"graded-m12-1-{answer.token()}", drawn_requests(answer.rng, encoded=True))


@ex2.graded
def graded_ex2(answer: Answer, report: Report) -> None:
    """Two models, each with the baseline of a season, and months that are not in it."""
    report.doing("analyzes unseen months, sound and broken, with your constraints")
    rng = answer.rng
    drawn_faults = [
        (kind, make) for kind, faults, count in GRADED for make in (rng.sample(faults, count) if len(faults) >= count else faults)
    ]
    rng.shuffle(drawn_faults)
    quarters = rng.sample(QUARTERS, len(UNUSED))
    models = [_model(rng, quarter, drawn_faults[number :: len(UNUSED)], UNUSED[number]) for number, quarter in enumerate(quarters)]
    judge_guard(answer, report, "guard", f"graded-m12-1-{answer.token()}", models)


def _model(rng: random.Random, quarter: Sequence[int], faults: Sequence[tuple[str, Fault]], unused: int) -> Model:
    others = [number for number in range(1, 13) if number not in quarter]
    return model(rng, quarter, sound(rng, rng.sample(others, SOUND)) + faulty(rng, faults, others), unused)


@ex3.graded
def graded_ex3(answer: Answer, report: Report) -> None:
    """The monitors themselves ran in the practice check, which grading runs first."""
    if not judge_form(answer, report):
        return
    setups, repairs, faults = dict(broken_setups(answer)), answer.value("repairs"), planted(answer.variant())
    beside = [each for each, fault in faults.items() if not changed_by(setups[each], repairs[each]) & CHANGES[fault].keys()]
    said = f"{', '.join(beside)}: the change is not of the place at fault." if beside else "Each change is of the place at fault."
    for part in ("finds", "smallest"):
        report.part(part, 1 - len(beside) / len(faults), said)


@ex4.graded
def graded_ex4(answer: Answer, report: Report) -> None:
    report.doing("prices your choices for other features and teams")
    given = cases(answer.rng, answer.rng.sample(sorted(set(FAULTS) - set(PRACTICE)), DRAWN))
    judge_choices(answer, report, "cost", given, [least(case) for case in given])


def least(case: Case) -> float:
    """The least that any choice costs."""
    return min(
        cost(case.history, case.costs, baseline, days, float(limit))
        for (baseline, days), some in case.history.groupby(["baseline", "days"])
        for limit in limits(some[["sound", "broken"]].to_numpy())
    )


def limits(distances: np.ndarray) -> np.ndarray:
    """A limit in each gap between distances, and those at the ends."""
    known = np.unique(distances)
    return np.concatenate([[0.0], (known[1:] + known[:-1]) / 2, [1.0]])


def stored() -> dict[str, list]:
    given = cases(seeds.shared_practice(ex4.id), PRACTICE)
    return {"graders/m12_monitoring/m12_1_practice.json": [round(least(case), 6) for case in given]}
