"""Managed Spot training through boto3: ordered interruptions, checkpoints that survive them, and the billed seconds."""

from __future__ import annotations

import math

import pytest

from course.localaws.server.launch import ServerError
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures
from tests.localaws.sagemaker.training.test_training import refused

pytestmark = pytest.mark.second_mode_nightly  # where a job runs is the same: test_training.py and others try it

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


def described(world: JobFixtures, name: str) -> dict:
    return world.sagemaker.describe_training_job(TrainingJobName=name)


def epochs(world: JobFixtures, **changes: object) -> tuple[str, str]:
    """Start a job of three epochs that waits after the first. Returns its name and the prefix of its checkpoints."""
    prefix = world.name("checkpoints")
    world.put(f"{prefix}-go/wait", "")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}-go/"}}
    channels = [{"ChannelName": "go", "DataSource": source}]
    name = world.script(EPOCHS, InputDataConfig=channels, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{prefix}/"}, **(SPOT | changes))
    world.until(lambda: world.keys(f"{prefix}/"))  # copied while the program runs
    return name, prefix


def test_an_interrupted_job_goes_on_from_its_checkpoint(world: JobFixtures) -> None:
    name, prefix = epochs(world)
    assert world.get(f"s3://{BUCKET}/{prefix}/epoch.txt") == b"1" and described(world, name)["SecondaryStatus"] == "Training"
    world.put(f"{prefix}-go/go", "")
    world.handle.interrupt(name)
    job = world.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    again = ["Starting", "Downloading", "Training"]
    assert steps(job) == [*again, "Interrupted", *again, "Uploading", "Completed"]
    told = [line for line in world.lines(name) if line.startswith(("beginning", "epoch"))]
    assert told == ["beginning after epoch 0", "epoch 1", "beginning after epoch 1", "epoch 2", "epoch 3"]
    assert world.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"model.txt": b"3"}
    assert world.get(f"s3://{BUCKET}/{prefix}/epoch.txt") == b"3"
    assert job["BillableTimeInSeconds"] == math.ceil(job["TrainingTimeInSeconds"] * 0.3) and world.boxes() == []


def test_it_waits_for_capacity_on_the_clock_and_that_is_no_training_time(world: JobFixtures) -> None:
    name, prefix = epochs(world)
    world.put(f"{prefix}-go/go", "")
    world.handle.interrupt(name, outage=1800)
    world.until(lambda: described(world, name)["SecondaryStatus"] == "Interrupted")
    assert described(world, name)["TrainingJobStatus"] == "InProgress"
    world.handle.advance(1800)
    job = world.trained(name)
    assert job["TrainingJobStatus"] == "Completed" and job["TrainingTimeInSeconds"] < 600
    assert (job["TrainingEndTime"] - job["TrainingStartTime"]).total_seconds() > 1800


def test_the_wait_may_be_too_long(world: JobFixtures) -> None:
    name, _ = epochs(world)
    world.handle.interrupt(name, outage=7200)
    world.until(lambda: described(world, name)["SecondaryStatus"] == "Interrupted")
    world.handle.advance(3600)
    job = world.trained(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert steps(job) == ["Starting", "Downloading", "Training", "Interrupted", "Stopping", "MaxWaitTimeExceeded"]
    assert "FailureReason" not in job and world.boxes() == []


def test_a_job_that_waits_for_capacity_can_be_stopped(world: JobFixtures) -> None:
    name, _ = epochs(world)
    world.handle.interrupt(name, outage=600)
    world.until(lambda: described(world, name)["SecondaryStatus"] == "Interrupted")
    world.sagemaker.stop_training_job(TrainingJobName=name)
    assert world.trained(name)["SecondaryStatus"] == "Stopped"


def test_an_interruption_ordered_before_the_program_runs(world: JobFixtures) -> None:
    name = world.script("import time; time.sleep(1); open('/opt/ml/model/m', 'w')", **SPOT)
    world.handle.interrupt(name, after=0.2)
    job = world.trained(name)
    assert job["TrainingJobStatus"] == "Completed" and steps(job).count("Interrupted") == 1


def test_interruptions_that_cannot_be(world: JobFixtures) -> None:
    with pytest.raises(ServerError, match="no training job nowhere is in progress"):
        world.handle.interrupt("nowhere")
    name = world.script("import time; time.sleep(600)")
    with pytest.raises(ServerError, match="is not on Spot instances"):
        world.handle.interrupt(name)
    with pytest.raises(ServerError, match="a number of seconds, 0 or more"):
        world.handle.interrupt(name, after=-1)
    world.sagemaker.stop_training_job(TrainingJobName=name)
    world.trained(name)


def test_checkpoints_follow_no_link_out_of_the_job(world: JobFixtures) -> None:
    code = """
import os, time
os.makedirs("/opt/ml/checkpoints/deep/er")
open("/opt/ml/checkpoints/deep/er/state", "w").write("kept")
os.symlink("/etc/passwd", "/opt/ml/checkpoints/passwd")
os.symlink("/etc", "/opt/ml/checkpoints/etc")
os.mkfifo("/opt/ml/checkpoints/pipe")
time.sleep(1)
"""
    prefix = world.name("links")
    job = world.trained(world.script(code, CheckpointConfig={"S3Uri": f"s3://{BUCKET}/{prefix}"}))
    assert job["TrainingJobStatus"] == "Completed" and world.keys(f"{prefix}/") == [f"{prefix}/deep/er/state"]


def test_nor_one_on_the_way_to_them(world: JobFixtures) -> None:
    code = "import os, time; os.rename('/opt/ml/deep', '/opt/ml/away'); os.symlink('/etc', '/opt/ml/deep'); time.sleep(1)"
    prefix = world.name("links")
    config = {"S3Uri": f"s3://{BUCKET}/{prefix}", "LocalPath": "/opt/ml/deep/ssl"}
    job = world.trained(world.script(code, CheckpointConfig=config))
    assert job["TrainingJobStatus"] == "Completed" and world.keys(f"{prefix}/") == []


def test_spot_needs_a_longest_wait(world: JobFixtures) -> None:
    code, message = refused(world.script, "pass", EnableManagedSpotTraining=True)
    assert code == "ValidationException" and "MaxWaitTimeInSeconds" in message
