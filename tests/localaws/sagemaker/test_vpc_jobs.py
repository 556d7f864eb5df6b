"""Jobs and endpoints in a VPC: they reach S3 and AWS's APIs only by an endpoint or a NAT gateway, and by the endpoint's policy."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.localaws.sagemaker.conftest import MODES
from tests.localaws.sagemaker.job_fixtures import BUCKET, ROLE, SKLEARN, JobFixtures, targz
from tests.localaws.sagemaker.vpc_fixtures import Vpc

SAVE = "open('/opt/ml/model/m', 'w').close()"
NO_PATH = "Please ensure that the subnet's route table has a route to an S3 VPC endpoint or a NAT device"
pytestmark = pytest.mark.parametrize("aws", [MODES[0]], indirect=True, scope="session")  # a closed network needs namespaces

ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
# Asks STS who it is, and connects to a server on this machine, which stands for the internet.
ASK = """
import boto3, socket
from botocore.exceptions import ConnectTimeoutError
try:
    print("caller", boto3.client("sts").get_caller_identity()["Arn"])
except ConnectTimeoutError as error:
    print("timed out", error)
try:
    socket.create_connection(("127.0.0.1", PORT), timeout=2).close()
    print("open")
except OSError as error:
    print("closed", type(error).__name__)
open("/opt/ml/model/m", "w").close()
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The port of a server on this machine's loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield str(listening.getsockname()[1])


@pytest.fixture
def vpc(aws: JobFixtures) -> Vpc:
    return Vpc(aws)


def channel(aws: JobFixtures) -> list[dict]:
    aws.put("vpc/data.csv", "1,2")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/vpc/"}
    return [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]


def trained(aws: JobFixtures, vpc: Vpc, code: str = SAVE, **changes: object) -> dict:
    return aws.trained(aws.script(code, VpcConfig=vpc.config, **changes))


def test_without_a_way_to_s3_the_data_is_not_found(aws: JobFixtures, vpc: Vpc) -> None:
    job = trained(aws, vpc, InputDataConfig=channel(aws))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"ClientError: Data download failed:{NO_PATH}")
    assert vpc.subnet in job["FailureReason"]


@pytest.mark.parametrize("way", ["s3_endpoint", "nat"])
def test_by_a_gateway_endpoint_or_a_nat_gateway(aws: JobFixtures, vpc: Vpc, way: str) -> None:
    getattr(vpc, way)()
    job = trained(aws, vpc, InputDataConfig=channel(aws))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")


def test_a_security_group_must_let_https_out(aws: JobFixtures, vpc: Vpc) -> None:
    vpc.s3_endpoint()
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    vpc.ec2.revoke_security_group_egress(GroupId=vpc.group, IpPermissions=[everything])
    assert NO_PATH in trained(aws, vpc, InputDataConfig=channel(aws))["FailureReason"]
    [listed] = [
        each["PrefixListId"]
        for each in vpc.ec2.describe_managed_prefix_lists()["PrefixLists"]
        if each["PrefixListName"] == "com.amazonaws.us-east-1.s3"
    ]
    to_s3 = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": listed}]}
    vpc.ec2.authorize_security_group_egress(GroupId=vpc.group, IpPermissions=[to_s3])
    assert trained(aws, vpc, InputDataConfig=channel(aws))["TrainingJobStatus"] == "Completed"


def test_the_endpoints_policy_limits_the_job(aws: JobFixtures, vpc: Vpc) -> None:
    vpc.s3_endpoint({**ANYBODY, "Action": ["s3:ListBucket", "s3:GetObject"]})
    job = trained(aws, vpc, InputDataConfig=channel(aws))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Artifact upload failed:")


def test_a_bucket_that_admits_one_endpoint_only(aws: JobFixtures, vpc: Vpc) -> None:
    endpoint, bucket = vpc.s3_endpoint(), aws.name("vpc-only")
    aws.s3.create_bucket(Bucket=bucket)
    aws.s3.put_object(Bucket=bucket, Key="in/a", Body=b"1")
    only = {"StringNotEquals": {"aws:SourceVpce": endpoint}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": only}
    aws.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/in/"}
    data = [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}]
    assert trained(aws, vpc, InputDataConfig=data)["TrainingJobStatus"] == "Completed"
    outside = aws.trained(aws.script(SAVE, InputDataConfig=data))
    assert outside["TrainingJobStatus"] == "Failed" and "AccessDenied" in outside["FailureReason"]


