"""The messy account of m14_1: builds it, lists what is in it, and takes it down."""

import random
from typing import Any

from course.exercises import messy_account
from course.exercises.messy_account import Builder, MessyAccount

_built: list[tuple[Builder, MessyAccount]] = []


def folder(prefix: str) -> str:
    """Where the objects of an account are in its bucket."""
    return f"m14_1/{prefix}/"


def build(aws: Any, prefix: str, seed: int) -> None:
    """Build a messy account whose resources' names begin with ``prefix``."""
    builder = Builder(aws.client, aws.role, aws.image("xgboost", "3.0-5"))
    _built.append((builder, builder.built(prefix, aws.bucket, folder(prefix), random.Random(seed))))


def remove(aws: Any) -> None:
    """Delete what is left of all accounts that were built."""
    for builder, account in _built:
        builder.remove(account)
    _built.clear()


def listed(aws: Any, prefix: str) -> str:
    """What there is, as a text."""
    found = {
        "endpoints": endpoints(aws, prefix),
        "training jobs": training_jobs(aws, prefix),
        "NAT gateways": gateways(aws, prefix),
        "secrets": [each["Name"] for each in secrets(aws, prefix)],
        "unfinished uploads": [each["Key"] for each in uploads(aws, aws.bucket, folder(prefix))],
    }
    return "\n".join(f"{kind}: {', '.join(names)}" for kind, names in found.items())


def endpoints(aws: Any, prefix: str) -> list[str]:
    """The names of all endpoints that have ``prefix`` in their names."""
    pages = aws.client("sagemaker").get_paginator("list_endpoints").paginate(NameContains=prefix)
    return [each["EndpointName"] for page in pages for each in page["Endpoints"]]


def training_jobs(aws: Any, prefix: str) -> list[str]:
    """The names of all training jobs that have ``prefix`` in their names."""
    pages = aws.client("sagemaker").get_paginator("list_training_jobs").paginate(NameContains=prefix)
    return [each["TrainingJobName"] for page in pages for each in page["TrainingJobSummaries"]]


def gateways(aws: Any, prefix: str) -> list[str]:
    """The ids of the NAT gateways that are available and named ``prefix``."""
    filters = {"tag:Name": [prefix], "state": ["available"]}
    asked = [{"Name": name, "Values": values} for name, values in filters.items()]
    found = aws.client("ec2").describe_nat_gateways(Filter=asked)["NatGateways"]
    return [each["NatGatewayId"] for each in found]


def routes_to(aws: Any, gateway: str) -> list[str]:
    """The ids of the route tables with a route to a NAT gateway."""
    asked = [{"Name": "route.nat-gateway-id", "Values": [gateway]}]
    found = aws.client("ec2").describe_route_tables(Filters=asked)["RouteTables"]
    return [each["RouteTableId"] for each in found]


def secrets(aws: Any, prefix: str) -> list[dict]:
    """The secrets whose names begin with ``prefix``, as ListSecrets describes them."""
    asked = [{"Key": "name", "Values": [prefix]}]
    pages = aws.client("secretsmanager").get_paginator("list_secrets").paginate(Filters=asked)
    return [each for page in pages for each in page["SecretList"]]


def uploads(aws: Any, bucket: str, prefix: str) -> list[dict]:
    """The unfinished uploads below a prefix of a bucket, with ``Key`` and ``UploadId``."""
    pages = aws.client("s3").get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
    return [each for page in pages for each in page.get("Uploads", ())]


def invocations(aws: Any, endpoint: dict, variant: str) -> float:
    """How often a variant of an endpoint was asked since the endpoint was made. ``endpoint`` is what DescribeEndpoint returns."""
    return messy_account.invocations(aws.client, endpoint, variant)
