"""Training jobs on several instances, in both modes of /opt/ml: each host's configuration, how hosts connect, how the job ends."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from course.localaws.server import launch
from course.sandbox import box
from tests.localaws.refusals import refused
from tests.localaws.sagemaker.job_fixtures import BUCKET, JobFixtures, channel, cluster

REPORT_FACTS = """
import json, os
host = os.environ["SM_CURRENT_HOST"]
folder = "/opt/ml/input/data"
facts = {"config": json.load(open("/opt/ml/input/config/resourceconfig.json"))}
facts["files"] = {name: sorted(os.listdir(f"{folder}/{name}")) for name in sorted(os.listdir(folder))}
json.dump(facts, open(f"/opt/ml/model/{host}.json", "w"))
"""
MEET = """
import os, socket
first, *_ = hosts = os.environ["SM_HOSTS"].strip('[]"').split('","')
host = os.environ["SM_CURRENT_HOST"]
assert len({socket.gethostbyname(each) for each in hosts}) == len(hosts)
assert socket.gethostname() == host
with socket.create_server((host, 7777)) as server:
    if host == first:
        for _ in hosts[1:]:
            connection, address = server.accept()
            print("met", connection.makefile().readline().strip())
            connection.sendall(b"done")
    else:
        while True:
            try:
                connection = socket.create_connection((first, 7777), 5)
                break
            except ConnectionRefusedError:
                pass
        connection.sendall(f"{host} on port {server.getsockname()[1]}\\n".encode())
        assert connection.recv(4) == b"done"
"""


def facts(aws: JobFixtures, job: dict) -> dict[str, dict]:
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    return {name.removesuffix(".json"): json.loads(text) for name, text in aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]).items()}


def test_each_host_has_its_own_config_log_and_keys(aws: JobFixtures) -> None:
    for name in "abcde":
        aws.put(f"hosts/{name}.csv", name)
    inputs = [
        channel("all", f"s3://{BUCKET}/hosts/"),
        {"ChannelName": "mine", "DataSource": {"S3DataSource": source(f"s3://{BUCKET}/hosts/", S3DataDistributionType="ShardedByS3Key")}},
    ]
    name = aws.script(REPORT_FACTS + "print('I am', host)", ResourceConfig=cluster(3), InputDataConfig=inputs)
    reports = facts(aws, aws.trained(name))
    assert sorted(reports) == ["algo-1", "algo-2", "algo-3"]
    hosts = ["algo-1", "algo-2", "algo-3"]
    for host in hosts:
        group = {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": hosts}
        assert reports[host]["config"] == {
            "current_host": host,
            "current_instance_type": "ml.m5.large",
            "current_group_name": "homogeneousCluster",
            "hosts": hosts,
            "instance_groups": [group],
            "network_interface_name": reports["algo-1"]["config"]["network_interface_name"],
        }
        assert reports[host]["files"]["all"] == [f"{letter}.csv" for letter in "abcde"]
        assert f"I am {host}" in aws.lines(name, host=host)
    shards = [reports[host]["files"]["mine"] for host in hosts]
    assert sorted(map(len, shards)) == [1, 2, 2] and sorted(sum(shards, [])) == [f"{letter}.csv" for letter in "abcde"]
    streams = aws.client("logs").describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/")
    assert len(streams["logStreams"]) == 3


def source(uri: str, **members: object) -> dict:
    return {"S3DataType": "S3Prefix", "S3Uri": uri, **members}


@pytest.mark.both_modes
def test_hosts_find_each_other_by_name_and_use_the_same_port(aws: JobFixtures) -> None:
    names = [aws.script(MEET, ResourceConfig=cluster(2)) for _ in range(2)]  # two jobs at a time, on the same port
    for name in names:
        job = aws.trained(name)
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert "met algo-2 on port 7777" in aws.lines(name)


def test_instance_groups(aws: JobFixtures) -> None:
    aws.put("groups/a.csv", "1")
    groups = [
        {"InstanceGroupName": "loaders", "InstanceType": "ml.c5.xlarge", "InstanceCount": 1},
        {"InstanceGroupName": "trainers", "InstanceType": "ml.m5.large", "InstanceCount": 2},
    ]
    inputs = [
        channel("all", f"s3://{BUCKET}/groups/"),
        {"ChannelName": "some", "DataSource": {"S3DataSource": source(f"s3://{BUCKET}/groups/", InstanceGroupNames=["loaders"])}},
    ]
    name = aws.script(REPORT_FACTS, ResourceConfig={"InstanceGroups": groups, "VolumeSizeInGB": 5}, InputDataConfig=inputs)
    reports = facts(aws, aws.trained(name))
    assert {host: sorted(reports[host]["files"]) for host in reports} == {"algo-1": ["all", "some"], "algo-2": ["all"], "algo-3": ["all"]}
    config = reports["algo-3"]["config"]
    assert (config["current_group_name"], config["current_instance_type"]) == ("trainers", "ml.m5.large")
    assert config["instance_groups"] == [
        {"instance_group_name": "loaders", "instance_type": "ml.c5.xlarge", "hosts": ["algo-1"]},
        {"instance_group_name": "trainers", "instance_type": "ml.m5.large", "hosts": ["algo-2", "algo-3"]},
    ]
    described = aws.sagemaker.describe_training_job(TrainingJobName=name)["ResourceConfig"]
    assert described["InstanceGroups"] == groups and "InstanceType" not in described


def test_one_host_that_fails_ends_the_others(aws: JobFixtures) -> None:
    code = """
