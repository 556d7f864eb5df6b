"""Training, Processing, Transform and Tuning steps: the names and tags of their jobs, their properties, and why they fail."""

from __future__ import annotations

import pytest

from course.localaws.sagemaker.pipelines.steps import failures
from course.localaws.sagemaker.pipelines.steps.step_type import Outcome
from tests.localaws.sagemaker.hosting.endpoint_fixtures import XGBOOST, archive, booster_file
from tests.localaws.sagemaker.job_fixtures import ROLE, SKLEARN, targz
from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import BUCKET, CLUSTER, Pipelines, processing, training

AUC = {"Name": "val:auc", "Regex": "auc=([0-9.]+)"}
MODEL = "open('/opt/ml/model/m','w').write('m')"


def show(*paths: str) -> dict:
    """A Fail step whose message has the values of some paths."""
    return step("show", "Fail", {"ErrorMessage": {"Std:Join": {"On": " ", "Values": [get(path) for path in paths]}}})


def shown(pipelines: Pipelines, *steps: dict) -> tuple[str, dict[str, dict], list[str]]:
    """Run steps that end with `show`; returns the execution's ARN, the steps and the values."""
    arn = pipelines.start(*steps)
    pipelines.ended(arn)
    found = pipelines.steps(arn)
    assert "show" in found, found
    return arn, found, found["show"]["FailureReason"].split(" ")


def test_a_training_job_has_the_names_and_the_tag_of_its_execution(pipelines: Pipelines) -> None:
    name = "a_step-with-a-very-long-name"
    code = f"import os;{MODEL};print('auc=0.75;', os.environ['TRAINED_BY'])"
    trained = training(name, code, (AUC,), Environment={"TRAINED_BY": get("Execution.TrainingJobName")})
    paths = ("TrainingJobName", "ModelArtifacts.S3ModelArtifacts", "FinalMetricDataList['val:auc'].Value", "Environment['TRAINED_BY']")
    arn, found, (job, model, value, own) = shown(pipelines, trained, show(*(f"Steps.{name}.{path}" for path in paths)))
    assert job.startswith(f"pipelines-{arn.rpartition('/')[2]}-a-step-with-a-very-l-")
    assert len(job.rpartition("-")[2]) == 10
    assert (model, float(value), own) == (f"s3://{BUCKET}/trained/{job}/output/model.tar.gz", 0.75, job)
    made = found[name]["Metadata"]["TrainingJob"]["Arn"]
    assert made.endswith(f":training-job/{job.lower()}")
    assert {"Key": "sagemaker:pipeline-execution-arn", "Value": arn} in pipelines.sagemaker.list_tags(ResourceArn=made)["Tags"]


def test_a_name_in_the_arguments_is_the_beginning_of_a_jobs_name(pipelines: Pipelines) -> None:
    named = processing("work", "print(1)")
    named["Arguments"]["ProcessingJobName"] = "nightly"
    arn, _, [job] = shown(pipelines, named, show("Steps.work.ProcessingJobName"))
    assert job.startswith(f"nightly-{arn.rpartition('/')[2]}-")


