"""Endpoint variants for Application Auto Scaling: the capacity of ``endpoint/<name>/variant/<name>`` is its number of instances.

The capacity of a serverless variant is its provisioned concurrency.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from course.localaws.autoscaling.dimensions import PROVISIONED
from course.localaws.context import Context, Operation
from course.localaws.core.errors import AwsError, invalid

if TYPE_CHECKING:
    from course.localaws.autoscaling.scalable import ScalableTargetLookup
    from course.localaws.platform import Platform

LEAST = 1  # "Minimum instance count is required to be 1 or higher"; asynchronous endpoints may have 0
LONGEST_SECONDS = 600.0


class ScalableVariants:
    """A `Scalable` that changes variants by ``update``, which is UpdateEndpointWeightsAndCapacities.

    ``find`` returns the document of an endpoint by name, or None.
    """

    def __init__(self, platform: Platform, find: Callable[[Context, str], dict | None], update: Operation) -> None:
        self._platform, self._find, self._update = platform, find, update

    def capacity(self, region: str, resource: str, dimension: str) -> int | None:
        _, endpoint, _, name = resource.split("/")
        document = self._document(region, endpoint) or {"_Variants": []}
        variant = next((found for found in document["_Variants"] if found["VariantName"] == name), {})
        if dimension == PROVISIONED:
            return variant.get("Serverless", {}).get("ProvisionedConcurrency")
        return None if "Serverless" in variant else variant.get("InstanceCount")

    def is_locked(self, region: str, resource: str, dimension: str) -> bool:
        document = self._document(region, resource.split("/")[1])
        return document is not None and document["EndpointStatus"] != "InService"

    def least(self, region: str, resource: str, dimension: str) -> int:
        document = self._document(region, resource.split("/")[1])
        return 0 if document and document["_Settings"].get("Async") else LEAST

    def set_capacity(self, region: str, resource: str, dimension: str, capacity: int) -> None:
        """Raises ``ValidationException`` when the endpoint cannot be changed now, ``InternalFailure`` when the change was undone."""
        _, endpoint, _, variant = resource.split("/")
        wanted: dict = {"DesiredInstanceCount": capacity}
        if dimension == PROVISIONED:
            wanted = {"ServerlessUpdateConfig": {"ProvisionedConcurrency": capacity}}
        params = {"EndpointName": endpoint, "DesiredWeightsAndCapacities": [{"VariantName": variant, **wanted}]}
        self._update(self._context(region), params)
        document = wait_for_update(self._platform, lambda: self._document(region, endpoint), "EndpointStatus")
        if self.capacity(region, resource, dimension) != capacity:
            raise AwsError("InternalFailure", (document or {}).get("FailureReason", f"Endpoint {endpoint} is gone."))

    def _document(self, region: str, endpoint: str) -> dict | None:
        return self._find(self._context(region), endpoint)

    def _context(self, region: str) -> Context:
        return Context(region, self._platform.account, self._platform)


def wait_for_update(platform: Platform, look: Callable[[], dict | None], status: str) -> dict | None:
    """Wait until a document is no longer ``Updating``; None when it is gone. Raises `AwsError` when the local AWS ends meanwhile."""
    limit = time.monotonic() + LONGEST_SECONDS
    while (document := look()) and document[status] == "Updating" and time.monotonic() < limit:
        if platform.scheduler.stopping:
            raise AwsError("InternalFailure", "The local AWS ended meanwhile.")
        time.sleep(0.05)
    return document


def check_leaving(targets: ScalableTargetLookup, region: str, present: dict, variants: list[dict]) -> None:
    """Check the update of an endpoint, with the document ``present``, to new variants.

    Wording: https://github.com/hashicorp/terraform-provider-aws/issues/14337

    Raises
    ------
    AwsError
        ``ValidationException`` when a scalable target would be removed or get another instance type.
    """
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in variants}
    changing = [
        variant["VariantName"] for variant in present["_Variants"] if types.get(variant["VariantName"], "") != variant.get("InstanceType")
    ]
    leaving = [name for name in changing if targets.scales(region, present["EndpointName"], name)]
    if leaving:
        raise invalid(
            f'The variant(s) "{json.dumps(leaving)}" must be deregistered as scalable targets with AWS Auto Scaling before they can be '
            "removed or have their instance type updated."
        )
