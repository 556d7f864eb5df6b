"""Experiments, trials and trial components through boto3, and the trial components of jobs."""

from __future__ import annotations

import datetime
import time

import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, SKLEARN, JobFixtures, channel, processing_input, processing_output


def made(aws: JobFixtures) -> tuple[str, str, str]:
    """An experiment with a trial that has a trial component."""
    experiment, trial, component = aws.name("experiment"), aws.name("trial"), aws.name("component")
    aws.sagemaker.create_experiment(ExperimentName=experiment)
    aws.sagemaker.create_trial(TrialName=trial, ExperimentName=experiment)
    aws.sagemaker.create_trial_component(TrialComponentName=component)
    aws.sagemaker.associate_trial_component(TrialComponentName=component, TrialName=trial)
    return experiment, trial, component


def test_an_experiment_is_kept_and_changed(aws: JobFixtures) -> None:
    name = aws.name("Flights")
    arn = aws.sagemaker.create_experiment(ExperimentName=name, Description="delays", Tags=[{"Key": "team", "Value": "a"}])["ExperimentArn"]
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:experiment/{name.lower()}"
    found = aws.sagemaker.describe_experiment(ExperimentName=name)
    assert (found["ExperimentName"], found["DisplayName"], found["Description"]) == (name, name, "delays")
    assert found["CreatedBy"]["IamIdentity"]["Arn"].startswith("arn:aws:") and found["CreationTime"] == found["LastModifiedTime"]
    assert aws.sagemaker.update_experiment(ExperimentName=name, DisplayName="New", Description="late")["ExperimentArn"] == arn
    found = aws.sagemaker.describe_experiment(ExperimentName=name.lower())
    assert (found["ExperimentName"], found["DisplayName"], found["Description"]) == (name, "New", "late")
    assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "a"}]
    code, message = refused(aws.sagemaker.create_experiment, ExperimentName=name)
    assert code == "ValidationException"
    assert message == f"Experiment names must be unique within an AWS account and region. Experiment with name ({name}) already exists."
    assert aws.sagemaker.delete_experiment(ExperimentName=name)["ExperimentArn"] == arn
    code, message = refused(aws.sagemaker.describe_experiment, ExperimentName=name)
    assert code == "ResourceNotFound" and name in message


def test_trials_and_components_are_associated(aws: JobFixtures) -> None:
    sagemaker = aws.sagemaker
    experiment, trial, component = made(aws)
    other = aws.name("trial")
    sagemaker.create_trial(TrialName=other, ExperimentName=experiment, DisplayName="other")
    sagemaker.associate_trial_component(TrialComponentName=component, TrialName=other)
    names = [each["TrialName"] for each in sagemaker.list_trials(ExperimentName=experiment)["TrialSummaries"]]
    assert names == [other, trial]
    assert len(sagemaker.list_trials(TrialComponentName=component)["TrialSummaries"]) == 2
    for by in ({"TrialName": trial}, {"ExperimentName": experiment}):
        [found] = sagemaker.list_trial_components(**by)["TrialComponentSummaries"]
        assert found["TrialComponentName"] == component
    code, message = refused(sagemaker.list_trial_components, TrialName=trial, ExperimentName=experiment)
    assert code == "ValidationException" and "only one of" in message
    for call, words in (
        (lambda: sagemaker.delete_experiment(ExperimentName=experiment), "has trials"),
        (lambda: sagemaker.delete_trial(TrialName=trial), "has trial components"),
        (lambda: sagemaker.delete_trial_component(TrialComponentName=component), "has trials"),
    ):
        code, message = refused(call)
        assert code == "ValidationException" and words in message
    for each in (trial, other):
        answer = sagemaker.disassociate_trial_component(TrialComponentName=component, TrialName=each)
        assert answer["TrialArn"].endswith(f"experiment-trial/{each}")
        sagemaker.delete_trial(TrialName=each)
    sagemaker.delete_trial_component(TrialComponentName=component)
    sagemaker.delete_experiment(ExperimentName=experiment)


