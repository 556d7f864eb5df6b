"""Hyperparameter tuning jobs through boto3: strategies, training jobs, counters, lists, ends."""

from __future__ import annotations

import re

import pytest
from botocore.exceptions import ClientError

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import XGBOOST, JobFixtures, channel
from tests.localaws.sagemaker.tuning.tuning_fixtures import EPOCHS, TOY, TuningFixtures, categorical, continuous, epochs, kinds, objective

# The mode of /opt/ml does not matter for tests with this mark.
once = pytest.mark.parametrize("aws", ["rewrite"], indirect=True)
LONG = "import time\nprint('loss=1', flush=True)\ntime.sleep(600)\n"


@pytest.fixture
def tuning(aws: JobFixtures) -> TuningFixtures:
    return TuningFixtures(aws)


def tuned(trials: list[dict], name: str) -> list[str]:
    return [trial["TunedHyperParameters"][name] for trial in trials]


def test_random_search_with_a_script(tuning: TuningFixtures) -> None:
    job, trials = tuning.run(3, request={"Tags": [{"Key": "team", "Value": "delays"}]})
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    name, arn = job["HyperParameterTuningJobName"], job["HyperParameterTuningJobArn"]
    assert [re.fullmatch(rf"{name}-(\d\d\d)-[0-9a-f]{{8}}", trial["TrainingJobName"])[1] for trial in trials] == ["001", "002", "003"]
    for trial in trials:
        x = float(trial["TunedHyperParameters"]["x"])
        assert 0 <= x <= 10 and objective(trial) == pytest.approx((x - 3) ** 2) and trial["ObjectiveStatus"] == "Succeeded"
        child = tuning.client.describe_training_job(TrainingJobName=trial["TrainingJobName"])
        assert child["TuningJobArn"] == arn and child["HyperParameters"]["_tuning_objective_metric"] == "loss"
        assert child["HyperParameters"]["x"] == trial["TunedHyperParameters"]["x"]
        assert trial["TrainingStartTime"] == child["TrainingStartTime"] and trial["TrainingEndTime"] == child["TrainingEndTime"]
        assert tuning.client.list_tags(ResourceArn=child["TrainingJobArn"])["Tags"] == [{"Key": "team", "Value": "delays"}]
        finals = {metric["MetricName"]: metric["Value"] for metric in child["FinalMetricDataList"]}
        assert finals == {"loss": objective(trial), "ObjectiveMetric": objective(trial)}
    assert job["HyperParameterTuningJobConfig"]["TrainingJobEarlyStoppingType"] == "Off"
    definition = job["TrainingJobDefinition"]
    assert definition["StaticHyperParameters"]["_tuning_objective_metric"] == "loss" and definition["OutputDataConfig"]["KmsKeyId"] == ""
    assert job["BestTrainingJob"] == min(trials, key=objective)
    assert job["TrainingJobStatusCounters"] | {"Completed": 0} == dict.fromkeys(job["TrainingJobStatusCounters"], 0)
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 3, "Pending": 0, "Failed": 0}
    assert job["CreationTime"] <= job["HyperParameterTuningEndTime"] and job["ConsumedResources"]["RuntimeInSeconds"] >= 0


@once
def test_the_same_seed_tries_the_same_combinations(tuning: TuningFixtures) -> None:
    ranges = {
        "ContinuousParameterRanges": [continuous(low=0.001, high=10, scaling="Logarithmic")],
        "CategoricalParameterRanges": [categorical("kind", "a", "b", "c")],
    }
    first, second = (tuning.run(3, ParameterRanges=ranges)[1] for _ in range(2))
    assert [tuned(first, name) for name in ("x", "kind")] == [tuned(second, name) for name in ("x", "kind")]
    assert all(0.001 <= float(x) <= 10 for x in tuned(first, "x"))


@once
def test_a_grid_needs_no_number_of_jobs(tuning: TuningFixtures) -> None:
    ranges = {"CategoricalParameterRanges": [categorical("x", "1", "2"), categorical("kind", "good", "bad")]}
    job, trials = tuning.run(None, Strategy="Grid", ParameterRanges=ranges)
    found = list(zip(tuned(trials, "x"), tuned(trials, "kind"), strict=True))
    assert found == [("1", "good"), ("1", "bad"), ("2", "good"), ("2", "bad")]
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"x": "2", "kind": "good"}