def test_a_step_fails_with_the_reason_of_its_job(pipelines: Pipelines) -> None:
    code = "import sys;open('/opt/ml/output/failure','w').write('no rows');sys.exit(3)"
    found = pipelines.failed(training("train", code))["train"]
    job = found["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    reason = pipelines.sagemaker.describe_training_job(TrainingJobName=job)["FailureReason"]
    assert found["FailureReason"] == f"ClientError: {reason}"
    assert found["FailureReason"].startswith("ClientError: AlgorithmError: no rows")


def test_a_refused_job_fails_the_step_and_names_the_operation(pipelines: Pipelines) -> None:
    refused = training("train", MODEL, ResourceConfig=CLUSTER | {"VolumeSizeInGB": 5, "InstanceCount": 500})
    found = pipelines.failed(refused)["train"]
    assert found["FailureReason"].startswith("ClientError: Failed to invoke sagemaker:CreateTrainingJob. Error Details: ")
    assert found["FailureReason"].endswith("No retry policy configured for the exception type SAGEMAKER_RESOURCE_LIMIT.")
    assert found["Metadata"] == {}


def test_the_reason_names_the_execution_in_lower_case() -> None:
    """As a failure of the pipeline SimpleXGBoostPipeline in public notes of October 2024."""
    arn = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/Delays/execution/ztefwbnlgoif"
    reason = failures.not_retried(Outcome("Failed", "ClientError: no", failures.RESOURCE_LIMIT), arn, "Train")
    assert f"PipelineExecutionArn {arn.replace('Delays', 'delays')} and StepId Train." in reason


def test_a_role_needs_the_right_to_tag_what_a_step_makes(pipelines: Pipelines) -> None:
    role = pipelines.role("sagemaker.amazonaws.com", "sagemaker:CreateTrainingJob", "iam:PassRole")
    arn = pipelines.start(training("train", MODEL), role=role)
    assert pipelines.ended(arn) == "Failed"
    session = f"arn:aws:sts::123456789012:assumed-role/{role.rpartition('/')[2]}/sagemaker-pipeline-{arn.rpartition('/')[2]}-train"
    start = f"ClientError: Failed to invoke sagemaker:CreateTrainingJob. User: {session} is not authorized to perform: sagemaker:AddTags"
    assert pipelines.steps(arn)["train"]["FailureReason"].startswith(start)


def test_a_transform_job_uses_the_model_of_a_step(pipelines: Pipelines) -> None:
    container = {"Image": XGBOOST, "ModelDataUrl": pipelines.put("models/transformed.tar.gz", archive(booster_file()))}
    source = {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": pipelines.put("in/rows.csv", "1,2,3\n4,5,6\n")}}}
    request = {
        "ModelName": get("Steps.make.ModelName"),
        "TransformInput": source | {"ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {"S3OutputPath": {"Std:Join": {"On": "/", "Values": [f"s3://{BUCKET}", get("Execution.PipelineExecutionId")]}}},
        "TransformResources": CLUSTER,
    }
    made = step("make", "Model", {"ExecutionRoleArn": ROLE, "PrimaryContainer": container})
    arn, found, [output] = shown(pipelines, made, step("score", "Transform", request), show("Steps.score.TransformOutput.S3OutputPath"))
    execution = arn.rpartition("/")[2]
    assert output == f"s3://{BUCKET}/{execution}"
    assert f"-{execution}-score-" in found["score"]["Metadata"]["TransformJob"]["Arn"]
    assert pipelines.keys(f"{execution}/") == [f"{execution}/rows.csv.out"]


@pytest.mark.parametrize("kind", ["Maximize", "Minimize"])
def test_a_tuning_step_has_its_training_jobs_from_the_best_to_the_worst(pipelines: Pipelines, kind: str) -> None:
    code = "import json; print('auc=%s;' % json.load(open('/opt/ml/input/config/hyperparameters.json'))['x'].strip('\"'))"
    source = pipelines.put("code/tuned.tar.gz", targz({"train.py": code}))
    trained = training("train", "", (AUC,))["Arguments"]
    trained["AlgorithmSpecification"].pop("ContainerEntrypoint")
    trained["StaticHyperParameters"] = {"sagemaker_program": '"train.py"', "sagemaker_submit_directory": f'"{source}"'}
    config = {
        "Strategy": "Grid",
        "HyperParameterTuningJobObjective": {"Type": kind, "MetricName": "val:auc"},
        "ResourceLimits": {"MaxParallelTrainingJobs": 2},
        "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1", "2"]}]},
    }
    tuned = step("a-long-name", "Tuning", {"HyperParameterTuningJobConfig": config, "TrainingJobDefinition": trained})
    best, worst = ("2.0", "1.0") if kind == "Maximize" else ("1.0", "2.0")
    value = "FinalHyperParameterTuningJobObjectiveMetric.Value"
    paths = [f"TrainingJobSummaries[{number}].{value}" for number in (0, 1)]
    paths += ["BestTrainingJob.TrainingJobName", "TrainingJobSummaries[0].TrainingJobName", "HyperParameterTuningJobName"]
    arn, _, (first, second, winner, top, job) = shown(pipelines, tuned, show(*(f"Steps.a-long-name.{path}" for path in paths)))
    assert (first, second, winner) == (best, worst, top)
    assert job.startswith(f"{arn.rpartition('/')[2]}-a-long--")
    assert len(job) <= 32


def test_a_job_is_stopped_with_its_execution(pipelines: Pipelines) -> None:
    arn = pipelines.start(training("train", "import time;time.sleep(100)"))
    found = pipelines.waiting(arn, "train")
    pipelines.sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn)
    assert pipelines.ended(arn) == "Stopped"
    assert pipelines.steps(arn)["train"]["StepStatus"] == "Stopped"
    job = found["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    assert pipelines.sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"] == "Stopped"


def test_an_image_that_does_not_exist_is_a_reason(pipelines: Pipelines) -> None:
    unknown = training("train", MODEL)
    unknown["Arguments"]["AlgorithmSpecification"]["TrainingImage"] = SKLEARN.replace("scikit", "no")
    assert "CreateTrainingJob" in pipelines.failed(unknown)["train"]["FailureReason"]
