"""What CloudWatch knows of its alarms when a caller's policies are checked: their tags."""

from __future__ import annotations

from course.localaws.cloudwatch.alarms.store import AlarmStore
from course.localaws.iam.service_authorization.permissions import ServiceRecords


def records(store: AlarmStore) -> ServiceRecords:
    """The records for `ServicePermissions`."""

    def tags(arn: str) -> dict[str, str] | None:
        _, _, _, region, _, kind, *name = arn.split(":", 6)
        return {tag["Key"]: tag["Value"] for tag in store.tags(region, name[0])} if kind == "alarm" and name else None

    return ServiceRecords(tags=tags)
