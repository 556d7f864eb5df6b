"""The disk becomes full while the local AWS runs: all services report it, no acknowledged write is lost, and it recovers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Prints the services' answers: with free space, on the full disk, with free space again, and after a kill -9 and a restart.
SCRIPT = """
import json, os, signal, sys
from pathlib import Path

from botocore.exceptions import ClientError

from course.localaws.server import launch as server
from tests.localaws.boto_clients import client_factory

place = Path(sys.argv[1])
image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
role = "arn:aws:iam::123456789012:role/SageMakerRole"
MAKE = {
    "s3": lambda client, name: client.put_object(Bucket="bucket", Key=name, Body=bytes(100_000)),
    "sagemaker": lambda client, name: client.create_model(ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": image}),
    "logs": lambda client, name: client.create_log_group(logGroupName=name),
    "cloudwatch": lambda client, name: client.put_metric_data(Namespace=name, MetricData=[{"MetricName": "m", "Value": 1}]),
    "sqs": lambda client, name: client.create_queue(QueueName=name),
}
SEEN = {
    "s3": lambda client: [each["Key"] for each in client.list_objects_v2(Bucket="bucket")["Contents"]],
    "sagemaker": lambda client: [each["ModelName"] for each in client.list_models()["Models"]],
    "logs": lambda client: [each["logGroupName"] for each in client.describe_log_groups()["logGroups"]],
    "cloudwatch": lambda client: [each["Namespace"] for each in client.list_metrics()["Metrics"]],
    "sqs": lambda client: [each.rpartition("/")[2] for each in client.list_queues()["QueueUrls"]],
}

def make(name):
    found = {}
    for service, ask in MAKE.items():
        try:
            ask(client(service), name)
            found[service] = "made"
        except ClientError as error:
            found[service] = error.response["Error"]["Message"]
    return found

def seen():
    return {service: sorted(ask(client(service))) for service, ask in SEEN.items()}

def fill():
    with (place / "filler").open("wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while filler.write(bytes(size)):
                    pass
            except OSError:
                continue

handle = server.start(place / "state", temporary=True)
client = client_factory(handle)
client("s3").create_bucket(Bucket="bucket")
found = {"free": make("before")}
fill()
# Files that exist may still have some free bytes in their last block, so write until every service fails.
for number in range(400):
    if "made" not in make(f"last-{number}").values():
        break
known = seen()
found |= {"full": make("full"), "full_seen": seen() == known}
(place / "filler").unlink()
found["again"] = make("after")
known = seen()
os.kill(handle.pid, signal.SIGKILL)
os.waitpid(handle.pid, 0)
handle = server.start(place / "state", temporary=True)
client = client_factory(handle)
found |= {"kept": seen() == known, "names": [[name for name in names if not name.startswith("last-")] for names in seen().values()]}
handle.stop()
print(json.dumps(found))
"""


@pytest.mark.nightly  # its own local AWS and file system
def test_a_disk_that_fills_up_under_way(tmp_path):
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode:
        pytest.skip("needs a kernel that lets users make mount namespaces, for a disk of 32 MB, until 2027-05-24")
    command = f'mount -t tmpfs -o size=32m tmpfs {tmp_path} && {sys.executable} -c "$SCRIPT" {tmp_path}'
    environment = {**os.environ, "SCRIPT": SCRIPT, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(["unshare", "-rm", "sh", "-c", command], env=environment, capture_output=True, text=True, timeout=240)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    services = set(found["free"])
    assert found["free"] == found["again"] == dict.fromkeys(services, "made")
    for service, message in found["full"].items():
        assert "space" in message or "full" in message, (service, message)
    assert found["full_seen"] and found["kept"]
    assert found["names"] == [["after", "before"]] * len(services)