def test_an_api_without_a_way_times_out_and_the_internet_is_closed(aws: JobFixtures, vpc: Vpc, server: str) -> None:
    vpc.s3_endpoint()
    name = aws.script(ASK.replace("PORT", server), VpcConfig=vpc.config)
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    lines = aws.lines(name)
    assert 'timed out Connect timeout on endpoint URL: "https://sts.us-east-1.amazonaws.com/"' in lines
    assert any(line.startswith("closed") for line in lines)


def test_an_api_by_an_interface_endpoint(aws: JobFixtures, vpc: Vpc, server: str) -> None:
    vpc.s3_endpoint()
    vpc.interface_endpoint("sts")
    name = aws.script(ASK.replace("PORT", server), VpcConfig=vpc.config)
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    assert any(line.startswith("caller arn:aws:sts::123456789012:assumed-role/SageMakerRole/") for line in aws.lines(name))


def test_a_nat_gateway_opens_the_apis_and_the_internet(aws: JobFixtures, vpc: Vpc, server: str) -> None:
    vpc.nat()
    name = aws.script(ASK.replace("PORT", server), VpcConfig=vpc.config)
    assert aws.trained(name)["TrainingJobStatus"] == "Completed"
    assert "open" in aws.lines(name) and any(line.startswith("caller arn") for line in aws.lines(name))


def test_a_processing_job(aws: JobFixtures, vpc: Vpc) -> None:
    network = {"NetworkConfig": {"VpcConfig": vpc.config}}
    job = aws.processed(aws.process("print('runs')", **network))
    assert job["ProcessingJobStatus"] == "Failed" and NO_PATH in job["FailureReason"]
    vpc.s3_endpoint()
    assert aws.processed(aws.process("print('runs')", **network))["ProcessingJobStatus"] == "Completed"


SERVE = """
import socket
def model_fn(folder):
    return None
def input_fn(body, kind):
    return body
def predict_fn(body, model):
    try:
        socket.create_connection(("127.0.0.1", PORT), timeout=1).close()
        return "open"
    except OSError:
        return "closed"
def output_fn(answer, kind):
    return answer
"""


@contextmanager
def deployed(aws: JobFixtures, server: str, **members: object) -> Iterator[tuple[str, dict]]:
    """The name and the final description of an endpoint whose model has these members. It is deleted at the end."""
    name = aws.name("vpc-endpoint")
    archive = aws.put(f"models/{name}/model.tar.gz", targz({"code/inference.py": SERVE.replace("PORT", server)}))
    variables = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
    container = {"Image": SKLEARN, "ModelDataUrl": archive, "Environment": variables}
    aws.sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, **members)
    variant = {"VariantName": "all", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    aws.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    try:
        yield (
            name,
            aws.until(
                lambda: aws.sagemaker.describe_endpoint(EndpointName=name),
                lambda found: found["EndpointStatus"] in ("InService", "Failed"),
            ),
        )
    finally:
        aws.sagemaker.delete_endpoint(EndpointName=name)
        aws.until(lambda: list((aws.handle.state / "boxes").glob("endpoint.*")), lambda left: not left)


def asked(aws: JobFixtures, name: str) -> str:
    return aws.client("sagemaker-runtime").invoke_endpoint(EndpointName=name, ContentType="text/plain", Body=b"x")["Body"].read().decode()


def test_an_endpoint_in_a_vpc(aws: JobFixtures, vpc: Vpc, server: str) -> None:
    with deployed(aws, server, VpcConfig=vpc.config) as (_, failed):
        assert failed["EndpointStatus"] == "Failed"
        assert "Please ensure that an S3 VPC endpoint exists in route table or NAT gateway for the VPC mode" in failed["FailureReason"]
    vpc.s3_endpoint()
    with deployed(aws, server, VpcConfig=vpc.config) as (name, described):
        assert described["EndpointStatus"] == "InService", described.get("FailureReason")
        assert asked(aws, name) == "closed"


@pytest.mark.parametrize(("members", "network"), [({"EnableNetworkIsolation": True}, "closed"), ({}, "open")])
def test_a_model_with_network_isolation(aws: JobFixtures, server: str, members: dict, network: str) -> None:
    with deployed(aws, server, **members) as (name, described):
        assert described["EndpointStatus"] == "InService", described.get("FailureReason")
        assert asked(aws, name) == network
