"""m12_1: the months that guards are judged on, the faults of monitors, and what a choice costs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.exercises.broken_monitors import MONITORS, leaves, setups
from course.grading import catalogue, render
from course.grading.check import aws_client
from course.grading.evaluate import evaluate_here
from course.grading.exercise import seeds
from course.grading.gate.candidates import code_cells
from course.grading.gate.source_runner import Namespace, execute, scratch_workspace
from graders.m12_monitoring import m12_1_guard as guard
from graders.m12_monitoring.m12_1_faults_hidden import FAULTS, KINDS, planted, sound, with_fault
from graders.m12_monitoring.m12_1_hidden import least
from graders.m12_monitoring.m12_1_incoming import FEATURES, SCHEDULE
from graders.m12_monitoring.m12_1_paging import Case, cost
from graders.m12_monitoring.m12_1_windows import distance

ROOT = Path(__file__).parents[2]
LESSON, GRADERS = ROOT / "solutions" / "m12_monitoring", ROOT / "graders"
LEARNERS = [f"learner-{number}" for number in range(12)]  # together they have all faults
WORDS = ("late-flights", "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer", "role", "s3://bucket/m12_1")
# By fault: the status of the execution, and words of its failure reason.
ENDED = {
    "bucket": ("Failed", "late-flights-reports-of-last-year"),
    "draft": ("Completed", ""),
    "endpoint": ("Failed", "no data"),
    "image": ("Failed", ""),
    "instances": ("Failed", "service limit"),
    "labelled": ("CompletedWithViolations", ""),
    "metrics": ("CompletedWithViolations", ""),
    "missing": ("Failed", "constraint.json"),
    "statistics": ("CompletedWithViolations", ""),
    "table": ("Failed", "cannot be read"),
    "window": ("Failed", "no data"),
}

# ---- months --------------------------------------------------------------------------------------------------------------------------


def _far(one: pd.Series, other: pd.Series) -> float:
    return distance(*(each.dropna().sort_values().to_numpy(float) for each in (one, other)))


def _quarters(seed: int) -> Iterator[tuple[tuple[int, ...], pd.DataFrame, list[int]]]:
    """Each baseline, with the months that are judged against it."""
    for quarter in guard.QUARTERS:
        others = [number for number in range(1, 13) if number not in quarter]
        yield quarter, guard.drawn(random.Random(seed), quarter, guard.KNOWN_ROWS), others


LIMITS = {"humid": (0.25, 0.44), "wind_speed": (0.31, 0.38), "visib": (0.25, 0.7), "pressure": (0.42, 0.9)}
LIMITS |= dict.fromkeys(SCHEDULE, (0.06, 0.1))


@pytest.mark.parametrize("seed", [1, 2])
def test_seasons_are_nearer_than_the_limits_that_are_left_to_choose(seed: int) -> None:
    for _, known, others in _quarters(seed):
        for number in others:
            month = guard.month(random.Random(seed), number)
            far = {feature: _far(month[feature], known[feature]) for feature in LIMITS}
            assert all(far[feature] < low for feature, (low, _) in LIMITS.items()), (number, far)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_units_codes_and_stuck_sensors_are_farther(seed: int) -> None:
    rng = random.Random(seed)
    faults = [*guard.UNITS.values(), *guard.CODES.values(), guard.stuck_at("humid"), guard.stuck_at("wind_speed")]
    for _, known, others in _quarters(seed):
        for number in others:
            month = guard.month(rng, number)
            for make in faults:
                words, table = make(rng, month)
                [feature] = [name for name in FEATURES if not table[name].equals(month[name])]
                assert _far(table[feature], known[feature]) > LIMITS[feature][1], (number, words)


# ---- monitors ------------------------------------------------------------------------------------------------------------------------


@given(st.integers())
def test_each_monitor_has_one_fault_and_each_kind_is_there(seed: int) -> None:
    faults = planted(random.Random(seed))
    assert list(faults) == list(MONITORS)
    assert sorted([fault in kind for kind in KINDS].index(True) for fault in faults.values()) == [0, 1, 2]
    made = setups(random.Random(seed), *WORDS)
    assert all("{" not in text for setup in made.values() for text in map(str, leaves(setup).values()))
    assert all(path in leaves(made[each]) for each, fault in faults.items() for path in FAULTS[fault])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_wrong_value(fault: str, seed: int) -> None:
    before, after = (leaves(each) for each in (sound(random.Random(seed)), with_fault(sound(random.Random(seed)), fault)))
    assert {path: after[path] for path in after if before[path] != after[path]} == FAULTS[fault]
    assert before.keys() == after.keys()


def test_the_kinds_have_all_faults() -> None:
    assert sorted(fault for kind in KINDS for fault in kind) == sorted(FAULTS) == sorted(ENDED)


def _planted(learner: str) -> dict[str, str]:
    return planted(seeds.stream("variant", "m12_1_ex3", learner, seeds.PUBLISHED))


def test_the_learners_have_all_faults() -> None:
    assert {fault for learner in LEARNERS for fault in _planted(learner).values()} == set(FAULTS)


@pytest.fixture(scope="module")
def notebook() -> Iterator[tuple[Namespace, list]]:
    """The names of the notebook up to the exercise on monitors, without those of exercises, and its cells from there."""
    with scratch_workspace(LESSON, GRADERS):
        space: Namespace = {"__name__": "__main__"}
        cells = code_cells(LESSON / "m12_1_what_comes_in.py")
        place = next(number for number, cell in enumerate(cells) if (cell.role, cell.exercise) == ("answer", "m12_1_ex3"))
        for cell in cells[: place - 2]:
            if not cell.exercise and "range(4, 13)" not in cell.text and "set_axis" not in cell.text:  # nine executions
                execute(cell.text, space, "a cell before")
        yield space, cells[place - 2 : place + 1]


@pytest.mark.nightly  # runs six monitors for each learner
@pytest.mark.parametrize("learner", LEARNERS)
def test_each_fault_shows_as_it_should_and_the_reference_mends_it(notebook: tuple[Namespace, list], learner: str) -> None:
    space, cells = notebook
    space = space | {"variant": lambda exercise: seeds.stream("variant", exercise, learner, seeds.PUBLISHED)}
    for cell in cells:
        execute(cell.text, space, "the cells of the exercise")
    for each, fault in _planted(learner).items():
        execution = space["once"][list(MONITORS).index(each)]
        status, words = ENDED[fault]
        assert execution["MonitoringExecutionStatus"] == status and words in execution.get("FailureReason", ""), (fault, execution)
    exercise = catalogue.exercises(GRADERS)["m12_1_ex3"]
    catalogue.load_hidden(exercise, GRADERS)
    evidence = {name: space[name] for name in exercise.evidence}
    report = evaluate_here(exercise, "graded", evidence, seeds.Draw(learner=learner), aws_client)
    assert report.passed, render.as_text(report)
    assert not space["sagemaker"].list_monitoring_schedules(NameContains="again")["MonitoringScheduleSummaries"]


# ---- costs ---------------------------------------------------------------------------------------------------------------------------


def test_what_a_choice_costs() -> None:
    """Four weeks: one of four sound ones calls, and half of the broken ones."""
    history = pd.DataFrame({"baseline": "past", "days": 7, "sound": [0.1, 0.2, 0.3, 0.6], "broken": [0.4, 0.5, 0.6, 0.7]})
    costs = {"page": 100, "day": 10, "breakages": 0.5}
    assert cost(history, costs, "past", 7, 0.55) == pytest.approx(4 * 0.25 * 100 + 0.5 * 10 * (3.5 + 7))
    assert cost(history, costs, "past", 7, 1.0) == pytest.approx(0.5 * 10 * 28)
    assert least(Case("", history, costs)) == pytest.approx(4 * 0.25 * 100 + 0.5 * 10 * 3.5)  # all broken ones are caught