@once
def test_hyperparameters_as_sdk_v2_writes_them(tuning: TuningFixtures) -> None:
    """Static hyperparameters and categories are JSON texts, and some are only for the container."""
    definition = tuning.definition()
    static = {name: f'"{value}"' for name, value in definition["StaticHyperParameters"].items()}
    static |= {"sagemaker_container_log_level": "20", "sagemaker_job_name": '"tuned"', "sagemaker_region": '"us-east-1"'}
    request = {"TrainingJobDefinition": definition | {"StaticHyperParameters": static}}
    job, trials = tuning.run(None, Strategy="Grid", ParameterRanges=kinds('"good"', '"bad"'), request=request)
    assert [objective(trial) for trial in trials] == [0, 1], job.get("FailureReason")


@once
def test_bayesian_search_maximises_what_it_models(tuning: TuningFixtures) -> None:
    definition = tuning.definition(TOY.replace("loss={", "loss={-"))
    goal = {"Type": "Maximize", "MetricName": "loss"}
    request = {"TrainingJobDefinition": definition}
    job, trials = tuning.run(8, Strategy="Bayesian", HyperParameterTuningJobObjective=goal, request=request)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    values = [objective(trial) for trial in trials]
    assert len(values) == 8 and objective(job["BestTrainingJob"]) == max(values)
    assert max(values[5:]) > -1, "the last jobs, chosen by the model, were to be near x = 3"


