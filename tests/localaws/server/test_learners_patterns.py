"""Patterns that a learner sends, of every kind that a service matches with: none keeps the local AWS from answering."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from course.localaws.server import launch
from tests import by_day
from tests.localaws.boto_clients import client_factory, session_with_keys
from tests.localaws.sagemaker.job_fixtures import JobFixtures

BACKTRACKS = "(a+)+!"
STARS = "*".join("a" * 100) + "*!"
NAME = "a" * 60
ROLE = "SageMakerRole"


@pytest.fixture(scope="module")
def aws(tmp_path_factory) -> Iterator[JobFixtures]:
    handle = launch.start(tmp_path_factory.mktemp("patterns") / "state")
    one = JobFixtures(handle, "")
    client = client_factory(handle)
    columns = {"Columns": [{"Name": "c", "Type": "string"}], "Location": "s3://b/t/"}
    client("glue").create_database(DatabaseInput={"Name": "d"})
    table = {"Name": NAME, "StorageDescriptor": columns, "PartitionKeys": [{"Name": "k", "Type": "string"}]}
    client("glue").create_table(DatabaseName="d", TableInput=table)
    client("glue").create_partition(DatabaseName="d", TableName=NAME, PartitionInput={"Values": ["a" * 500], "StorageDescriptor": columns})
    client("sqs").create_queue(QueueName=NAME)
    client("ec2").create_security_group(GroupName="g", Description="a" * 200)
    client("logs").create_log_group(logGroupName="g")
    client("logs").create_log_stream(logGroupName="g", logStreamName="s")
    event = {"timestamp": int(time.time() * 1000), "message": json.dumps({"m": "a" * 5000})}
    client("logs").put_log_events(logGroupName="g", logStreamName="s", logEvents=[event])
    yield one
    handle.stop()


def simulate(client: Callable) -> dict:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{STARS}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return client("iam").simulate_custom_policy(
        PolicyInputList=[policy], ActionNames=["s3:GetObject"], ResourceArns=[f"arn:aws:s3:::{'a' * 1000}"]
    )


def simulate_much(client: Callable) -> dict:
    """Four hundred resources, each compared with a hundred patterns in which a * moves before a thousand ?: minutes, if it went on."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"arn:aws:s3:::*{'?' * 1000}b{each}" for each in range(100)]}
    return client("iam").simulate_custom_policy(
        PolicyInputList=[json.dumps({"Version": "2012-10-17", "Statement": [statement]})],
        ActionNames=["s3:GetObject"],
        ResourceArns=[f"arn:aws:s3:::{'a' * 2000}{each}" for each in range(400)],
    )


def event_pattern(client: Callable) -> dict:
    event = {"id": "1", "account": "1", "source": "s", "time": "2026-11-28T00:00:00Z", "region": "r", "resources": [], "detail-type": "t"}
    event["detail"] = {"text": "a" * 50_000}
    return client("events").test_event_pattern(
        EventPattern=json.dumps({"detail": {"text": [{"wildcard": STARS}]}}), Event=json.dumps(event)
    )


ASKED: dict[str, Callable[[Callable], object]] = {
    "athena": lambda client: client("athena").list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="d", Expression=BACKTRACKS),
    "glue": lambda client: client("glue").get_tables(DatabaseName="d", Expression=BACKTRACKS),
    "glue's stars": lambda client: client("glue").get_tables(DatabaseName="d", Expression=STARS),
    "glue's partitions": lambda client: client("glue").get_partitions(
        DatabaseName="d", TableName=NAME, Expression=f"k LIKE '{STARS.replace('*', '%')}'"
    ),
    "queues": lambda client: client("sqs").list_queues(QueueNamePrefix=BACKTRACKS),
    "security groups": lambda client: client("ec2").describe_security_groups(Filters=[{"Name": "description", "Values": [BACKTRACKS]}]),
    "tags": lambda client: client("ec2").describe_instances(Filters=[{"Name": "tag:a", "Values": [STARS]}]),
    "logs": lambda client: client("logs").filter_log_events(logGroupName="g", filterPattern=f'{{ $.m = "{STARS}" }}'),
    "policy": simulate,
    "policy of many": simulate_much,
    "event": event_pattern,
}


