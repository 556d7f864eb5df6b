"""What Application Auto Scaling knows of its scalable targets when a caller's policies are checked: their ARNs and tags."""

from __future__ import annotations

from course.localaws.autoscaling.store import TARGET, ScalingStore, target_key
from course.localaws.core.call import AwsRequest
from course.localaws.iam.service_authorization.permissions import ServiceRecords

_OF_TARGETS = (
    *("DeleteScalingPolicy", "DeleteScheduledAction", "DeregisterScalableTarget"),
    *("PutScalingPolicy", "PutScheduledAction", "RegisterScalableTarget"),
)


def records(store: ScalingStore) -> ServiceRecords:
    """The records for `ServicePermissions`. A target that is not registered yet is asked on ``scalable-target/*``."""

    def resources(call: AwsRequest, params: dict) -> list[str] | None:
        if call.operation not in _OF_TARGETS or not {"ResourceId", "ScalableDimension"} <= params.keys():
            return None
        target = store.get(call.region, TARGET, target_key(params))
        return [target["ScalableTargetARN"]] if target else None

    def tags(arn: str) -> dict[str, str] | None:
        region = arn.split(":")[3]
        return next((target.get("_Tags", {}) for _, target in store.every(TARGET, region) if target["ScalableTargetARN"] == arn), {})

    return ServiceRecords(resources=resources, tags=tags)