@pytest.mark.parametrize("operation", ["create_trial", "list_trials", "associate_trial_component", "list_trial_components"])
def test_a_missing_resource_is_reported(aws: JobFixtures, operation: str) -> None:
    params = {
        "create_trial": {"TrialName": aws.name("t"), "ExperimentName": "nowhere"},
        "list_trials": {"ExperimentName": "nowhere"},
        "associate_trial_component": {"TrialName": "nowhere", "TrialComponentName": "nowhere"},
        "list_trial_components": {"TrialName": "nowhere"},
    }[operation]
    code, message = refused(getattr(aws.sagemaker, operation), **params)
    assert code == "ResourceNotFound" and "'nowhere' does not exist" in message


def test_an_update_adds_to_a_components_maps_and_takes_from_them(aws: JobFixtures) -> None:
    name = aws.name("component")
    aws.sagemaker.create_trial_component(
        TrialComponentName=name,
        DisplayName="fit",
        Parameters={"depth": {"NumberValue": 3}, "loss": {"StringValue": "log"}},
        InputArtifacts={"data": {"Value": "s3://b/data", "MediaType": "text/csv"}},
    )
    aws.sagemaker.update_trial_component(
        TrialComponentName=name,
        Status={"PrimaryStatus": "Completed", "Message": "done"},
        Parameters={"depth": {"NumberValue": 4}, "rate": {"NumberValue": 0.1}},
        ParametersToRemove=["loss"],
        InputArtifactsToRemove=["data"],
        OutputArtifacts={"model": {"Value": "s3://b/model"}},
    )
    found = aws.sagemaker.describe_trial_component(TrialComponentName=name)
    assert found["Parameters"] == {"depth": {"NumberValue": 4.0}, "rate": {"NumberValue": 0.1}}
    assert found["InputArtifacts"] == {} and found["OutputArtifacts"] == {"model": {"Value": "s3://b/model"}}
    assert found["Status"] == {"PrimaryStatus": "Completed", "Message": "done"} and found["DisplayName"] == "fit"
    assert aws.sagemaker.describe_trial_component(TrialComponentName=found["TrialComponentArn"])["TrialComponentName"] == name


def test_lists_have_pages_in_the_requested_order(aws: JobFixtures) -> None:
    experiment, start = aws.name("paged"), datetime.datetime.now(datetime.UTC)
    aws.sagemaker.create_experiment(ExperimentName=experiment)
    names = [f"{experiment}-{letter}" for letter in "cadbe"]
    for name in names:
        aws.sagemaker.create_trial(TrialName=name, ExperimentName=experiment)

    def pages(**params: object) -> list[list[str]]:
        found = aws.sagemaker.get_paginator("list_trials").paginate(ExperimentName=experiment, PaginationConfig={"PageSize": 2}, **params)
        return [[trial["TrialName"][-1] for trial in page["TrialSummaries"]] for page in found]

    assert pages() == [["e", "b"], ["d", "a"], ["c"]]
    assert pages(SortBy="Name", SortOrder="Ascending") == [["a", "b"], ["c", "d"], ["e"]]
    assert pages(CreatedBefore=start) == [[]] and sum(map(len, pages(CreatedAfter=start))) == 5
    token = aws.sagemaker.list_trials(ExperimentName=experiment, MaxResults=2)["NextToken"]
    aws.sagemaker.delete_trial(TrialName=f"{experiment}-b")
    rest = aws.sagemaker.list_trials(ExperimentName=experiment, MaxResults=9, NextToken=token)["TrialSummaries"]
    assert [trial["TrialName"][-1] for trial in rest] == ["d", "a", "c"]
    code, message = refused(aws.sagemaker.list_trials, ExperimentName=experiment, SortBy="Name", NextToken=token)
    assert code == "ValidationException" and "NextToken" in message