import os, sys, time
if os.environ["SM_CURRENT_HOST"] == "algo-2":
    raise ValueError("no rows on the second")
time.sleep(600)
"""
    name = aws.script(code, ResourceConfig=cluster(2))
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Failed" and "ValueError: no rows on the second" in job["FailureReason"]
    assert job["FailureReason"].endswith(", exit code: 1")
    assert aws.keys(f"out/{name}/") == [] and aws.boxes() == [] and aws.processes() == []


def test_what_all_hosts_leave_is_one_archive(aws: JobFixtures) -> None:
    code = """
import os
host = os.environ["SM_CURRENT_HOST"]
os.makedirs(f"/opt/ml/model/shared/{host}")
for path in (f"model/shared/{host}/part", "model/same", f"output/data/{host}.txt"):
    open(f"/opt/ml/{path}", "w").write(host)
"""
    name = aws.script(code, ResourceConfig=cluster(2))
    job = aws.trained(name)
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {
        "same": b"algo-1",
        "shared/algo-1/part": b"algo-1",
        "shared/algo-2/part": b"algo-2",
    }
    assert aws.archive(f"s3://{BUCKET}/out/{name}/output/output.tar.gz") == {"algo-1.txt": b"algo-1", "algo-2.txt": b"algo-2"}


def test_stop_reaches_all_hosts_and_each_may_save(aws: JobFixtures) -> None:
    code = """
import os, signal, sys, time
host = os.environ["SM_CURRENT_HOST"]
def save(*_):
    time.sleep(0.3 if host == "algo-2" else 0)
    open(f"/opt/ml/model/{host}", "w").write("saved")
    sys.exit(3)
signal.signal(signal.SIGTERM, save)
print("training now")
time.sleep(600)
"""
    name = aws.script(code, ResourceConfig=cluster(2))
    aws.until(lambda: all("training now" in aws.lines(name, host=host) for host in ("algo-1", "algo-2")))
    aws.sagemaker.stop_training_job(TrainingJobName=name)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert aws.archive(job["ModelArtifacts"]["S3ModelArtifacts"]) == {"algo-1": b"saved", "algo-2": b"saved"}


def test_out_of_time_on_all_hosts(aws: JobFixtures) -> None:
    code = "import time; time.sleep(600)"
    job = aws.trained(aws.script(code, ResourceConfig=cluster(2), StoppingCondition={"MaxRuntimeInSeconds": 1}))
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert aws.processes() == []


@pytest.mark.both_modes
def test_isolated_hosts_reach_each_other_and_nothing_else(aws: JobFixtures) -> None:
    if aws.mode == "rewrite":
        return  # a job without a network is refused there: test_training.test_network_isolation
    code = MEET + "\nimport urllib.request\nurllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'], timeout=5)"
    name = aws.script(code, ResourceConfig=cluster(2), EnableNetworkIsolation=True)
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Failed" and "Connection refused" in job["FailureReason"]
    assert "met algo-2 on port 7777" in aws.lines(name)


@pytest.fixture
def sealed() -> Iterator[JobFixtures]:
    with launch.temporary(sealed=True) as handle:
        yield JobFixtures(handle, "namespace")


@pytest.mark.nightly  # its own local AWS; hosts meet by day
@pytest.mark.skipif(box.best_mode() != "namespace", reason="no user namespaces on this machine, until 2027-05-24")
def test_hosts_of_a_sealed_local_aws_meet_and_reach_it(sealed: JobFixtures) -> None:
    code = MEET + "\nimport boto3\nprint(boto3.client('sts').get_caller_identity()['Arn'])"
    name = sealed.script(code, ResourceConfig=cluster(2))
    job = sealed.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "met algo-2 on port 7777" in sealed.lines(name)


@pytest.mark.parametrize(
    ("resources", "word"),
    [
        ({"InstanceType": "ml.m5.large", "InstanceCount": 0, "VolumeSizeInGB": 5}, "at least 1"),
        ({"VolumeSizeInGB": 5}, "InstanceGroups"),
        ({"InstanceType": "ml.m5.large", "VolumeSizeInGB": 5}, "InstanceCount"),
        (cluster(1) | {"InstanceGroups": [{"InstanceGroupName": "a", "InstanceType": "ml.m5.large", "InstanceCount": 1}]}, "not both"),
        (
            {"InstanceGroups": [{"InstanceGroupName": "a", "InstanceType": "ml.m5.large", "InstanceCount": 1}] * 2, "VolumeSizeInGB": 5},
            "unique",
        ),
    ],
)
def test_resources_that_contradict_themselves(aws: JobFixtures, resources: dict, word: str) -> None:
    code, message = refused(aws.train, aws.name("odd"), ResourceConfig=resources)
    assert code == "ValidationException" and word in message


def test_more_instances_than_a_job_or_an_account_may_have(aws: JobFixtures) -> None:
    for count, quota in ((21, "Maximum number of instances per training job"), (5, "ml.m5.large for training job usage")):
        code, message = refused(aws.train, aws.name("many"), ResourceConfig=cluster(count))
        assert code == "ResourceLimitExceeded" and quota in message
