"""Processing jobs on several instances."""

from __future__ import annotations

import json

import pytest

from course.localaws.server import launch
from course.sandbox.box import best_mode
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, processing_input, processing_output
from tests.localaws.sagemaker.training.test_training_hosts import MEET

TWO = {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}}
WHO = """
import json, os, sys, time
resources = json.load(open("/opt/ml/config/resourceconfig.json"))
host = resources["current_host"]
"""
MEET_BY_CONFIG = WHO + "os.environ |= {'SM_CURRENT_HOST': host, 'SM_HOSTS': json.dumps(resources['hosts'], separators=(',', ':'))}\n" + MEET


def streams(aws: JobFixtures, name: str) -> list[str]:
    found = aws.logs.describe_log_streams(logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{name}/")
    return [stream["logStreamName"].rpartition("/")[2].rpartition("-")[0] for stream in found["logStreams"]]


def test_each_instance_has_its_shard_and_all_outputs_meet(aws: JobFixtures) -> None:
    for number in range(5):
        aws.put(f"shards/{number}.csv", str(number))
    sharded = processing_input("shards", f"s3://{BUCKET}/shards/", "/opt/ml/processing/input/shards")
    sharded["S3Input"]["S3DataDistributionType"] = "ShardedByS3Key"
    whole = processing_input("whole", f"s3://{BUCKET}/shards/", "/opt/ml/processing/input/whole")
    code = (
        WHO
        + """
facts = {"hosts": resources["hosts"], "shard": sorted(os.listdir("/opt/ml/processing/input/shards"))}
facts["whole"] = len(os.listdir("/opt/ml/processing/input/whole"))
json.dump(facts, open(f"/opt/ml/processing/out/{host}.json", "w"))
open(f"/opt/ml/output/message", "w").write(host)
print("I am", host)
"""
    )
    prefix = aws.name("merged")
    name = aws.process(
        code,
        ProcessingResources=TWO,
        ProcessingInputs=[sharded, whole],
        ProcessingOutputConfig={"Outputs": [processing_output("out", f"s3://{BUCKET}/{prefix}", "/opt/ml/processing/out")]},
    )
    job = aws.processed(name)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ProcessingResources"] == TWO and job["ExitMessage"] == "algo-1"
    one, two = (json.loads(aws.get(f"s3://{BUCKET}/{prefix}/{host}.json")) for host in ("algo-1", "algo-2"))
    assert one["hosts"] == two["hosts"] == ["algo-1", "algo-2"] and one["whole"] == two["whole"] == 5
    assert sorted(one["shard"] + two["shard"]) == [f"{number}.csv" for number in range(5)] and len(one["shard"]) == 3
    assert streams(aws, name) == ["algo-1", "algo-2"] and aws.lines(name, "ProcessingJobs") == ["I am algo-1"]
    assert aws.boxes() == []


def test_an_instance_that_fails_ends_the_others(aws: JobFixtures) -> None:
    name = aws.process(WHO + "sys.exit(7) if host == 'algo-2' else time.sleep(600)", ProcessingResources=TWO)
    job = aws.processed(name)
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 7"
    assert aws.processes() == []


def test_a_stop_reaches_every_instance(aws: JobFixtures) -> None:
    code = (
        WHO
        + """
import signal
signal.signal(signal.SIGTERM, lambda *_: (print("asked to end", flush=True), sys.exit(0)))
print("working", flush=True)
time.sleep(600)
"""
    )
    prefix = aws.name("stopped")
    made = processing_output("out", f"s3://{BUCKET}/{prefix}", "/opt/ml/processing/out")
    name = aws.process(code, ProcessingResources=TWO, ProcessingOutputConfig={"Outputs": [made]})
    logs = aws.logs

    def said() -> list[str]:
        try:
            found = logs.filter_log_events(logGroupName="/aws/sagemaker/ProcessingJobs", logStreamNamePrefix=f"{name}/")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [event["message"] for event in found["events"]]

    aws.until(lambda: said().count("working") == 2)
    aws.sagemaker.stop_processing_job(ProcessingJobName=name)
    assert aws.processed(name)["ProcessingJobStatus"] == "Stopped"
    assert said().count("asked to end") == 2 and aws.processes() == [] and aws.keys(prefix) == []


def test_instances_are_chosen_from_preferences(aws: JobFixtures) -> None:
    preferences = [{"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}, {"InstanceType": "ml.m5.large", "InstanceCount": 3}]
    name = aws.process(
        WHO + "print(len(resources['hosts']))",
        ProcessingResources={"ClusterConfig": {"InstancePreferences": preferences, "VolumeSizeInGB": 5}},
    )
    job = aws.processed(name)
    cluster = job["ProcessingResources"]["ClusterConfig"]
    assert (job["ProcessingJobStatus"], cluster["SelectedInstanceType"], cluster["SelectedInstanceCount"]) == (
        "Completed",
        "ml.m5.xlarge",
        2,
    )
    assert aws.lines(name, "ProcessingJobs") == ["2"]


def meet(aws: JobFixtures, **changes: object) -> list[str]:
    """Two jobs at a time, whose hosts connect on the same port."""
    names = [aws.process(MEET_BY_CONFIG, ProcessingResources=TWO, **changes) for _ in range(2)]
    for name in names:
        job = aws.processed(name)
        assert job["ProcessingJobStatus"] == "Completed", aws.lines(name, "ProcessingJobs")
        assert "met algo-2 on port 7777" in aws.lines(name, "ProcessingJobs")
    return names


@pytest.mark.both_modes
def test_hosts_find_each_other_by_name(aws: JobFixtures) -> None:
    meet(aws)


@pytest.mark.both_modes
def test_hosts_in_isolation_reach_each_other_and_nobody_else(aws: JobFixtures) -> None:
    if aws.mode != "namespace":
        pytest.skip("network isolation takes user namespaces; without them it is refused, which test_processing.py shows, until 2027-05-24")
    alone = {"EnableNetworkIsolation": True}
    meet(aws, NetworkConfig=alone)
    name = aws.process("import boto3; boto3.client('s3').list_buckets()", ProcessingResources=TWO, NetworkConfig=alone)
    assert aws.processed(name)["ProcessingJobStatus"] == "Failed"
    assert any("Could not connect" in line for host in ("algo-1", "algo-2") for line in aws.lines(name, "ProcessingJobs", host))


@pytest.mark.nightly  # test_training_hosts.py covers it by day
def test_hosts_of_a_sealed_aws_reach_it_and_each_other() -> None:
    if best_mode() != "namespace":
        pytest.skip("a local AWS is sealed by user namespaces, until 2027-05-24")
    with launch.temporary(sealed=True) as handle:
        aws = JobFixtures(handle, "namespace")
        meet(aws)
        name = aws.process("import boto3; print(boto3.client('s3').list_buckets()['Buckets'][0]['Name'])", ProcessingResources=TWO)
        assert aws.processed(name)["ProcessingJobStatus"] == "Completed"
        assert aws.lines(name, "ProcessingJobs", "algo-2") == [BUCKET]


def test_one_host_knows_its_name(aws: JobFixtures) -> None:
    code = "import socket; print(socket.gethostname(), socket.gethostbyname('algo-1').startswith('127.'))"
    name = aws.process(code)
    assert aws.processed(name)["ProcessingJobStatus"] == "Completed" and aws.lines(name, "ProcessingJobs") == ["algo-1 True"]
