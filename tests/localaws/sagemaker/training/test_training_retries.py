"""RetryStrategy through boto3: a training job is retried after an internal error, and after no other failure."""

from __future__ import annotations

import psutil
import pytest

from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, cluster
from tests.localaws.sagemaker.training.test_training_spot import described, steps

# Waits to be killed, unless an earlier attempt left a checkpoint; then it prints that.
BEGUN = "/opt/ml/checkpoints/begun"
SECOND_TIME = f"if [ -e {BEGUN} ]; then echo going on; echo model > /opt/ml/model/model.txt; else touch {BEGUN}; sleep 600; fi"
ONCE = {"RetryStrategy": {"MaximumRetryAttempts": 1}}
BEGIN = ["Starting", "Downloading", "Training"]


def waiting(aws: JobFixtures, code: str = SECOND_TIME, **changes: object) -> str:
    """Start a job, wait until its checkpoint is in S3, and return its name."""
    name = aws.name("retried")
    config = {"S3Uri": f"s3://{BUCKET}/{name}-checkpoints/"}
    aws.train(name, entrypoint=["/bin/sh", "-c", code], CheckpointConfig=config, **changes)
    aws.until(lambda: aws.keys(f"{name}-checkpoints/"))
    return name


def supervisor(aws: JobFixtures) -> psutil.Process:
    """The supervisor between the local AWS and the only job's program."""

    def found() -> list[psutil.Process]:
        gateway = psutil.Process(aws.handle.pid)
        return [child for child in gateway.children() if any(part.endswith("supervisor") for part in child.cmdline())]

    return aws.until(found)[0]


def test_a_job_is_retried_after_its_supervisor_was_killed(aws: JobFixtures) -> None:
    name = waiting(aws, **ONCE)
    supervisor(aws).kill()
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["RetryStrategy"] == ONCE["RetryStrategy"] and "FailureReason" not in job
    assert steps(job) == [*BEGIN, "Restarting", *BEGIN, "Uploading", "Completed"]
    [why] = [step["StatusMessage"] for step in job["SecondaryStatusTransitions"] if step["Status"] == "Restarting"]
    assert "InternalServerError" in why and "supervisor" in why
    assert aws.lines(name) == ["going on"] and aws.boxes() == []
    assert job["TrainingStartTime"] <= job["SecondaryStatusTransitions"][1]["StartTime"]


def test_all_hosts_begin_anew_when_one_was_lost(aws: JobFixtures) -> None:
    name = waiting(aws, ResourceConfig=cluster(2), **ONCE)
    supervisor(aws).kill()
    job = aws.trained(name)
    assert steps(job).count("Restarting") == 1 and job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert aws.lines(name, host="algo-1")[-1:] == aws.lines(name, host="algo-2")[-1:] == ["going on"]


def test_no_more_often_than_asked(aws: JobFixtures) -> None:
    name = waiting(aws, "touch /opt/ml/checkpoints/begun; echo attempt; sleep 600", **ONCE)
    for attempt in (1, 2):
        aws.until(lambda wanted=attempt: aws.lines(name).count("attempt") == wanted)
        supervisor(aws).kill()
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Failed" and job["FailureReason"].startswith("InternalServerError: ")
    assert steps(job) == [*BEGIN, "Restarting", *BEGIN, "Failed"]


def test_once_and_for_all_without_a_strategy(aws: JobFixtures) -> None:
    name = waiting(aws)
    supervisor(aws).kill()
    assert steps(aws.trained(name)) == [*BEGIN, "Failed"]


@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$"])
def test_a_program_that_fails_by_itself_is_not_tried_again(aws: JobFixtures, end: str) -> None:
    job = aws.trained(aws.train(aws.name("failing"), entrypoint=["/bin/sh", "-c", end], **ONCE))
    assert job["FailureReason"].startswith("AlgorithmError: ") and "Restarting" not in steps(job)


def test_a_job_with_a_client_error_is_not_retried(aws: JobFixtures) -> None:
    gone = aws.put(f"{aws.name('gone')}/a.csv", "1")
    source = {"S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": gone}}
    job = aws.trained(aws.script("pass", InputDataConfig=[{"ChannelName": "gone", "DataSource": source}], **ONCE))
    assert job["FailureReason"].startswith("ClientError: ") and "Restarting" not in steps(job)


def test_a_job_that_was_stopped_is_not_retried(aws: JobFixtures) -> None:
    name = waiting(aws, "trap '' TERM; touch /opt/ml/checkpoints/begun; while :; do sleep 0.1; done", **ONCE)
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    supervisor(aws).kill()
    assert "Restarting" not in steps(aws.trained(name))


def test_all_attempts_together_have_the_longest_time(aws: JobFixtures) -> None:
    """By the API reference, so the clock is advanced between the first and the second attempt."""
    name = waiting(aws, "touch /opt/ml/checkpoints/begun; sleep 600", **ONCE)
    aws.handle.advance(200)
    supervisor(aws).kill()
    job = aws.trained(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert steps(job).count("Restarting") == 1 and job["TrainingTimeInSeconds"] >= 200


def test_longest_wait_without_spot(aws: JobFixtures) -> None:
    condition = {"MaxRuntimeInSeconds": 120, "MaxWaitTimeInSeconds": 600}
    name = aws.train(aws.name("waits"), entrypoint=["true"], StoppingCondition=condition, **ONCE)
    assert aws.trained(name)["TrainingJobStatus"] == "Completed" and described(aws, name)["StoppingCondition"] == condition
    code, message = refused(aws.script, "pass", StoppingCondition=condition | {"MaxWaitTimeInSeconds": 60}, **ONCE)
    assert code == "ValidationException" and "MaxWaitTimeInSeconds" in message