AT_NIGHT = ("glue's stars", "glue", "queues", "tags")  # the others of their services run by day; most cost a second of processor time


@pytest.mark.parametrize("service", [pytest.param(name, marks=pytest.mark.nightly if name in AT_NIGHT else ()) for name in ASKED])
def test_it_answers_and_goes_on(aws: JobFixtures, service: str) -> None:
    make = client_factory(aws.handle)

    def client(name: str):
        return make(name, config=Config(read_timeout=60))

    try:
        ASKED[service](client)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert "takes more than" in error.response["Error"]["Message"]
    assert client("sqs").list_queues()["QueueUrls"]


def test_simulations_that_wait_do_not_delay_the_grader(aws: JobFixtures) -> None:
    """The flood's simulations are stopped one after the other; the grader's does not wait for them."""
    flood, answered = 8, []
    keys = aws.handle.issue("arn:aws:iam::123456789012:root", unlimited=True)
    session = session_with_keys(keys.principal.access_key, keys.secret, keys.token)

    def graders(service: str):
        return session.client(service, endpoint_url=aws.handle.endpoint)

    def one() -> None:
        make = client_factory(aws.handle)
        with pytest.raises(ClientError, match="takes more than"):
            simulate_much(lambda name: make(name, config=Config(read_timeout=600)))
        answered.append(1)

    with ThreadPoolExecutor(flood) as threads:
        under_way = [threads.submit(one) for _ in range(flood)]
        while not answered:
            time.sleep(0.01)
        decided = simulate(graders)["EvaluationResults"][0]["EvalDecision"]
        roles = graders("iam").list_roles()["Roles"]
        before = len(answered)
        for each in under_way:
            each.result()
    assert decided == "implicitDeny" and roles and before < flood


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ResourceArns": ["a" * 2049]}, "less than or equal to 2048"),
        ({"ActionNames": ["s3:" + "a" * 126]}, "less than or equal to 128"),
        ({"PolicyInputList": ["x" * 131_073]}, "less than or equal to 131072"),
        ({"ActionNames": ["s3:GetObject"] * 1000, "ResourceArns": ["*"] * 11}, "asks for 11,000 results"),
        ({"PolicyInputList": ["[" * 100_000]}, "not JSON"),
    ],
)
def test_a_simulation_has_the_limits_of_aws(aws: JobFixtures, changed: dict, said: str) -> None:
    request = {"PolicyInputList": ['{"Version": "2012-10-17", "Statement": []}'], "ActionNames": ["s3:GetObject"]}
    client = client_factory(aws.handle)("iam", config=Config(parameter_validation=False))
    with pytest.raises(ClientError, match=said) as caught:
        client.simulate_custom_policy(**request | changed)
    assert caught.value.response["Error"]["Code"] == "InvalidInput"


# Each costs a second of processor time, and a job, so most run at night.
@pytest.mark.parametrize("regex", by_day.first(["^(a+)+$", "(.*a){25}b", r"(?=(a+)+!)(\d)"], 1))
def test_metric_definitions_do_not_delay_a_job(aws: JobFixtures, regex: str) -> None:
    metrics = [{"Name": "slow", "Regex": regex}, {"Name": "loss", "Regex": r"loss=(\S+?);"}]
    code = "head -c 3000 /dev/zero | tr '\\0' a; echo ' loss=0.5;'; echo 'loss=0.25;'"
    name = aws.train(aws.name("metrics"), entrypoint=["/bin/sh", "-c", code], metrics=metrics)
    client_factory(aws.handle)("sqs", config=Config(read_timeout=60)).list_queues()
    job = aws.trained(name)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [(metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]] == [("loss", 0.25)]
    assert any("The metric slow is not read any more" in line for line in aws.lines(name))