def test_metrics_are_summed_up_and_queried(aws: JobFixtures) -> None:
    name, metrics = aws.name("logged"), aws.client("sagemaker-metrics")
    arn = aws.sagemaker.create_trial_component(TrialComponentName=name)["TrialComponentArn"]
    now = int(time.time()) // 60 * 60
    points = [{"MetricName": "loss", "Timestamp": now + step, "Step": step, "Value": value} for step, value in enumerate((4.0, 2.0, 3.0))]
    points += [{"MetricName": "auc", "Timestamp": now, "Value": 0.5}, {"MetricName": "auc", "Timestamp": now - 10**7, "Value": 1.0}]
    assert metrics.batch_put_metrics(TrialComponentName=name, MetricData=points)["Errors"] == [
        {"Code": "VALIDATION_ERROR", "MetricIndex": 4}
    ]
    auc, loss = aws.sagemaker.describe_trial_component(TrialComponentName=name)["Metrics"]
    assert (auc["MetricName"], auc["Count"], auc["Last"], auc["StdDev"]) == ("auc", 1, 0.5, 0.0)
    assert (loss["Min"], loss["Max"], loss["Avg"], loss["Last"], loss["Count"]) == (2.0, 4.0, 3.0, 3.0, 3) and loss["SourceArn"] == arn
    assert loss["StdDev"] == pytest.approx((2 / 3) ** 0.5) and loss["TimeStamp"].timestamp() == now + 2

    def ask(**query: object) -> dict:
        query = {"MetricName": "loss", "ResourceArn": arn, "MetricStat": "Last"} | query
        [result] = metrics.batch_get_metrics(MetricQueries=[query])["MetricQueryResults"]
        return result

    steps = ask(Period="IterationNumber", XAxisType="IterationNumber", Start=1)
    assert (steps["XAxisValues"], steps["MetricValues"]) == ([1, 2], [2.0, 3.0])
    minutes = ask(Period="OneMinute", XAxisType="Timestamp", MetricStat="Avg")
    assert (minutes["XAxisValues"], minutes["MetricValues"]) == ([now], [3.0])
    assert ask(Period="OneHour", XAxisType="IterationNumber")["Status"] == "ValidationError"
    assert ask(ResourceArn=arn + "x", Period="OneHour", XAxisType="Timestamp")["Status"] == "ValidationError"
    code, _ = refused(metrics.batch_put_metrics, TrialComponentName="nowhere", MetricData=points[:1])
    assert code == "ValidationException"
    aws.sagemaker.delete_trial_component(TrialComponentName=name)
    aws.sagemaker.create_trial_component(TrialComponentName=name)
    found = aws.sagemaker.describe_trial_component(TrialComponentName=name)
    assert (found["Metrics"], found["Parameters"]) == ([], {})


TRAINS = """
for loss in (0.9, 0.4, 0.5):
    print(f"loss={loss};")
"""


def test_a_training_job_is_a_trial_component(aws: JobFixtures) -> None:
    experiment, trial, _ = made(aws)
    uri = aws.put("tracked/train/a.csv", "1")
    name = aws.script(
        TRAINS,
        {"depth": "3", "kind": "tree"},
        metrics=[{"Name": "loss", "Regex": "loss=(.*?);"}],
        InputDataConfig=[channel("train", uri, "text/csv")],
        ExperimentConfig={"ExperimentName": experiment, "TrialName": trial, "TrialComponentDisplayName": "fit"},
    )
    component = f"{name}-aws-training-job"
    running = aws.sagemaker.describe_trial_component(TrialComponentName=component)
    assert running["Status"]["PrimaryStatus"] in ("InProgress", "Completed")
    job = aws.trained(name)
    found = aws.until(
        lambda: aws.sagemaker.describe_trial_component(TrialComponentName=component),
        lambda found: found["Status"]["PrimaryStatus"] == "Completed",
    )
    assert found["DisplayName"] == "fit"
    assert found["Source"] == {"SourceArn": job["TrainingJobArn"], "SourceType": "SageMakerTrainingJob"}
    assert found["Parameters"]["depth"] == {"NumberValue": 3.0} and found["Parameters"]["kind"] == {"StringValue": "tree"}
    assert found["Parameters"]["SageMaker.InstanceType"] == {"StringValue": "ml.m5.large"}
    assert found["InputArtifacts"] == {"train": {"Value": uri, "MediaType": "text/csv"}}
    assert found["Parameters"]["SageMaker.ImageUri"] == {"StringValue": SKLEARN}
    assert found["OutputArtifacts"] == {"SageMaker.ModelArtifact": {"Value": job["ModelArtifacts"]["S3ModelArtifacts"]}}
    [loss] = found["Metrics"]
    assert (loss["Min"], loss["Max"], loss["Last"], loss["Count"]) == (0.4, 0.9, 0.5, 3) and loss["Avg"] == pytest.approx(0.6)
    assert (found["StartTime"], found["EndTime"]) == (job["TrainingStartTime"], job["TrainingEndTime"])
    listed = [each["TrialComponentName"] for each in aws.sagemaker.list_trial_components(TrialName=trial)["TrialComponentSummaries"]]
    assert component in listed
    [listed] = aws.sagemaker.list_trial_components(SourceArn=job["TrainingJobArn"])["TrialComponentSummaries"]
    assert listed["TrialComponentSource"] == found["Source"]
    assert job["ExperimentConfig"]["TrialName"] == trial


