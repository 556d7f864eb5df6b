"""Meters what moto keeps: NAT gateways and interface endpoints of VPCs by the hour, and the images of ECR.

Matches AWS ("Amazon VPC pricing", "AWS PrivateLink pricing", "Amazon ECR pricing"): an interface endpoint costs in each of its subnets, a
gateway endpoint nothing; a repository stores each layer once. Differs from AWS: part of an hour is billed as such, not as an hour; data
through gateways and endpoints is not metered, since it is not known what programs send; an image has only the layer that was built
here, uncompressed, without its base image.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from course.localaws.billing.usage import GIGABYTE, Item, UsageStore
from course.localaws.cloudtrail.event_types import is_read
from course.localaws.core import json_text
from course.localaws.ec2 import records
from course.localaws.moto.own_records import backends_of, records_of
from course.localaws.moto.records import MotoRecords

GATEWAYS, ENDPOINTS, IMAGES = "AmazonEC2", "AmazonVPC", "AmazonECR"
WATCHED = ("ec2", "ecr", "cloudformation")  # a stack may have any of them


def meter(usage: UsageStore, moto: MotoRecords, account: str, rows: Iterable[Mapping]) -> None:
    """Say what all of them hold since the last of the rows of the request log that may have changed it. Waits for moto's thread."""
    changes = [row["time"] for row in rows if row["service"] in WATCHED and row["status"] < 400 and not is_read(row["operation"])]
    if changes:
        with contextlib.suppress(RuntimeError):  # moto has ended; the next start calls `hold`
            moto.run(lambda: hold(usage, account, max(changes)))


# In moto's thread


def hold(usage: UsageStore, account: str, at: float | None = None) -> None:
    """Say what all of them hold since a time in Unix seconds, by default now, and which tags they have."""
    found = _found(account)
    for service, prefix in ((GATEWAYS, "ec2"), (ENDPOINTS, "ec2"), (IMAGES, "ecr")):
        held = {arn: {item: quantity} for arn, item, quantity in found if item.service == service}
        for arn in held:
            usage.tagged(arn, records_of(prefix, account).tags(arn) or {}, at)
        usage.hold_all(service, held, at)


def _found(account: str) -> list[tuple[str, Item, float]]:
    """ARN, item and quantity of each resource."""
    regions = [region for region in backends_of("ec2", account) if region != "aws"]
    networks = [each for region in regions for each in _of_networks(account, region)]
    return networks + [each for region, backend in backends_of("ecr", account).items() for each in _of_images(region, backend)]


def _of_networks(account: str, region: str) -> Iterator[tuple[str, Item, float]]:
    there = records.read(account, region)
    for nat in there.nats.values():
        arn = f"arn:aws:ec2:{region}:{account}:natgateway/{nat.id}"
        yield arn, Item(GATEWAYS, "NatGateway-Hours", "NatGateway", region, arn), 1.0
    for endpoint in there.endpoints.values():
        if not endpoint.is_gateway:
            arn = f"arn:aws:ec2:{region}:{account}:vpc-endpoint/{endpoint.id}"
            yield arn, Item(ENDPOINTS, "VpcEndpoint-Hours", "VpcEndpoint", region, arn), float(max(1, len(endpoint.subnets)))


def _of_images(region: str, backend: Any) -> Iterator[tuple[str, Item, float]]:
    for repository in backend.repositories.values():
        blobs = {digest: size for image in repository.images for digest, size in _blobs(image.image_manifest)}
        item = Item(IMAGES, "TimedStorage-ByteHrs", "", region, repository.arn)
        yield repository.arn, item, sum(blobs.values()) / GIGABYTE


def _blobs(manifest: str) -> list[tuple[str, int]]:
    """Digest and bytes of the configuration and the layers that a manifest names; none if it is another text, which PutImage accepts."""
    try:
        document = json_text.load(manifest)
        return [(str(blob["digest"]), int(blob["size"])) for blob in (document["config"], *document.get("layers", ()))]
    except (ValueError, KeyError, TypeError):
        return []
