"""Managed Spot training through boto3: ordered interruptions, checkpoints that survive them, and the billed seconds."""

from __future__ import annotations

import math

import pytest

from course.localaws.server.launch import ServerError
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures

# Counts three epochs in its checkpoints and prints them. The second and third wait for a file that the test puts.
EPOCHS = """
import os, time
place = "/opt/ml/checkpoints/epoch.txt"
done = int(open(place).read()) if os.path.exists(place) else 0
print("beginning after epoch", done)
while done < 3:
    while done and not os.path.exists("/opt/ml/input/data/go/go"):
        time.sleep(0.02)
    done += 1
    with open(place + ".new", "w") as file:
        file.write(str(done))
    os.replace(place + ".new", place)
    print("epoch", done, flush=True)
    if done == 1 and not os.path.exists("/opt/ml/input/data/go/go"):
        time.sleep(600)
open("/opt/ml/model/model.txt", "w").write(str(done))
"""
SPOT = {"EnableManagedSpotTraining": True, "StoppingCondition": {"MaxRuntimeInSeconds": 120, "MaxWaitTimeInSeconds": 3600}}


def steps(job: dict) -> list[str]:
    return [step["Status"] for step in job["SecondaryStatusTransitions"]]


def described(aws: JobFixtures, name: str) -> dict:
    return aws.sagemaker.describe_training_job(TrainingJobName=name)


def epochs(aws: JobFixtures, **changes: object) -> tuple[str, str]:
    """Start a job of three epochs that waits after the first. Returns its name and the prefix of its checkpoints."""
    prefix = aws.name("checkpoints")
    aws.put(f"{prefix}-go/wait", "")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}-go/"}}
    channels = [{"ChannelName": "go", "DataSource": source}]
    name = aws.script(EPOCHS, InputDataConfig=channels, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{prefix}/"}, **(SPOT | changes))
    aws.until(lambda: aws.keys(f"{prefix}/"))  # copied while the program runs
    return name, prefix


def test_an_interrupted_job_goes_on_from_its_checkpoint(aws: JobFixtures) -> None:
    name, prefix = epochs(aws)
    assert aws.get(f"s3://{BUCKET}/{prefix}/epoch.txt") == b"1" and described(aws, name)["SecondaryStatus"] == "Training"
    aws.put(f"{prefix}-go/go", "")
    aws.handle.interrupt(name)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    again = ["Starting", "Downloading", "Training"]
    assert steps(job) == [*again, "Interrupted", *again, "Uploading", "Completed"]
    printed = [line for line in aws.lines(name) if line.startswith(("beginning", "epoch"))]
    assert printed == ["beginning after epoch 0", "epoch 1", "beginning after epoch 1", "epoch 2", "epoch 3"]
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"3"}
    assert aws.get(f"s3://{BUCKET}/{prefix}/epoch.txt") == b"3"
    assert job["BillableTimeInSeconds"] == math.ceil(job["TrainingTimeInSeconds"] * 0.3) and aws.boxes() == []


def test_it_waits_for_capacity_on_the_clock_and_that_is_no_training_time(aws: JobFixtures) -> None:
    name, prefix = epochs(aws)
    aws.put(f"{prefix}-go/go", "")
    aws.handle.interrupt(name, outage=1800)
    aws.until(lambda: described(aws, name)["SecondaryStatus"] == "Interrupted")
    assert described(aws, name)["TrainingJobStatus"] == "InProgress"
    aws.handle.advance(1800)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed" and job["TrainingTimeInSeconds"] < 600
    assert (job["TrainingEndTime"] - job["TrainingStartTime"]).total_seconds() > 1800


def test_the_wait_may_be_too_long(aws: JobFixtures) -> None:
    name, _ = epochs(aws)
    aws.handle.interrupt(name, outage=7200)
    aws.until(lambda: described(aws, name)["SecondaryStatus"] == "Interrupted")
    aws.handle.advance(3600)
    job = aws.trained(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert steps(job) == ["Starting", "Downloading", "Training", "Interrupted", "Stopping", "MaxWaitTimeExceeded"]
    assert "FailureReason" not in job and aws.boxes() == []


def test_a_job_that_waits_for_capacity_can_be_stopped(aws: JobFixtures) -> None:
    name, _ = epochs(aws)
    aws.handle.interrupt(name, outage=600)
    aws.until(lambda: described(aws, name)["SecondaryStatus"] == "Interrupted")
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    assert aws.trained(name)["SecondaryStatus"] == "Stopped"


def test_an_interruption_ordered_before_the_program_runs(aws: JobFixtures) -> None:
    name = aws.script("import time; time.sleep(1); open('/opt/ml/model/m', 'w')", **SPOT)
    aws.handle.interrupt(name, after=0.2)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed" and steps(job).count("Interrupted") == 1


def test_impossible_interruptions_are_refused(aws: JobFixtures) -> None:
    with pytest.raises(ServerError, match="no training job nowhere is in progress"):
        aws.handle.interrupt("nowhere")
    name = aws.script("import time; time.sleep(600)")
    with pytest.raises(ServerError, match="is not on Spot instances"):
        aws.handle.interrupt(name)
    with pytest.raises(ServerError, match="a number of seconds from 0"):
        aws.handle.interrupt(name, after=-1)
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    aws.trained(name)


def test_checkpoints_follow_no_link_out_of_the_job(aws: JobFixtures) -> None:
    code = """
import os, time
os.makedirs("/opt/ml/checkpoints/deep/er")
open("/opt/ml/checkpoints/deep/er/state", "w").write("kept")
os.symlink("/etc/passwd", "/opt/ml/checkpoints/passwd")
os.symlink("/etc", "/opt/ml/checkpoints/etc")
os.mkfifo("/opt/ml/checkpoints/pipe")
time.sleep(1)
"""
    prefix = aws.name("links")
    job = aws.trained(aws.script(code, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{prefix}"}))
    assert job["TrainingJobStatus"] == "Completed" and aws.keys(f"{prefix}/") == [f"{prefix}/deep/er/state"]


def test_a_link_in_a_parent_folder_is_not_followed(aws: JobFixtures) -> None:
    code = "import os, time; os.rename('/opt/ml/deep', '/opt/ml/away'); os.symlink('/etc', '/opt/ml/deep'); time.sleep(1)"
    prefix = aws.name("links")
    config = {"S3Uri": f"s3://{BUCKET}/{prefix}", "LocalPath": "/opt/ml/deep/ssl"}
    job = aws.trained(aws.script(code, CheckpointConfig=config))
    assert job["TrainingJobStatus"] == "Completed" and aws.keys(f"{prefix}/") == []


def test_spot_needs_a_longest_wait(aws: JobFixtures) -> None:
    code, message = refused(aws.script, "pass", EnableManagedSpotTraining=True)
    assert code == "ValidationException" and "MaxWaitTimeInSeconds" in message
