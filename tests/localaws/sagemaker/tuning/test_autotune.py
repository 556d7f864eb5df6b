"""Autotune's choices for a request."""

from __future__ import annotations

import pytest

from course.localaws.sagemaker.tuning.autotune import applied
from tests.localaws.sagemaker.job_fixtures import SKLEARN, XGBOOST

KMEANS = "382416733822.dkr.ecr.us-east-1.amazonaws.com/kmeans:1"


def request(image: str, hints: dict[str, str], several: bool = False, strategy: str = "Bayesian") -> dict:
    ranges = {"AutoParameters": [{"Name": name, "ValueHint": hint} for name, hint in hints.items()]}
    definition = {"AlgorithmSpecification": {"TrainingImage": image}, "StaticHyperParameters": {"kept": "1"}}
    config = {"Strategy": strategy, "ResourceLimits": {"MaxParallelTrainingJobs": 2}}
    if several:
        definitions = [definition | {"DefinitionName": "one", "HyperParameterRanges": ranges}]
        return {"HyperParameterTuningJobConfig": config, "TrainingJobDefinitions": definitions, "Autotune": {"Mode": "Enabled"}}
    config["ParameterRanges"] = ranges
    return {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": definition, "Autotune": {"Mode": "Enabled"}}


def chosen(ranges: dict) -> dict[str, tuple[str, str, str]]:
    kinds = ("IntegerParameterRanges", "ContinuousParameterRanges")
    return {each["Name"]: (kind, each["MinValue"], each["MaxValue"]) for kind in kinds for each in ranges[kind]}


def test_a_built_in_algorithm_has_its_recommended_ranges() -> None:
    made = applied(request(XGBOOST, {"eta": "0.2", "max_depth": "6", "objective": "reg:squarederror"}))
    assert chosen(made["HyperParameterTuningJobConfig"]["ParameterRanges"]) == {
        "eta": ("ContinuousParameterRanges", "0.1", "0.5"),
        "max_depth": ("IntegerParameterRanges", "0", "10"),
    }
    assert made["TrainingJobDefinition"]["StaticHyperParameters"] == {"kept": "1", "objective": "reg:squarederror"}


def test_what_a_built_in_algorithm_does_not_let_tune_keeps_its_hint() -> None:
    made = applied(request(KMEANS, {"feature_dim": "784", "k": "10", "epochs": "1"}))
    ranges = chosen(made["HyperParameterTuningJobConfig"]["ParameterRanges"])
    assert ranges == {"epochs": ("IntegerParameterRanges", "1", "10")}
    assert made["TrainingJobDefinition"]["StaticHyperParameters"] == {"kept": "1", "feature_dim": "784", "k": "10"}


@pytest.mark.parametrize("several", [False, True], ids=["one definition", "several"])
def test_other_numbers_have_ranges_around_their_hints(several: bool) -> None:
    made = applied(request(SKLEARN, {"rate": "0.5", "rounds": '"40"', "none": "0", "minus": "-3", "text": "a"}, several))
    [definition] = made["TrainingJobDefinitions"] if several else [made["TrainingJobDefinition"]]
    ranges = definition["HyperParameterRanges"] if several else made["HyperParameterTuningJobConfig"]["ParameterRanges"]
    assert chosen(ranges) == {"rounds": ("IntegerParameterRanges", "4", "400"), "rate": ("ContinuousParameterRanges", "0.05", "5.0")}
    assert definition["StaticHyperParameters"] == {"kept": "1", "none": "0", "minus": "-3", "text": "a"}


def test_what_the_request_says_is_kept() -> None:
    given = request(SKLEARN, {"rate": "0.5"})
    given["HyperParameterTuningJobConfig"] |= {
        "TrainingJobEarlyStoppingType": "Off",
        "ResourceLimits": {"MaxParallelTrainingJobs": 2, "MaxNumberOfTrainingJobs": 3},
        "TuningJobCompletionCriteria": {"ConvergenceDetected": {"CompleteOnConvergence": "Disabled"}},
    }
    made = applied(given)["HyperParameterTuningJobConfig"]
    assert made | {"ParameterRanges": {}} == given["HyperParameterTuningJobConfig"] | {"ParameterRanges": {}}


def test_hyperband_stops_jobs_by_itself_and_a_grid_has_its_own_size() -> None:
    assert (
        "TrainingJobEarlyStoppingType"
        not in applied(request(SKLEARN, {"rate": "1"}, strategy="Hyperband"))["HyperParameterTuningJobConfig"]
    )
    grid = applied(request(SKLEARN, {}, strategy="Grid"))["HyperParameterTuningJobConfig"]
    assert grid["ResourceLimits"] == {"MaxParallelTrainingJobs": 2}
