"""Debugger, profiler and TensorBoard members of training jobs through boto3: passed to the container, copied to S3, described honestly."""

from __future__ import annotations

import json

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, SKLEARN, JobFixtures

CODE = """
import json, os
for name in ("debughookconfig", "tensorboardoutputconfig", "profilerconfig"):
    print(name, json.dumps(json.load(open(f"/opt/ml/input/config/{name}.json")), sort_keys=True))
os.makedirs("/opt/ml/output/tensors/events", exist_ok=True)
open("/opt/ml/output/tensors/events/0.tfevents", "w").write("tensors")
open("/opt/ml/output/tensorboard/run.tfevents", "w").write("scalars")
"""


def rule(name: str) -> dict:
    return {"RuleConfigurationName": name, "RuleEvaluatorImage": SKLEARN, "RuleParameters": {"rule_to_invoke": name}}


def test_what_a_container_writes_for_them_goes_to_s3(aws: JobFixtures) -> None:
    hook = {"S3OutputPath": f"s3://{BUCKET}/debug", "CollectionConfigurations": [{"CollectionName": "losses"}]}
    board = {"S3OutputPath": f"s3://{BUCKET}/boards/", "LocalPath": "/opt/ml/output/tensorboard"}
    profiler = {"S3OutputPath": f"s3://{BUCKET}/profile", "ProfilingIntervalInMilliseconds": 500}
    name = aws.script(
        CODE,
        DebugHookConfig=hook,
        TensorBoardOutputConfig=board,
        ProfilerConfig=profiler,
        DebugRuleConfigurations=[rule("LossNotDecreasing")],
        ProfilerRuleConfigurations=[rule("ProfilerReport")],
    )
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
    lines = aws.lines(name)
    for file, config in (("debughookconfig", hook), ("tensorboardoutputconfig", board), ("profilerconfig", profiler)):
        assert f"{file} {json.dumps(config, sort_keys=True)}" in lines
    assert aws.get(f"s3://{BUCKET}/debug/{name}/debug-output/events/0.tfevents") == b"tensors"
    assert aws.get(f"s3://{BUCKET}/boards/{name}/tensorboard-output/run.tfevents") == b"scalars"
    assert job["DebugHookConfig"] == hook and job["TensorBoardOutputConfig"] == board and job["ProfilerConfig"] == profiler
    assert job["ProfilingStatus"] == "Disabled"
    for member, evaluated in (("DebugRule", "LossNotDecreasing"), ("ProfilerRule", "ProfilerReport")):
        [status] = job[f"{member}EvaluationStatuses"]
        assert (status["RuleConfigurationName"], status["RuleEvaluationStatus"]) == (evaluated, "Error")
        assert "evaluates no rules" in status["StatusDetails"]
        assert job[f"{member}Configurations"][0]["VolumeSizeInGB"] == 0  # when it was not given, as the SDK's tests expect of AWS


def test_profiling_and_remote_debugging_change_while_it_runs(aws: JobFixtures) -> None:
    name = aws.script("import time; time.sleep(600)", ProfilerConfig={"S3OutputPath": f"s3://{BUCKET}/profile"})
    update = aws.sagemaker.update_training_job
    arn = update(
        TrainingJobName=name,
        ProfilerConfig={"DisableProfiler": True},
        ProfilerRuleConfigurations=[rule("Later")],
        RemoteDebugConfig={"EnableRemoteDebug": True},
    )["TrainingJobArn"]
    job = aws.sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TrainingJobArn"] == arn and job["RemoteDebugConfig"] == {"EnableRemoteDebug": True}
    assert job["ProfilerConfig"] == {"S3OutputPath": f"s3://{BUCKET}/profile", "DisableProfiler": True}
    assert [each["RuleConfigurationName"] for each in job["ProfilerRuleEvaluationStatuses"]] == ["Later"]
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    aws.trained(name)
    code, message = refused(update, TrainingJobName=name, RemoteDebugConfig={"EnableRemoteDebug": False})
    assert code == "ValidationException" and message == f"RemoteDebugConfig of {name} cannot change: the training job is in status Stopped."


def test_names_of_rules_are_unique(aws: JobFixtures) -> None:
    code, message = refused(aws.script, "pass", DebugRuleConfigurations=[rule("Twice"), rule("Twice")])
    assert code == "ValidationException" and "Twice, Twice" in message


def test_what_is_written_elsewhere_cannot_be_copied(aws: JobFixtures) -> None:
    for member in ("CheckpointConfig", "DebugHookConfig", "TensorBoardOutputConfig"):
        target = "S3Uri" if member == "CheckpointConfig" else "S3OutputPath"
        code, message = refused(aws.script, "pass", **{member: {target: f"s3://{BUCKET}/x", "LocalPath": "/checkpoints"}})
        assert code == "NotSupportedByLocalAws" and "/checkpoints" in message
