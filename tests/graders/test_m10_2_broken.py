"""m10_2_ex4: the faults that are planted, the changes that mend them, and that each fails where and as the exercise says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from course import datasets
from course.exercises.broken_pipelines import PIPELINES, definitions, leaves, repaired
from course.grading import catalogue, render
from course.grading.check import aws_client
from course.grading.evaluate import evaluate_here
from course.grading.exercise import seeds
from course.grading.gate.candidates import code_cells
from course.grading.gate.source_runner import Namespace, execute, scratch_workspace
from graders.m10_pipelines.m10_1_late_flights import table
from graders.m10_pipelines.m10_2_faults_hidden import FAULTS, KINDS, planted, sound, with_fault

IMAGES = {"sklearn": "image-of-sklearn", "xgboost": "image-of-xgboost"}
ROOT = Path(__file__).parents[2]
LESSON, GRADERS = ROOT / "solutions" / "m10_pipelines", ROOT / "graders"
LEARNERS = [f"learner-{number}" for number in range(9)]  # together they have all faults
ROLE, FOLDER = "arn:aws:iam::123456789012:role/SageMakerRole", "s3://bucket/m10_2"
FAILED = {
    "argument": "Prepare",
    "content": "Train",
    "folder": "Evaluate",
    "instances": "Train",
    "month": "Prepare",
    "operator": "Bad",
    "output": "Evaluate",
    "path": "Good",
    "property": "Good",
    "role": "Train",
    "script": "Prepare",
}


def _sound(seed: int) -> dict:
    return sound(random.Random(seed), IMAGES, ROLE, FOLDER)


# ---- what is planted -----------------------------------------------------------------------------------------------------------------


@given(st.integers())
def test_each_pipeline_has_one_fault_and_each_kind_is_there(seed: int) -> None:
    faults = planted(random.Random(seed))
    assert list(faults) == list(PIPELINES)
    assert sorted([fault in kind for kind in KINDS].index(True) for fault in faults.values()) == [0, 1, 2]
    for name, definition in definitions(random.Random(seed), IMAGES, ROLE, FOLDER).items():
        assert {path: leaves(definition)[path] for path in FAULTS[faults[name]]} == FAULTS[faults[name]]


def test_the_kinds_have_all_faults() -> None:
    assert sorted(fault for kind in KINDS for fault in kind) == sorted(FAULTS) == sorted(FAILED)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_wrong_value(fault: str, seed: int) -> None:
    before, after = leaves(_sound(seed)), leaves(with_fault(_sound(seed), fault))
    assert {path: after[path] for path in after if before[path] != after[path]} == FAULTS[fault]
    assert before.keys() == after.keys()


def test_sound_definitions_differ_in_settings_that_do_no_harm() -> None:
    one, other = (leaves(_sound(seed)) for seed in (1, 2))
    assert sum(one[path] != other[path] for path in one) >= 3


# ---- paths ---------------------------------------------------------------------------------------------------------------------------


def test_a_path_names_elements_of_lists_by_their_names_or_places() -> None:
    before = _sound(0)
    changes = {
        "Parameters.Month.DefaultValue": "9",
        "Steps.Prepare.Arguments.AppSpecification.ContainerEntrypoint.1": "x.py",
        "Steps.Evaluate.PropertyFiles.Evaluation.FilePath": "x.json",
    }
    after = repaired(before, changes)
    assert after["Parameters"][0]["DefaultValue"] == "9"
    assert after["Steps"][0]["Arguments"]["AppSpecification"]["ContainerEntrypoint"][1] == "x.py"
    assert after["Steps"][2]["PropertyFiles"][0]["FilePath"] == "x.json"
    assert before == _sound(0)


@pytest.mark.parametrize("path", [path for path in leaves(_sound(0)) if not path.endswith("Name")])
def test_each_value_can_be_changed_alone_by_its_path(path: str) -> None:
    after = repaired(_sound(0), {path: "new"})
    assert leaves(after) == leaves(_sound(0)) | {path: "new"}


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("Steps.Tune.Type", "Tune"),
        ("Steps.0.Type", "0"),
        ("Steps.Prepare.Type.more", "more"),
        ("Steps.Prepare.Arguments.ContainerEntrypoint.9", "ContainerEntrypoint"),
        ("Steps.Prepare.RetryPolicies", "RetryPolicies"),
        ("", ""),
    ],
)
def test_an_unknown_path_is_named(path: str, missing: str) -> None:
    with pytest.raises(KeyError) as error:
        repaired(_sound(0), {path: "new"})
    assert error.value.args == (missing,)


# ---- the condition -------------------------------------------------------------------------------------------------------------------


@cache
def _flights() -> list[tuple[int, list[float]]]:
    """Month and other columns of the flights that the notebook stores, as `given/broken/prepare.py` reads them."""
    flights = table(datasets.folder() / "flights.parquet", datasets.folder() / "weather.parquet").sample(30_000, random_state=5)
    return list(zip(flights.pop("month"), flights.to_numpy(), strict=True))


@pytest.mark.nightly  # each case trains models
@pytest.mark.parametrize("window", ["all", "last"])
@pytest.mark.parametrize("month", range(2, 13))
def test_a_sound_pipeline_is_better_than_chance_in_every_month_from_february(month: int, window: str) -> None:
    first = 1 if window == "all" else month - 1
    learn = random.Random(2).sample([row for each, row in _flights() if first <= each < month], 2_000)
    test = np.array(random.Random(2).sample([row for each, row in _flights() if each == month], 1_500))
    data = xgboost.DMatrix(np.array(learn)[:, 1:], label=np.array(learn)[:, 0])
    for eta, depth, rounds in ((0.1, 3, 8), (0.3, 6, 14), (0.1, 6, 14), (0.3, 3, 8)):  # the ends of what `sound` draws
        settings = {"objective": "binary:logistic", "eta": eta, "max_depth": depth, "nthread": 1}
        model = xgboost.train(settings, data, rounds)
        assert roc_auc_score(test[:, 0], model.predict(xgboost.DMatrix(test[:, 1:]))) > 0.53


# ---- what happens --------------------------------------------------------------------------------------------------------------------


def _planted(learner: str) -> dict[str, str]:
    return planted(seeds.stream("variant", "m10_2_ex4", learner, seeds.PUBLISHED))


def test_the_learners_have_all_faults() -> None:
    assert {fault for learner in LEARNERS for fault in _planted(learner).values()} == set(FAULTS)


@pytest.fixture(scope="module")
def notebook() -> Iterator[Namespace]:
    """The names of the notebook that the exercise needs."""
    with scratch_workspace(LESSON, GRADERS):
        space: Namespace = {"__name__": "__main__"}
        execute(next(cell.text for cell in _cells() if "connect(" in cell.text), space, "the first cell")
        space["image"] = space["aws"].image("xgboost", "3.0-5")
        yield space


def _cells() -> list[Any]:
    return code_cells(LESSON / "m10_2_pipelines_that_go_wrong.py")


@pytest.mark.nightly  # runs six pipelines for each learner
@pytest.mark.parametrize("learner", LEARNERS)
def test_each_fault_fails_at_its_step_and_the_reference_mends_it(notebook: Namespace, learner: str) -> None:
    cells = _cells()
    place = next(number for number, cell in enumerate(cells) if (cell.role, cell.exercise) == ("answer", "m10_2_ex4"))
    space = notebook | {"variant": lambda exercise: seeds.stream("variant", exercise, learner, seeds.PUBLISHED)}
    for cell in cells[place - 1 : place + 1]:
        execute(cell.text, space, "the cells of the exercise")
    assert {each: steps[-1]["StepName"] for each, steps in space["broken"].items()} == {
        each: FAILED[fault] for each, fault in _planted(learner).items()
    }
    exercise = catalogue.exercises(GRADERS)["m10_2_ex4"]
    catalogue.load_hidden(exercise, GRADERS)
    evidence = {name: space[name] for name in exercise.evidence}
    report = evaluate_here(exercise, "graded", evidence, seeds.Draw(learner=learner), aws_client)
    assert report.passed, render.as_text(report)
    assert not space["sagemaker"].list_pipelines(PipelineNamePrefix="again")["PipelineSummaries"]
