"""m14_1: an account in which some things are used, and others were forgotten and cost money.

The names say nothing. What is used can only be seen in what AWS recorded of it: metrics, statuses, routes and dates.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from course.grading.model_archives import constant

WORDS = ("alder", "birch", "cedar", "elm", "fir", "hazel", "juniper", "larch", "maple", "oak", "pine", "rowan", "spruce", "willow", "yew")
ROW = "1,2"  # what the endpoints are asked
KEPT = 3600  # seconds for which a warm pool is kept
SLOW, LOOK_EVERY = 120, 0.2  # seconds
WAIT = {"Delay": 1, "MaxAttempts": 900}

Client = Callable[[str], Any]


@dataclass
class MessyAccount:
    """The resources of one messy account.

    Attributes
    ----------
    prefix : str
        With which the names of its resources begin.
    bucket : str
    folder : str
        Where its objects are in the bucket; ends with a slash.
    endpoints : dict
        Name -> whether it is used. So for all others.
    gateways : dict
        Id of a NAT gateway.
    secrets : dict
        Name.
    jobs : dict
        Name of a training job; ``True`` if it keeps no warm pool.
    uploads : dict
        Id of an unfinished upload; all are forgotten.
    networks : list
        Of each VPC: its id, its subnet, and its route tables.
    addresses : list
        The allocation ids of the gateways' elastic IP addresses.
    """

    prefix: str
    bucket: str
    folder: str
    endpoints: dict[str, bool] = field(default_factory=dict)
    gateways: dict[str, bool] = field(default_factory=dict)
    secrets: dict[str, bool] = field(default_factory=dict)
    jobs: dict[str, bool] = field(default_factory=dict)
    uploads: dict[str, bool] = field(default_factory=dict)
    networks: list[tuple[str, str, list[str]]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


def invocations(client: Client, endpoint: dict[str, Any], variant: str) -> float:
    """How often a variant of an endpoint was asked since the endpoint was made. ``endpoint`` is what DescribeEndpoint returns."""
    names, made = {"EndpointName": endpoint["EndpointName"], "VariantName": variant}, endpoint["CreationTime"]
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[{"Name": name, "Value": value} for name, value in names.items()],
        StartTime=made - timedelta(hours=1),
        EndTime=made + timedelta(days=400),
        Period=86_400,
        Statistics=["Sum"],
    )
    return sum(point["Sum"] for point in found["Datapoints"])


class Builder:
    """Builds a `MessyAccount`, and takes it down.

    Parameters
    ----------
    client : callable
        Makes a boto3 client of a service.
    role : str
        ARN of the execution role.
    image : str
        URI of the XGBoost image.
    """

    def __init__(self, client: Client, role: str, image: str) -> None:
        self._client, self._role, self._image = client, role, image
        self._variants: dict[str, tuple[str, ...]] = {}  # of each endpoint; the last one is asked

    def built(self, prefix: str, bucket: str, folder: str, rng: random.Random) -> MessyAccount:
        """Build an account. It takes some seconds: three endpoints and two training jobs start."""
        account = self.begun(prefix, bucket, folder, rng)
        self.wait(account, rng)
        return account

    def begun(self, prefix: str, bucket: str, folder: str, rng: random.Random) -> MessyAccount:
        """As `built`, but endpoints and jobs are starting: `wait` waits for them."""
        account, names = MessyAccount(prefix, bucket, folder), self._names(prefix, rng)
        archive = self._objects(account, rng)
        for variants in rng.sample((("Live",), ("Old", "New"), ()), 3):
            self._endpoint(account, next(names), archive, variants)
        self._job(account, next(names), rng.randint(5, 100), KEPT)
        self._job(account, next(names), rng.randint(101, 200), 0)
        for used in rng.sample((True, False, False), 3):
            self._secret(account, next(names), used)
        self._network(account, rng.sample((True, False), 2))
        for number in range(2):
            self._upload(account, f"{folder}part-{number}.csv")
        return account

    def neighbour(self, prefix: str, bucket: str, folder: str, rng: random.Random) -> MessyAccount:
        """Begin an account in which nothing is used, one resource of each kind. `wait` waits for it."""
        account = self.small(prefix, bucket, folder, rng)
        names = (name for name in self._names(prefix, rng) if name not in account.secrets)
        self._endpoint(account, next(names), self._objects(account, rng), ())
        self._job(account, next(names), rng.randint(201, 300), KEPT)
        return account

    def small(self, prefix: str, bucket: str, folder: str, rng: random.Random) -> MessyAccount:
        """An account in which nothing is used, with a secret, a NAT gateway and an upload. It takes no time to build."""
        account = MessyAccount(prefix, bucket, folder)
        self._secret(account, next(self._names(prefix, rng)), used=False)
        self._network(account, [False])
        self._upload(account, f"{folder}part.csv")
        return account

    def wait(self, account: MessyAccount, rng: random.Random) -> None:
        """Wait until endpoints and jobs are ready, ask the used endpoints, and wait until their metrics show it."""
        sagemaker = self._client("sagemaker")
        for name in account.endpoints:
            sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig=WAIT)
        for name in account.jobs:
            sagemaker.get_waiter("training_job_completed_or_stopped").wait(TrainingJobName=name, WaiterConfig=WAIT)
        for name in [name for name, used in account.endpoints.items() if used]:
            for _ in range(rng.randint(1, 3)):
                self.answer(name)
            self._until_seen(name)

    def _names(self, prefix: str, rng: random.Random) -> Iterator[str]:
        return (f"{prefix}-{word}" for word in rng.sample(WORDS, len(WORDS)))

    def _objects(self, account: MessyAccount, rng: random.Random) -> str:
        """Store what models and jobs read. Returns the URI of the model's archive."""
        bodies = {"model.tar.gz": constant(rng.uniform(0.2, 0.8)), "train.csv": b"0,1,2\n1,2,3\n0,1,1\n1,3,3\n"}
        for name, body in bodies.items():
            self._client("s3").put_object(Bucket=account.bucket, Key=f"{account.folder}{name}", Body=body)
        return f"s3://{account.bucket}/{account.folder}model.tar.gz"

    def _endpoint(self, account: MessyAccount, name: str, archive: str, variants: tuple[str, ...]) -> None:
        """An endpoint with these variants, or an unused one. Only the last variant is asked, so that the first of two looks idle."""
        sagemaker = self._client("sagemaker")
        container = {"Image": self._image, "ModelDataUrl": archive}
        sagemaker.create_model(ModelName=name, ExecutionRoleArn=self._role, PrimaryContainer=container)
        running = [
            {"VariantName": variant, "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
            for variant in variants or ("Live",)
        ]
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=running)
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        account.endpoints[name] = bool(variants)
        self._variants[name] = variants or ("Live",)

    def _job(self, account: MessyAccount, name: str, volume: int, kept: int) -> None:
        """A training job that ends at once. It keeps a warm pool for ``kept`` seconds. A job takes over the pool of another one if they are
        alike, so each has a storage ``volume`` of its own size, in gigabytes."""
        more = {"KeepAlivePeriodInSeconds": kept} if kept else {}
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{account.bucket}/{account.folder}train.csv"}
        self._client("sagemaker").create_training_job(
            TrainingJobName=name,
            RoleArn=self._role,
            AlgorithmSpecification={"TrainingImage": self._image, "TrainingInputMode": "File"},
            HyperParameters={"objective": "binary:logistic", "num_round": "1"},
            InputDataConfig=[{"ChannelName": "train", "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}],
            OutputDataConfig={"S3OutputPath": f"s3://{account.bucket}/{account.folder}"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": volume} | more,
            StoppingCondition={"MaxRuntimeInSeconds": 600},
        )
        account.jobs[name] = not kept

    def _secret(self, account: MessyAccount, name: str, used: bool) -> None:
        secrets = self._client("secretsmanager")
        secrets.create_secret(Name=name, SecretString="a password")
        if used:
            secrets.get_secret_value(SecretId=name)
        account.secrets[name] = used

    def _network(self, account: MessyAccount, uses: list[bool]) -> None:
        """A VPC with NAT gateways. A route leads to a used one; in the table of the other there is none any more."""
        ec2 = self._client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/26")["Subnet"]["SubnetId"]
        tables = []
        for used in uses:
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            account.addresses.append(address)
            tags = [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": account.prefix}]}]
            made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, TagSpecifications=tags)
            gateway = made["NatGateway"]["NatGatewayId"]
            table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
            if used:
                ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
            tables.append(table)
            account.gateways[gateway] = used
        account.networks.append((vpc, subnet, tables))

    def _upload(self, account: MessyAccount, key: str) -> None:
        s3 = self._client("s3")
        upload = s3.create_multipart_upload(Bucket=account.bucket, Key=key)["UploadId"]
        s3.upload_part(Bucket=account.bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"0,1\n" * 1000)
        account.uploads[upload] = False

    def variants(self, endpoint: str) -> tuple[str, ...]:
        """The names of an endpoint's variants. Of a used endpoint, only the last one is asked."""
        return self._variants[endpoint]

    def answer(self, endpoint: str) -> float:
        """What an endpoint answers. Raises ClientError if there is no such endpoint."""
        runtime = self._client("sagemaker-runtime")
        asked = {"EndpointName": endpoint, "TargetVariant": self._variants[endpoint][-1], "ContentType": "text/csv", "Body": ROW}
        return float(runtime.invoke_endpoint(**asked)["Body"].read())

    def _until_seen(self, endpoint: str) -> None:
        described = self._client("sagemaker").describe_endpoint(EndpointName=endpoint)
        until = time.monotonic() + SLOW
        while time.monotonic() < until and not invocations(self._client, described, self._variants[endpoint][-1]):
            time.sleep(LOOK_EVERY)

    def remove(self, account: MessyAccount) -> None:
        """Delete what is left of an account."""
        sagemaker, ec2, s3 = self._client("sagemaker"), self._client("ec2"), self._client("s3")
        steps: list[tuple[Callable[..., Any], dict]] = []
        for name in account.endpoints:
            steps += [(sagemaker.delete_endpoint, {"EndpointName": name}), (sagemaker.delete_model, {"ModelName": name})]
            steps.append((sagemaker.delete_endpoint_config, {"EndpointConfigName": name}))
        released = {"KeepAlivePeriodInSeconds": 0}
        steps += [(sagemaker.update_training_job, {"TrainingJobName": name, "ResourceConfig": released}) for name in account.jobs]
        for name in account.secrets:
            steps.append((self._client("secretsmanager").delete_secret, {"SecretId": name, "ForceDeleteWithoutRecovery": True}))
        steps += [(ec2.delete_nat_gateway, {"NatGatewayId": each}) for each in account.gateways]
        steps += [(ec2.release_address, {"AllocationId": each}) for each in account.addresses]
        for vpc, subnet, tables in account.networks:
            steps += [(ec2.delete_route_table, {"RouteTableId": each}) for each in tables]
            steps += [(ec2.delete_subnet, {"SubnetId": subnet}), (ec2.delete_vpc, {"VpcId": vpc})]
        for call, parameters in steps:
            with contextlib.suppress(ClientError):
                call(**parameters)
        below = {"Bucket": account.bucket, "Prefix": account.folder}
        for upload in s3.list_multipart_uploads(**below).get("Uploads", ()):
            s3.abort_multipart_upload(Bucket=account.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        for stored in s3.list_objects_v2(**below).get("Contents", ()):
            s3.delete_object(Bucket=account.bucket, Key=stored["Key"])