@once
def test_the_built_in_xgboost_by_its_own_metric(tuning: TuningFixtures) -> None:
    rows = "".join(f"{int(row % 7 > 3)},{row % 7},{row % 3}\n" for row in range(140))
    data = [channel(part, tuning.aws.put(f"tuning/{part}.csv", rows), "text/csv") for part in ("train", "validation")]
    definition = tuning.definition(InputDataConfig=data) | {
        "StaticHyperParameters": {"num_round": "3", "objective": "binary:logistic"},
        "AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"},
    }
    ranges = {
        "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "5"}],
        "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}],
    }
    goal = {"Type": "Maximize", "MetricName": "validation:auc"}
    job, trials = tuning.run(
        2, ParameterRanges=ranges, HyperParameterTuningJobObjective=goal, request={"TrainingJobDefinition": definition}
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    assert all(0.5 <= objective(trial) <= 1 and 1 <= int(trial["TunedHyperParameters"]["max_depth"]) <= 5 for trial in trials)
    child = tuning.client.describe_training_job(TrainingJobName=trials[0]["TrainingJobName"])
    assert "validation:auc" in {metric["MetricName"] for metric in child["FinalMetricDataList"]}
    shown = job["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    assert "validation:auc" in {definition["Name"] for definition in shown}


@once
def test_hyperband_stops_jobs_at_its_rungs(tuning: TuningFixtures) -> None:
    """Every job would run for a minute. Each is stopped at a rung, better ones at a later rung."""
    jobs = {"a": (1.0, 600), "b": (2.0, 600), "c": (3.0, 600), "d": (0.0, 600), "e": (4.0, 600)}
    definition = tuning.definition(EPOCHS, epochs(**jobs))
    job, trials = tuning.run(
        5,
        parallel=1,
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}},
        ParameterRanges=kinds(*jobs),
        request={"TrainingJobDefinition": definition},
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    assert {trial["TrainingJobStatus"] for trial in trials} == {"Stopped"} and job["TrainingJobStatusCounters"]["Stopped"] == 5
    lives = {}
    for trial in trials:
        lines = tuning.aws.lines(trial["TrainingJobName"])
        lives[trial["TunedHyperParameters"]["kind"]] = sum(line.startswith("loss=") for line in lines)
    assert lives["d"] >= 9 and objective(job["BestTrainingJob"]) == 0.0
    order = tuned(trials, "kind")
    expected, seen = {}, []
    for kind in order:  # the first bracket, one job after the other: the first two pass, then the best third
        seen.append(jobs[kind][0])
        expected[kind] = 9 if len(seen) < 3 or jobs[kind][0] <= sorted(seen)[max(1, len(seen) // 3) - 1] else 1
    assert {kind: life >= 9 for kind, life in lives.items()} == {kind: life == 9 for kind, life in expected.items()}


@once
def test_early_stopping_ends_a_job_that_is_worse_than_the_median(tuning: TuningFixtures) -> None:
    definition = tuning.definition(EPOCHS, epochs(a=(1, 2), b=(2, 2), c=(3, 2), worse=(9, 600), good=(1, 2)))
    job, trials = tuning.run(
        None,
        parallel=1,
        Strategy="Grid",
        TrainingJobEarlyStoppingType="Auto",
        ParameterRanges=kinds("a", "b", "c", "worse", "good"),
        request={"TrainingJobDefinition": definition},
    )
    assert [trial["TrainingJobStatus"] for trial in trials] == ["Completed", "Completed", "Completed", "Stopped", "Completed"]
    assert trials[3]["ObjectiveStatus"] == "Succeeded" and objective(trials[3]) == 9
    counters = job["TrainingJobStatusCounters"]
    assert (job["HyperParameterTuningJobStatus"], counters["Completed"], counters["Stopped"]) == ("Completed", 4, 1)


CRITERIA = [
    ({"TargetObjectiveMetricValue": 1.5}, 2),
    ({"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}}, 6),
]


@pytest.mark.nightly  # convergence by day
@once
@pytest.mark.parametrize(("criteria", "count"), CRITERIA, ids=["target", "not improving"])
def test_completion_criteria_end_a_tuning_job(tuning: TuningFixtures, criteria: dict, count: int) -> None:
    losses = {"a": 2, "b": 1.5, "c": 1, "d": 1.2, "e": 1, "f": 0.999, "g": 1, "h": 0}
    definition = tuning.definition(EPOCHS, epochs(**{kind: (loss, 1) for kind, loss in losses.items()}))
    job, trials = tuning.run(
        None,
        parallel=1,
        Strategy="Grid",
        TuningJobCompletionCriteria=criteria,
        ParameterRanges=kinds(*losses),
        request={"TrainingJobDefinition": definition},
    )
    assert (job["HyperParameterTuningJobStatus"], len(trials)) == ("Completed", count)
    if count == 6:
        assert job["TuningJobCompletionDetails"]["NumberOfTrainingJobsObjectiveNotImproving"] == 3


@pytest.mark.nightly  # by day another criterion ends a tuning job
@once
def test_convergence_is_detected_and_ends_a_tuning_job(tuning: TuningFixtures) -> None:
    flat = tuning.definition("print('loss=1')")
    criteria = {"ConvergenceDetected": {"CompleteOnConvergence": "Enabled"}}
    ranges = {"ContinuousParameterRanges": [continuous()]}
    request = {"TrainingJobDefinition": flat}
    job, trials = tuning.run(None, ParameterRanges=ranges, TuningJobCompletionCriteria=criteria, request=request)
    assert job["HyperParameterTuningJobStatus"] == "Completed" and 11 <= len(trials) <= 12
    assert job["CreationTime"] <= job["TuningJobCompletionDetails"]["ConvergenceDetectedTime"] <= job["HyperParameterTuningEndTime"]


@once
def test_a_metric_that_is_never_emitted_fails_the_tuning_job(tuning: TuningFixtures) -> None:
    request = {"TrainingJobDefinition": tuning.definition(metrics=[{"Name": "loss", "Regex": "accuracy=([0-9.]+)"}])}
    job, trials = tuning.run(8, parallel=1, request=request)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No objective metrics found after running 5 training jobs.")
    assert {(trial["TrainingJobStatus"], trial["ObjectiveStatus"]) for trial in trials} == {("Completed", "Failed")}
    assert job["ObjectiveStatusCounters"]["Failed"] == len(trials) == 5 and "BestTrainingJob" not in job


@once
def test_failing_training_jobs(tuning: TuningFixtures) -> None:
    job, trials = tuning.run(2, request={"TrainingJobDefinition": tuning.definition("raise ValueError('no rows')")})
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No training job succeeded after 2 attempts.")
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 2 and "no rows" in trials[0]["FailureReason"]
    code = TOY + "assert given.kind == 'good'\n"
    request = {"TrainingJobDefinition": tuning.definition(code)}
    job, trials = tuning.run(None, Strategy="Grid", ParameterRanges=kinds("bad", "good"), request=request)
    assert job["HyperParameterTuningJobStatus"] == "Completed" and job["BestTrainingJob"] == trials[1]
    assert [trial["ObjectiveStatus"] for trial in trials] == ["Failed", "Succeeded"]


@once
def test_stopping_and_deleting(tuning: TuningFixtures) -> None:
    request = {"TrainingJobDefinition": tuning.definition(LONG)}
    name = tuning.start(9, request=request)
    asked = {"HyperParameterTuningJobName": name}
    tuning.aws.until(lambda: tuning.aws.processes())
    assert "is in status InProgress" in refused(tuning.client.delete_hyper_parameter_tuning_job, **asked)[1]
    [first, _] = tuning.aws.until(lambda: tuning.trials(name), lambda trials: len(trials) == 2)
    assert first["TrainingJobStatus"] == "InProgress" and first["ObjectiveStatus"] == "Pending"
    tuning.client.stop_hyper_parameter_tuning_job(**asked)
    assert tuning.describe(name)["HyperParameterTuningJobStatus"] in ("Stopping", "Stopped")
    job = tuning.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped" and job["TrainingJobStatusCounters"]["Stopped"] == 2
    assert {trial["TrainingJobStatus"] for trial in tuning.trials(name)} == {"Stopped"} and tuning.aws.processes() == []
    assert "is in status Stopped" in refused(tuning.client.stop_hyper_parameter_tuning_job, **asked)[1]
    tuning.client.delete_hyper_parameter_tuning_job(**asked)
    for call in (tuning.client.describe_hyper_parameter_tuning_job, tuning.client.stop_hyper_parameter_tuning_job):
        assert refused(call, **asked)[0] == "ResourceNotFound"
    assert refused(tuning.client.list_training_jobs_for_hyper_parameter_tuning_job, **asked)[0] == "ResourceNotFound"
    assert "can't find a tuning job" in refused(tuning.client.delete_hyper_parameter_tuning_job, **asked)[1]
    assert tuning.client.describe_training_job(TrainingJobName=first["TrainingJobName"])["TrainingJobStatus"] == "Stopped"


@once
def test_lists(tuning: TuningFixtures) -> None:
    losses = {"a": 2.0, "b": 1.0, "c": 3.0, "none": 4.0}
    code = EPOCHS + "assert given.kind != 'c'\n"
    request = {"TrainingJobDefinition": tuning.definition(code, epochs(**{kind: (loss, kind != "none") for kind, loss in losses.items()}))}
    job, trials = tuning.run(None, parallel=1, Strategy="Grid", ParameterRanges=kinds(*losses), request=request)
    name = job["HyperParameterTuningJobName"]
    assert tuned(trials, "kind") == ["a", "b", "c", "none"]

    def listed(**asked: object) -> list[str]:
        return tuned(tuning.trials(name, **asked), "kind")

    assert listed(SortBy="FinalObjectiveMetricValue") == ["b", "a"]
    assert listed(SortBy="FinalObjectiveMetricValue", SortOrder="Descending") == ["a", "b"]
    assert listed(SortBy="CreationTime", SortOrder="Descending") == ["none", "c", "b", "a"]
    assert listed(SortBy="Status") == ["a", "b", "none", "c"] and listed(StatusEquals="Failed") == ["c"]
    for size in (1, 3, 4, 100):
        assert listed(PaginationConfig={"PageSize": size}, SortOrder="Descending") == ["none", "c", "b", "a"]
    for size in (1, 2):
        assert listed(PaginationConfig={"PageSize": size}, SortBy="FinalObjectiveMetricValue") == ["b", "a"]
        assert listed(PaginationConfig={"PageSize": size}, SortBy="Status") == ["a", "b", "none", "c"]
    page = tuning.client.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name, MaxResults=2)
    rubbish = {"HyperParameterTuningJobName": name, "NextToken": "rubbish"}
    assert "Invalid NextToken" in refused(tuning.client.list_training_jobs_for_hyper_parameter_tuning_job, **rubbish)[1]
    asked = {"HyperParameterTuningJobName": name, "NextToken": page["NextToken"], "SortOrder": "Descending"}
    assert "Invalid NextToken" in refused(tuning.client.list_training_jobs_for_hyper_parameter_tuning_job, **asked)[1]
    found = tuning.client.list_hyper_parameter_tuning_jobs(NameContains=name, StatusEquals="Completed")
    [summary] = found["HyperParameterTuningJobSummaries"]
    assert summary["Strategy"] == "Grid" and summary["ResourceLimits"] == {"MaxParallelTrainingJobs": 1}
    assert summary["TrainingJobStatusCounters"] == job["TrainingJobStatusCounters"]
    assert summary["HyperParameterTuningEndTime"] == job["HyperParameterTuningEndTime"]


@once
def test_a_tuning_job_waits_for_instances_that_another_job_took(tuning: TuningFixtures) -> None:
    """All four instances of the account are in use. When a training job ends, a foreign job takes its instance first."""
    name = tuning.start(200, parallel=4)
    intruder = tuning.aws.name("intruder")

    def got_in() -> bool:
        try:
            tuning.aws.train(intruder, entrypoint=["sleep", "600"])
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ResourceLimitExceeded"
            return False
        return True

    tuning.aws.until(got_in)
    before = len(tuning.trials(name))
    tuning.aws.until(lambda: len(tuning.trials(name)) > before + 3)
    tuning.client.stop_training_job(TrainingJobName=intruder)
    tuning.client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    job = tuning.ended(name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped", job.get("FailureReason")
    assert tuning.aws.trained(intruder)["TrainingJobStatus"] == "Stopped"


@once
def test_several_definitions_take_turns(tuning: TuningFixtures) -> None:
    goal = {"Type": "Minimize", "MetricName": "loss"}
    definitions = [
        tuning.definition(DefinitionName=name, TuningObjective=goal, HyperParameterRanges={"ContinuousParameterRanges": [within]})
        for name, within in (("near", continuous(low=2, high=4)), ("far", continuous(low=8, high=9)))
    ]
    request = tuning.request(4, request={"TrainingJobDefinitions": definitions})
    for member in ("ParameterRanges", "HyperParameterTuningJobObjective"):
        del request["HyperParameterTuningJobConfig"][member]
    tuning.client.create_hyper_parameter_tuning_job(**request)
    job = tuning.ended(request["HyperParameterTuningJobName"])
    trials = tuning.trials(request["HyperParameterTuningJobName"])
    assert [trial["TrainingJobDefinitionName"] for trial in trials] == ["near", "far", "near", "far"]
    assert all((float(x) < 5) == (index % 2 == 0) for index, x in enumerate(tuned(trials, "x")))
    assert job["BestTrainingJob"]["TrainingJobDefinitionName"] == "near"
    assert job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Type"] == "Minimize"


@once
def test_autotune_chooses_what_is_left_out(tuning: TuningFixtures) -> None:
    ranges = {"AutoParameters": [{"Name": "x", "ValueHint": "2.5"}, {"Name": "kind", "ValueHint": "plain"}]}
    request = {"Autotune": {"Mode": "Enabled"}}
    job, trials = tuning.run(2, ParameterRanges=ranges, request=request)
    assert job["HyperParameterTuningJobStatus"] == "Completed", job.get("FailureReason")
    config = job["HyperParameterTuningJobConfig"]
    [chosen] = config["ParameterRanges"]["ContinuousParameterRanges"]
    assert all(float(chosen["MinValue"]) <= float(x) <= float(chosen["MaxValue"]) for x in tuned(trials, "x"))
    assert job["TrainingJobDefinition"]["StaticHyperParameters"]["kind"] == "plain" and job["Autotune"] == {"Mode": "Enabled"}
    assert config["TrainingJobEarlyStoppingType"] == "Auto"