def test_a_processing_job_is_a_trial_component_and_gets_a_trial(aws: JobFixtures) -> None:
    experiment, _, _ = made(aws)
    uri = aws.put("tracked/raw.csv", "1")
    name = aws.process(
        "raise SystemExit(1)",
        ProcessingInputs=[processing_input("raw", uri, "/opt/ml/processing/raw")],
        ProcessingOutputConfig={"Outputs": [processing_output("out", f"s3://{BUCKET}/tracked/out", "/opt/ml/processing/out")]},
        ExperimentConfig={"ExperimentName": experiment},
    )
    aws.processed(name)
    found = aws.until(
        lambda: aws.sagemaker.describe_trial_component(TrialComponentName=f"{name}-aws-processing-job"),
        lambda found: found["Status"]["PrimaryStatus"] == "Failed",
    )
    reason = "AlgorithmError: See job logs for more information, exit code: 1"
    assert found["Status"]["Message"] == f"Status: Failed, exit message: null, failure reason: {reason}"
    assert set(found["InputArtifacts"]) == {"code", "raw", "SageMaker.ImageUri"} and found["InputArtifacts"]["raw"] == {"Value": uri}
    assert found["Parameters"] == {
        "SageMaker.InstanceCount": {"NumberValue": 1.0},
        "SageMaker.InstanceType": {"StringValue": "ml.m5.large"},
        "SageMaker.VolumeSizeInGB": {"NumberValue": 5.0},
    }
    assert found["OutputArtifacts"] == {"out": {"Value": f"s3://{BUCKET}/tracked/out"}}
    trials = [trial["TrialName"] for trial in aws.sagemaker.list_trials(ExperimentName=experiment)["TrialSummaries"]]
    assert f"{name}-aws-trial" in trials


def test_a_job_outside_an_experiment_is_a_component_of_no_trial(aws: JobFixtures) -> None:
    name = aws.process("pass")
    job = aws.processed(name)
    [found] = aws.sagemaker.list_trial_components(SourceArn=job["ProcessingJobArn"])["TrialComponentSummaries"]
    assert found["TrialComponentName"] == f"{name}-aws-processing-job"
    assert aws.sagemaker.list_trials(TrialComponentName=found["TrialComponentName"])["TrialSummaries"] == []


def test_a_job_with_the_name_of_a_deleted_one_gets_a_new_component(aws: JobFixtures) -> None:
    name = aws.process("pass")
    aws.processed(name)
    aws.sagemaker.delete_processing_job(ProcessingJobName=name)
    resources = {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 6}}
    aws.processed(aws.process("pass", ProcessingJobName=name, ProcessingResources=resources))
    found = aws.sagemaker.describe_trial_component(TrialComponentName=f"{name}-aws-processing-job")
    assert found["Parameters"]["SageMaker.VolumeSizeInGB"] == {"NumberValue": 6.0}


def test_a_job_of_an_unknown_experiment_is_refused(aws: JobFixtures) -> None:
    experiment, trial, _ = made(aws)
    other = aws.name("experiment")
    aws.sagemaker.create_experiment(ExperimentName=other)
    for config, code, words in (
        ({"ExperimentName": "nowhere"}, "ResourceNotFound", "Experiment 'nowhere' does not exist"),
        ({"ExperimentName": experiment, "TrialName": "nowhere"}, "ResourceNotFound", "Trial 'nowhere' does not exist"),
        ({"ExperimentName": other, "TrialName": trial}, "ValidationException", f"belongs to the experiment {experiment}"),
    ):
        assert refused(aws.process, "pass", ExperimentConfig=config)[0] == code
        assert words in refused(aws.process, "pass", ExperimentConfig=config)[1]
