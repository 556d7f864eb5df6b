"""What hosting asks Application Auto Scaling about variants and inference components."""

from __future__ import annotations

import json
from typing import Protocol

from course.localaws.core.errors import invalid


class ScalableTargetLookup(Protocol):
    """The scalable targets of Application Auto Scaling."""

    def scales(self, region: str, endpoint: str, variant: str) -> bool:
        """Whether a variant is a scalable target."""

    def forget(self, region: str, resource: str) -> None:
        """Deregister all targets of an ``endpoint/<name>`` or ``inference-component/<name>`` that is deleted."""


def check_leaving(targets: ScalableTargetLookup | None, region: str, present: dict, variants: list[dict]) -> None:
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
    leaving = [name for name in changing if targets is not None and targets.scales(region, present["EndpointName"], name)]
    if leaving:
        raise invalid(
            f'The variant(s) "{json.dumps(leaving)}" must be deregistered as scalable targets with AWS Auto Scaling before they can be '
            "removed or have their instance type updated."
        )
