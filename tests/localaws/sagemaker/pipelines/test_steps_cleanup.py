"""Cleanup steps."""

from __future__ import annotations

from tests.localaws.sagemaker.pipelines.definitions import get, step
from tests.localaws.sagemaker.pipelines.step_fixtures import BUCKET, Pipelines, processing, training

FOLDER = {"Std:Join": {"On": "/", "Values": [f"s3://{BUCKET}", get("Execution.PipelineExecutionId")]}}
WRITE = "[open('/opt/ml/processing/out/'+n,'w').write(n) for n in ('a','b')]"


def clean(*sources: dict) -> dict:
    names = [source["StepName"] for source in sources]
    return step("clean", "Cleanup", {"Resources": {"S3": list(sources)}}, DependsOn=names)


def under(name: str) -> dict:
    return {"Std:Join": {"On": "/", "Values": [FOLDER, name]}}


def test_outputs_of_steps_are_deleted(pipelines: Pipelines) -> None:
    trained = training("train", "open('/opt/ml/model/m','w').write('m');open('/opt/ml/output/data/d','w').write('d')")
    written = processing("write", WRITE, FOLDER)
    arn = pipelines.start(trained, written, clean({"StepName": "train"}, {"StepName": "write", "S3Uris": [under("a")]}))
    assert pipelines.ended(arn) == "Succeeded", pipelines.steps(arn)
    found = pipelines.steps(arn)
    assert found["clean"]["Metadata"]["Cleanup"] == {"CleanedSteps": ["train", "write"], "FailedSteps": [], "SkippedSteps": []}
    job = found["train"]["Metadata"]["TrainingJob"]["Arn"].rpartition("/")[2]
    name = pipelines.sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobName"]
    assert pipelines.keys(f"trained/{name}/") == []
    execution = arn.rpartition("/")[2]
    assert pipelines.keys(execution) == [f"{execution}/b"]


def test_a_model_that_is_not_compressed_is_deleted(pipelines: Pipelines) -> None:
    output = {"S3OutputPath": f"s3://{BUCKET}/plain", "CompressionType": "NONE"}
    trained = training("train", "open('/opt/ml/model/m','w').write('m');open('/opt/ml/model/n','w').write('n')", OutputDataConfig=output)
    assert pipelines.run(trained, clean({"StepName": "train"}))["clean"]["Metadata"]["Cleanup"]["CleanedSteps"] == ["train"]
    assert pipelines.keys("plain/") == []


def test_an_object_elsewhere_is_not_deleted(pipelines: Pipelines) -> None:
    other = pipelines.put("precious", "x")
    sources = {"StepName": "write", "S3Uris": [under("a"), other]}
    found = pipelines.failed(processing("write", WRITE, FOLDER), clean(sources))["clean"]
    [failed] = found["Metadata"]["Cleanup"]["FailedSteps"]
    assert failed == {"StepName": "write", "ErrorCode": "ClientError", "ErrorMessage": f"{other} is not below an output of the step."}
    assert pipelines.keys("precious") == ["precious"]


def test_a_step_that_has_failed_is_skipped(pipelines: Pipelines) -> None:
    cleaned = clean({"StepName": "train"})
    cleaned["DependsOn"] = [{"Step": "train", "Trigger": "Failed"}]
    arn = pipelines.start(training("train", "raise SystemExit(1)"), cleaned)
    assert pipelines.ended(arn) == "CompletedWithFailures"
    assert pipelines.steps(arn)["clean"]["Metadata"]["Cleanup"]["SkippedSteps"] == ["train"]


def test_a_role_without_the_right_to_delete_cleans_nothing(pipelines: Pipelines) -> None:
    role = pipelines.role("sagemaker.amazonaws.com", "sagemaker:*", "iam:PassRole", "s3:GetObject", "s3:PutObject")
    sources = {"StepName": "write", "S3Uris": [under("a")]}
    found = pipelines.failed(processing("write", WRITE, FOLDER), clean(sources), role=role)["clean"]
    [failed] = found["Metadata"]["Cleanup"]["FailedSteps"]
    assert failed["ErrorMessage"].startswith("Access Denied: the role of the pipeline may not delete s3://")
