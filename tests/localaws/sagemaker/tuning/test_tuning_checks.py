"""Refused tuning jobs, which start no training jobs, and warm starts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, XGBOOST, JobFixtures, channel
from tests.localaws.sagemaker.tuning.tuning_fixtures import TuningFixtures, categorical, continuous, kinds, objective

pytestmark = pytest.mark.parametrize("aws", ["rewrite"], indirect=True)
INTEGER = {"Name": "depth", "MinValue": "1", "MaxValue": "5"}
HYPERBAND = {"Strategy": "Hyperband"}


@pytest.fixture
def tuning(aws: JobFixtures) -> TuningFixtures:
    return TuningFixtures(aws)


def integers(also: dict | None = None, **changes: str) -> dict:
    return {"ParameterRanges": {"IntegerParameterRanges": [INTEGER | changes]} | (also or {})}


def reals(**changes: object) -> dict:
    return {"ParameterRanges": {"ContinuousParameterRanges": [continuous(**changes)]}}


REFUSALS = {
    "an integer that is none": (integers(MinValue="1.5"), "must be integers"),
    "a number that is none": (reals(low="low"), "must be numbers"),
    "an infinite range": (reals(high="inf"), "must be numbers"),
    "ends the wrong way round": (reals(low=3, high=2), "must not be above MaxValue"),
    "a logarithm of zero": (reals(low=0, high=1, scaling="Logarithmic"), "above 0"),
    "a logarithm of an integer of zero": (integers(MinValue="0", ScalingType="Logarithmic"), "above 0"),
    "a reverse logarithm beyond one": (reals(low=0, high=1, scaling="ReverseLogarithmic"), "0 <= x < 1"),
    "a reverse logarithm of integers": (integers(ScalingType="ReverseLogarithmic"), "not supported for integer ranges"),
    "a value twice": ({"ParameterRanges": kinds("a", "a")}, "must be distinct"),
    "a hyperparameter twice": (integers(Name="kind", also=kinds("a")), "more often: kind"),
    "a hyperparameter that is static": (reals() | {"static": {"x": "1"}}, "often: x"),
    "no range": ({"ParameterRanges": {}}, "at least one hyperparameter"),
    "too few combinations": (integers() | {"jobs": 6}, "[5.0] must be equal or greater than the value of MaxNumberOfJobs, [6]"),
    "a grid over numbers": ({"Strategy": "Grid"}, "Only categorical"),
    "a grid of another size": ({"Strategy": "Grid", "ParameterRanges": kinds("a", "b"), "jobs": 3}, "which is 2"),
    "no end": ({"jobs": None}, "would have no end"),
    "an unknown metric": (
        {"HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"}},
        "A metric is required for this hyperparameter tuning job objective. Provide a metric in the metric definitions.",
    ),
    "Hyperband without a maximum": (HYPERBAND, "needs a MaxResource"),
    "Hyperband with early stopping": (HYPERBAND | {"TrainingJobEarlyStoppingType": "Auto"}, "must be Off"),
    "Hyperband the wrong way round": (
        HYPERBAND | {"StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 5, "MaxResource": 4}}},
        "they are 5 and 4",
    ),
    "Hyperband for too long": (HYPERBAND | {"static": {"epochs": "20001"}}, "above 20000"),
    "Hyperband's settings for another": ({"StrategyConfig": {"HyperbandStrategyConfig": {"MaxResource": 4}}}, "only supported with"),
    "automatic parameters without Autotune": (
        {"ParameterRanges": {"AutoParameters": [{"Name": "x", "ValueHint": "1"}]}},
        "need Autotune",
    ),
}


@pytest.mark.parametrize(("changes", "words"), REFUSALS.values(), ids=REFUSALS)
def test_refused_requests(tuning: TuningFixtures, changes: dict, words: str) -> None:
    changes = dict(changes)
    definition = tuning.definition(static=changes.pop("static", {}))
    request = tuning.request(changes.pop("jobs", 2), **changes, request={"TrainingJobDefinition": definition})
    code, message = refused(tuning.client.create_hyper_parameter_tuning_job, **request)
    assert code == "ValidationException" and words in message
    name = request["HyperParameterTuningJobName"]
    assert refused(tuning.client.describe_hyper_parameter_tuning_job, HyperParameterTuningJobName=name)[0] == "ResourceNotFound"


DEFINITIONS: dict[str, tuple[Callable[[dict], object], str, str]] = {
    "an unknown image": (
        lambda each: each["AlgorithmSpecification"].update(TrainingImage="nothing"),
        "ValidationException",
        "does not know the image",
    ),
    "a role that is not there": (
        lambda each: each.update(RoleArn="arn:aws:iam::123456789012:role/Nobody"),
        "ValidationException",
        "Could not assume role",
    ),
    "data that is not there": (
        lambda each: each.update(InputDataConfig=[channel("train", f"s3://{BUCKET}/nothing-there")]),
        "ValidationException",
        "No S3 objects",
    ),
    "no resources": (lambda each: each.pop("ResourceConfig"), "ValidationException", "either ResourceConfig or"),
    "a built-in algorithm's metrics": (
        lambda each: each["AlgorithmSpecification"].update(TrainingImage=XGBOOST),
        "ValidationException",
        "can't override",
    ),
    "too dear an instance": (
        lambda each: each["ResourceConfig"].update(InstanceType="ml.p3.2xlarge"),
        "ResourceLimitExceeded",
        "ml.p3.2xlarge for training job",
    ),
}


@pytest.mark.parametrize(("change", "code", "words"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_training_jobs_are_checked_before_there_is_one(tuning: TuningFixtures, change: Callable, code: str, words: str) -> None:
    definition = tuning.definition()
    change(definition)
    request = tuning.request(request={"TrainingJobDefinition": definition})
    found = refused(tuning.client.create_hyper_parameter_tuning_job, **request)
    assert found[0] == code and words in found[1]


def test_a_metric_that_a_built_in_algorithm_does_not_emit(tuning: TuningFixtures) -> None:
    specification = {"TrainingImage": XGBOOST, "TrainingInputMode": "File"}
    request = tuning.request(request={"TrainingJobDefinition": tuning.definition(AlgorithmSpecification=specification)})
    code, message = refused(tuning.client.create_hyper_parameter_tuning_job, **request)
    assert code == "ValidationException" and "validation:auc" in message


def test_quotas(tuning: TuningFixtures) -> None:
    many = {"ParameterRanges": {"IntegerParameterRanges": [INTEGER | {"Name": f"depth{number}"} for number in range(16)]}}
    many["ParameterRanges"]["ContinuousParameterRanges"] = [continuous(f"x{number}") for number in range(15)]
    for changes, words in (
        ({"parallel": 11}, "Maximum number of training jobs each hyper parameter tuning job can run in parallel at once"),
        ({"parallel": 5}, "training job usage"),
        ({"jobs": 751}, "Maximum number of training jobs that each hyperparameter tuning job can create"),
        ({"limits": {"MaxRuntimeInSeconds": 2592001}}, "Maximum run time for a hyperparameter tuning job"),
        (many, "Number of hyperparameters that can be searched"),
    ):
        code, message = refused(tuning.client.create_hyper_parameter_tuning_job, **tuning.request(**changes))
        assert code == "ResourceLimitExceeded" and words in message


def test_a_name_can_be_used_only_once(tuning: TuningFixtures) -> None:
    job, _ = tuning.run(1)
    request = tuning.request(1) | {"HyperParameterTuningJobName": job["HyperParameterTuningJobName"].upper()}
    code, message = refused(tuning.client.create_hyper_parameter_tuning_job, **request)
    assert code == "ResourceInUse" and message.endswith("already exists. Choose a different name.")


def test_one_or_several_definitions(tuning: TuningFixtures) -> None:
    one, create = tuning.definition(), tuning.client.create_hyper_parameter_tuning_job
    both = tuning.request(request={"TrainingJobDefinition": one, "TrainingJobDefinitions": [one]})
    assert "either TrainingJobDefinition or" in refused(create, **both)[1]
    several = tuning.request(request={"TrainingJobDefinitions": [one]})
    assert "its own TuningObjective" in refused(create, **several)[1]
    for member in ("ParameterRanges", "HyperParameterTuningJobObjective"):
        del several["HyperParameterTuningJobConfig"][member]
    assert "needs a DefinitionName" in refused(create, **several)[1]
    several["TrainingJobDefinitions"] = [
        one | {"DefinitionName": kind, "TuningObjective": {"Type": kind, "MetricName": "loss"}, "HyperParameterRanges": kinds("a")}
        for kind in ("Minimize", "Maximize")
    ]
    assert "must have the same Type" in refused(create, **several)[1]


def test_resources_may_be_given_for_tuning(tuning: TuningFixtures) -> None:
    configs = [{"InstanceType": kind, "InstanceCount": 1, "VolumeSizeInGB": 5} for kind in ("ml.c5.xlarge", "ml.m5.xlarge")]
    definition = tuning.definition(HyperParameterTuningResourceConfig={"InstanceConfigs": configs, "AllocationStrategy": "Prioritized"})
    del definition["ResourceConfig"]
    _, [trial] = tuning.run(1, request={"TrainingJobDefinition": definition})
    child = tuning.client.describe_training_job(TrainingJobName=trial["TrainingJobName"])
    assert child["ResourceConfig"]["InstanceType"] == "ml.c5.xlarge"
    job, _ = tuning.run(1, request={"TrainingJobDefinition": definition | {"HyperParameterTuningResourceConfig": configs[1]}})
    described = job["TrainingJobDefinition"]
    assert described["ResourceConfig"] == described["HyperParameterTuningResourceConfig"] == configs[1]


# Warm start


@pytest.fixture(scope="module")
def parent(aws: JobFixtures) -> tuple[dict, dict]:
    """An ended tuning job over x and kind: its description, and the definition of its training jobs."""
    tuning = TuningFixtures(aws)
    definition = tuning.definition(InputDataConfig=[channel("train", aws.put("warm/parent.csv", "1"))])
    ranges = {"ContinuousParameterRanges": [continuous()], "CategoricalParameterRanges": [categorical("kind", "good", "bad")]}
    job, _ = tuning.run(4, ParameterRanges=ranges, request={"TrainingJobDefinition": definition})
    return job, definition


def child_of(job: dict, definition: dict, kind: str = "IdenticalDataAndAlgorithm", **members: object) -> dict:
    config = {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": job["HyperParameterTuningJobName"]}],
        "WarmStartType": kind,
    }
    return {"TrainingJobDefinition": definition, "WarmStartConfig": config | members}


@pytest.mark.nightly  # runs three tuning jobs
def test_warm_start_knows_the_best_of_its_parents(tuning: TuningFixtures, parent: tuple[dict, dict]) -> None:
    before, definition = parent
    ranges = {"ContinuousParameterRanges": [continuous(low=8, high=9)], "CategoricalParameterRanges": [categorical("kind", "bad", "good")]}
    job, trials = tuning.run(1, Strategy="Bayesian", ParameterRanges=ranges, request=child_of(before, definition))
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    assert job["BestTrainingJob"] == trials[0]
    overall = job["OverallBestTrainingJob"]
    assert overall.pop("TuningJobName") == before["HyperParameterTuningJobName"] and overall == before["BestTrainingJob"]
    assert objective(overall) < objective(trials[0])


@pytest.mark.nightly  # two tuning jobs
def test_warm_start_looks_where_its_parents_found_something(tuning: TuningFixtures) -> None:
    """The static x of the parents is searched now, and its values in the parents are the observations."""
    definition = tuning.definition()
    parents = []
    for x in ("1", "2.8", "3.1", "5", "7"):
        static = definition | {"StaticHyperParameters": definition["StaticHyperParameters"] | {"x": x}}
        parents.append(tuning.run(1, ParameterRanges=kinds("plain"), request={"TrainingJobDefinition": static})[0])
    names = [{"HyperParameterTuningJobName": job["HyperParameterTuningJobName"]} for job in parents]
    for kind in ("IdenticalDataAndAlgorithm", "TransferLearning"):
        request = child_of(parents[0], definition, kind, ParentHyperParameterTuningJobs=names)
        ranges = {"ContinuousParameterRanges": [continuous()]} | kinds("plain")
        job, [trial] = tuning.run(1, Strategy="Bayesian", ParameterRanges=ranges, RandomSeed=1, request=request)
        assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
        assert ("OverallBestTrainingJob" in job) == (kind == "IdenticalDataAndAlgorithm")
        if kind == "IdenticalDataAndAlgorithm":
            assert objective(trial) < 1, "the first job, chosen by what the parents found, was to be near x = 3"


def test_refusals_of_warm_starts(tuning: TuningFixtures, parent: tuple[dict, dict]) -> None:
    before, definition = parent
    x, good = {"ContinuousParameterRanges": [continuous()]}, kinds("good", "bad")

    def refusal(ranges: dict | None = None, parents: dict | None = None, goal: dict | None = None, **changes: object) -> str:
        request = child_of(before, definition | changes, **(parents or {}))
        config = {"ParameterRanges": ranges or x | good} | ({"HyperParameterTuningJobObjective": goal} if goal else {})
        return refused(tuning.client.create_hyper_parameter_tuning_job, **tuning.request(1, **config, request=request))[1]

    later = definition["AlgorithmSpecification"]["TrainingImage"].replace("1.2-1", "1.4-2")
    data = [channel("another", tuning.aws.put("warm/a.csv", "1"))]
    assert "objective metric must be that of the parent" in refusal(goal={"Type": "Maximize", "MetricName": "loss"})
    assert "number of static and tunable" in refusal(good)
    assert "type of the hyperparameter x must not change" in refusal(
        {"CategoricalParameterRanges": [categorical("x", "1"), *good["CategoricalParameterRanges"]]}
    )
    assert "has no hyperparameter z" in refusal({"ContinuousParameterRanges": [continuous("z")]} | good)
    assert "the training image must be" in refusal(AlgorithmSpecification=definition["AlgorithmSpecification"] | {"TrainingImage": later})
    assert "the input data must be" in refusal(InputDataConfig=data)
    assert "can't find a tuning job" in refusal(parents={"ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "nobody"}]})


def test_identical_data_may_be_at_another_location(tuning: TuningFixtures) -> None:
    """The SDK's own tests of warm start upload the same records again for each tuning job."""
    data, again = ([channel("train", tuning.aws.put(f"warm/{place}/a.csv", "1"))] for place in ("once", "twice"))
    definition = tuning.definition() | {"InputDataConfig": data}
    job, _ = tuning.run(1, request={"TrainingJobDefinition": definition})
    described = job["TrainingJobDefinition"]
    assert described["InputDataConfig"][0]["RecordWrapperType"] == "None" and described["OutputDataConfig"]["KmsKeyId"] == ""
    child, _ = tuning.run(1, request=child_of(job, definition | {"InputDataConfig": again}))
    assert child["HyperParameterTuningJobStatus"] == "Completed"


def test_more_than_ten_changes_are_refused(tuning: TuningFixtures) -> None:
    values = [f"v{number}" for number in range(11)]
    job, _ = tuning.run(1, ParameterRanges=kinds(*values) | {"ContinuousParameterRanges": [continuous()]})
    definition = tuning.definition(static={"kind": "v0"})
    request = tuning.request(1, request=child_of(job, definition, "TransferLearning"))
    code, message = refused(tuning.client.create_hyper_parameter_tuning_job, **request)
    assert code == "ValidationException" and "changes of tunable hyperparameters to static ones" in message


def test_a_parent_that_runs_is_refused(tuning: TuningFixtures) -> None:
    definition = tuning.definition("import time; time.sleep(600)")
    name = tuning.start(1, request={"TrainingJobDefinition": definition})
    request = tuning.request(1, request=child_of({"HyperParameterTuningJobName": name}, definition))
    assert "a parent must be Completed, Failed or Stopped" in refused(tuning.client.create_hyper_parameter_tuning_job, **request)[1]
    tuning.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    tuning.ended(name)
